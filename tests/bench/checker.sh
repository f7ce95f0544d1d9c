#!/bin/sh
# SPDX-License-Identifier: MIT
# What the checker costs: each case bare, with an empty library preloaded, and under the checker, in turn.
# The best of RUNS runs of each, since whatever else the machine does can only make a run longer, and their
# ratio to the bare one. Printed, never judged. Arguments: the two programs and the empty library.
set -eu
bench=$1
ledger=$2
empty=$3
runs=${RUNS:-7}
checker=$top_builddir/.libs/libholdfast-check.so
transactions=${TRANSACTIONS:-20000}
fewer=$((transactions / 10)) # where each takes long
work=$(mktemp -d "${TMPDIR:-/tmp}/holdfast-bench.XXXXXX")
memory=$(mktemp -d /dev/shm/holdfast-bench.XXXXXX)
trap 'rm -rf "$work" "$memory"' EXIT

best() {
	sort -n | head -n 1
}

# row NAME BAR BARE OTHER: two files of numbers.
row() {
	awk -v n="$1" -v bar="$2" -v a="$(best <"$3")" -v b="$(best <"$4")" \
		'BEGIN { printf "%-48s %10.0f %10.0f   %5.2f   %s\n", n, a, b, b / a, bar }'
}

# in_turn NAME BAR BARE OTHER: shell commands that print one number.
in_turn() {
	: >"$work/bare"
	: >"$work/other"
	for _ in $(seq "$runs"); do
		sh -c "$3" >>"$work/bare"
		sh -c "$4" >>"$work/other"
	done
	row "$1" "$2" "$work/bare" "$work/other"
}

# With the program's own recording in a file of the folder, findings unprinted.
preload="LD_PRELOAD=$checker HOLDFAST_OPTIONS=stderr=0"

# three_in_turn NAME BAR COMMAND: in COMMAND, @ is where a preload stands.
three_in_turn() {
	rm -f "$work/bare" "$work/empty" "$work/checked"
	for _ in $(seq "$runs"); do
		sh -c "$(echo "$3" | sed 's|@||')" >>"$work/bare"
		sh -c "$(echo "$3" | sed "s|@|LD_PRELOAD=$empty|")" >>"$work/empty"
		sh -c "$(echo "$3" | sed "s|@|$preload|")" >>"$work/checked"
	done
	row "$1" "$2" "$work/bare" "$work/checked"
	row "  an empty preload" "" "$work/bare" "$work/empty"
}

one_case() {
	three_in_turn "$2" "$3" "@ '$bench' $1 '$work'"
}

# Nanoseconds per transaction of the sqlite3 shell: sqlite FOLDER SQL TRANSACTIONS VARIABLE=VALUE...
cat >"$work/sqlite" <<'END'
folder=$1
sql=$2
transactions=$3
shift 3
rm -f "$folder/db" "$folder/db-journal"
start=$(date +%s%N)
env "$@" sqlite3 "$folder/db" <"$sql"
echo $((($(date +%s%N) - start) / transactions))
END
# make_sql PRAGMA TRANSACTIONS
make_sql() {
	echo "$1 CREATE TABLE t (a);"
	i=0
	while [ $i -lt "$2" ]; do
		echo "INSERT INTO t VALUES ($i);"
		i=$((i + 1))
	done
}
# one_sqlite NAME BAR FOLDER SQL TRANSACTIONS
one_sqlite() {
	three_in_turn "$1" "$2" "sh '$work/sqlite' '$3' '$4' $5 @"
}

echo "case                                              bare (ns) other (ns)   ratio   bar"
one_case open-close "open+close, nothing held" "<= 1.03"
one_case open-close-held "open+close of another file, one lock held" "<= 1.25"
one_case posix-pair "POSIX lock+unlock" "<= 1.8"
in_turn "POSIX lock+unlock, stack_depth=1" "" "'$bench' posix-pair '$work'" \
	"$preload:stack_depth=1 '$bench' posix-pair '$work'"
one_case posix-pair-handler "POSIX lock+unlock, with a signal handler" "<= 1.8"
one_case posix-pair-masked "POSIX lock+unlock, with one for a queued signal" ""
one_case ofd-pair "OFD lock+unlock" ""
one_case flock-pair "flock LOCK_EX+LOCK_UN" ""
# The uninstalled command runs with a library path, in which each exec would look for libc.
in_turn "exec of /bin/true, in a run" "<= 1.20" "'$bench' exec '$work'" \
	"HOLDFAST_CHECKER='$checker' '$top_builddir/holdfast' check --quiet -- \
		env -u LD_LIBRARY_PATH '$bench' exec '$work' 2>/dev/null"
one_case exec "exec of /bin/true, with a recording of its own" ""
if command -v sqlite3 >/dev/null; then
	make_sql "" "$fewer" >"$work/disk.sql"
	make_sql "PRAGMA synchronous=OFF;" "$fewer" >"$work/fewer.sql"
	make_sql "PRAGMA synchronous=OFF;" "$transactions" >"$work/memory.sql"
	one_sqlite "sqlite3, $fewer transactions, on disk" "<= 1.05" "$work" "$work/disk.sql" "$fewer"
	one_sqlite "sqlite3, $transactions on tmpfs, synchronous=OFF" "<= 1.10" "$memory" \
		"$work/memory.sql" "$transactions"
	for tool in "strace -f -o /dev/null -e trace=fcntl,close" "valgrind -q --trace-children=yes"; do
		command -v "${tool%% *}" >/dev/null || continue
		in_turn "  the same under ${tool%% *}" "" \
			"sh '$work/sqlite' '$memory' '$work/fewer.sql' $fewer" \
			"$tool sh '$work/sqlite' '$memory' '$work/fewer.sql' $fewer"
	done
fi
echo
echo "ledger alone                                 100 ranges  100,000 ranges   ratio   bar"
in_turn "take and drop of one more, in order" "<= 3" "'$ledger' 100 1" "'$ledger' 100000 1"
in_turn "take and drop of one more, anywhere" "<= 3" "'$ledger' 100 7919" "'$ledger' 100000 7919"
