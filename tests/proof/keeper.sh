#!/bin/sh
# SPDX-License-Identifier: MIT
# An OFD lock that is still there after the close of its last descriptor is reported when it is known
# who keeps it, and not when it may be somebody else's.
. "$top_srcdir/tests/tap.sh"
command -v jq >/dev/null || skip_all "jq, which reads the reports, is not installed"

# Kinds and levels that the program is accused of when it is run with argument $1.
found() {
	holdfast check --quiet --format json -o "$tmp/report.json" -- \
		"$top_builddir/tests/proof/keeper" "$1" "$tmp/$1.file" >"$tmp/$1.out" 2>&1
	jq -rs '[.[] | select(.type == "finding") | .kind, .level] | join(" ")' "$tmp/report.json" 2>&1
	cat "$tmp/$1.out"
}

# Takes the lock that the program has given up, unwatched, and keeps it till the end.
stranger() {
	until [ -e "$tmp/stranger.file.closed" ]; do
		kill -0 "$$" 2>/dev/null || exit
		sleep 0.01
	done
	"$top_builddir/tests/cli/locker" ofd write 0 0 "$tmp/stranger.file" >"$tmp/locker.out" &
	echo $! >"$tmp/locker.pid"
	until grep -q held "$tmp/locker.out"; do
		sleep 0.01
	done
	: >"$tmp/stranger.file.taken"
}

is "$(found received)" "lock-survives-close warning" "a process that got the descriptor through a socket keeps it"
stranger &
is "$(found stranger)" "" "the same lock in another's hands is not taken for the program's own"
wait $!
kill "$(cat "$tmp/locker.pid")"
if [ "$(id -u)" -eq 0 ]; then
	is "$(found mapping)" "lock-survives-close warning" "a mapping keeps it, and nobody else"
else
	skip "a mapping keeps it, and nobody else" "only root sees that nobody else has a descriptor"
fi
done_testing
