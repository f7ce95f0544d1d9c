#!/bin/sh
# SPDX-License-Identifier: MIT
# What the checker costs: each case bare and under it, in turn, and the ratio of the best of each:
# whatever else the machine does can only make a run longer. Printed, never judged. Arguments: the two programs,
# and a library that does nothing.
set -eu
bench=$1
ledger=$2
empty=$3
checker=$top_builddir/.libs/libholdfast-check.so
transactions=${TRANSACTIONS:-2000}
work=$(mktemp -d "${TMPDIR:-/tmp}/holdfast-bench.XXXXXX")
memory=$(mktemp -d /dev/shm/holdfast-bench.XXXXXX)
trap 'rm -rf "$work" "$memory"' EXIT

best() {
	sort -n | head -n 1
}

# in_turn NAME BAR BARE CHECKED: shell commands that print one number; five times each.
in_turn() {
	: >"$work/bare"
	: >"$work/checked"
	for _ in 1 2 3 4 5; do
		sh -c "$3" >>"$work/bare"
		sh -c "$4" >>"$work/checked"
	done
	a=$(best <"$work/bare")
	b=$(best <"$work/checked")
	awk -v n="$1" -v bar="$2" -v a="$a" -v b="$b" \
		'BEGIN { printf "%-44s %12.0f %12.0f   %5.2f   %s\n", n, a, b, b / a, bar }'
}

# With the program's own recording in a file of the folder, findings unprinted.
preload="LD_PRELOAD=$checker HOLDFAST_OPTIONS=stderr=0"

one_case() {
	in_turn "$2" "$3" "'$bench' $1 '$work'" "$preload '$bench' $1 '$work'"
}

# Nanoseconds per transaction of the sqlite3 shell.
cat >"$work/sqlite" <<'END'
rm -f "$1/db" "$1/db-journal"
start=$(date +%s%N)
sqlite3 "$1/db" <"$2"
echo $((($(date +%s%N) - start) / $3))
END
make_sql() {
	echo "$1 CREATE TABLE t (a);"
	i=0
	while [ $i -lt "$transactions" ]; do
		echo "INSERT INTO t VALUES ($i);"
		i=$((i + 1))
	done
}
one_sqlite() {
	in_turn "$1" "$2" "sh '$work/sqlite' '$3' '$4' $transactions" \
		"$preload sh '$work/sqlite' '$3' '$4' $transactions"
}

echo "case                                            bare (ns) checked (ns)   ratio   bar"
one_case open-close "open+close, nothing held" "<= 1.03"
one_case open-close-held "open+close of another file, one lock held" "<= 1.25"
one_case posix-pair "POSIX lock+unlock" "<= 1.8"
in_turn "POSIX lock+unlock, stack_depth=1" "" "'$bench' posix-pair '$work'" \
	"$preload:stack_depth=1 '$bench' posix-pair '$work'"
one_case posix-pair-handler "POSIX lock+unlock, signals masked" ""
one_case ofd-pair "OFD lock+unlock" ""
one_case flock-pair "flock LOCK_EX+LOCK_UN" ""
in_turn "exec of /bin/true, an empty preload" "" "'$bench' exec '$work'" "LD_PRELOAD='$empty' '$bench' exec '$work'"
in_turn "exec of /bin/true, in a run" "<= 1.20" "'$bench' exec '$work'" \
	"HOLDFAST_CHECKER='$checker' '$top_builddir/holdfast' check --quiet -- '$bench' exec '$work' 2>/dev/null"
one_case exec "exec of /bin/true, with a recording of its own" ""
if command -v sqlite3 >/dev/null; then
	make_sql "" >"$work/disk.sql"
	make_sql "PRAGMA synchronous=OFF;" >"$work/memory.sql"
	one_sqlite "sqlite3, $transactions transactions, on disk" "<= 1.05" "$work" "$work/disk.sql"
	one_sqlite "sqlite3, on tmpfs, synchronous=OFF" "<= 1.10" "$memory" "$work/memory.sql"
	for tool in "strace -f -o /dev/null -e trace=fcntl,close" "valgrind -q --trace-children=yes"; do
		command -v "${tool%% *}" >/dev/null || continue
		in_turn "  the same under ${tool%% *}" "" \
			"sh '$work/sqlite' '$memory' '$work/memory.sql' $transactions" \
			"$tool sh '$work/sqlite' '$memory' '$work/memory.sql' $transactions"
	done
fi
echo
echo "ledger alone                                 100 ranges  100,000 ranges   ratio   bar"
in_turn "take and drop of one more, in order" "<= 3" "'$ledger' 100 1" "'$ledger' 100000 1"
in_turn "take and drop of one more, anywhere" "<= 3" "'$ledger' 100 7919" "'$ledger' 100000 7919"
