#!/bin/sh
# SPDX-License-Identifier: MIT
# Real misuse: of libraries that keep their files together by locks, and of the lock on a pidfile.
# Each is an error, of the right kind, at the line of the culprit; what it does to the program is
# shown; and the repaired program is silent.
. "$top_srcdir/tests/tap.sh"
. "$top_srcdir/tests/interop/watch.sh"

# build NAME LIBRARY: $tmp/NAME and $tmp/NAME-repaired; false without the library.
build() {
	for define in '' -DREPAIRED; do
		# shellcheck disable=SC2086
		$CC -g -O0 -Wall -Wextra -Werror $define "$top_srcdir/tests/interop/$1.c" \
			-o "$tmp/$1${define:+-repaired}" ${2:+-l"$2"} 2>"$tmp/$1.log" || return 1
	done
}

has_header() {
	echo "#include <$1>" | $CC -E -o /dev/null - 2>/dev/null
}

# at NAME WORD: NAME.c:LINE of the line that is marked so, as a pattern.
at() {
	echo "$1\.c:$(grep -n "/\* $2 \*/" "$top_srcdir/tests/interop/$1.c" | cut -d: -f1)\$"
}

lmdb_tests() {
	ok "the program that opens LMDB twice is built" build lmdb-twice lmdb
	mkdir "$tmp/first" "$tmp/second"
	watch "$tmp/lmdb-twice" "$tmp/first"
	is "$status $(findings)" "86 close-drops-lock error" "a second open of an LMDB environment is caught"
	like "$(frames close-drops-lock here)" "^mdb_env_close " "it is LMDB's close that drops the locks"
	like "$(frames close-drops-lock here)" "^count_entries $(at lmdb-twice HERE)" "called from that line"
	like "$(frames close-drops-lock taken)" "^begin_to_read $(at lmdb-twice TAKEN)" "the reader began here"
	like "$out" "another process: 0 readers" "and indeed another process does not see the reader"

	watch "$tmp/lmdb-twice-repaired" "$tmp/second"
	silent "the program that opens LMDB once is silent"
	like "$out" "another process: 1 readers" "and its reader is seen"
}

tdb_tests() {
	ok "the program that opens tdb twice is built" build tdb-twice tdb
	for other in first.tdb link.tdb; do
		rm -f "$tmp"/*.tdb
		watch "$tmp/tdb-twice" "$tmp/first.tdb" "$tmp/$other"
		is "$status $(findings)" "86 close-drops-lock error" "a second open of a tdb as $other is caught"
		like "$out" "a second open: Device or resource busy" "although tdb refuses it"
		like "$(frames close-drops-lock here)" "^tdb_open_ex " "it is tdb's way out that drops the lock"
		like "$(frames close-drops-lock here)" "^open_counter tdb-twice\.c:" "in the program's second open"
		like "$(frames close-drops-lock here)" "^look $(at tdb-twice HERE)" "called from that line"
		like "$(frames close-drops-lock taken)" "^count $(at tdb-twice TAKEN)" "the lock was taken here"
		like "$out" "counted to 1" "and indeed what another process counted is lost"
	done
	rm -f "$tmp"/*.tdb
	watch "$tmp/tdb-twice-repaired" "$tmp/first.tdb" "$tmp/link.tdb"
	silent "the program that opens tdb once is silent"
	like "$out" "another process: the counter is locked" "and keeps the other process out"
}

# run_daemon PROGRAM HOW: until it has written its pidfile and ended; $second is whether another one
# could have started meanwhile. What it leaves running is not waited for: its recording is kept.
run_daemon() {
	rm -rf "$tmp/run" "$tmp/pid" "$tmp/report.json"
	capture holdfast check --quiet --fail-on never --keep "$tmp/run" -- \
		"$1" "$tmp/pid" "$2" "$tmp/ready" "$tmp/stop"
	timeout 20 cat "$tmp/ready"
	timeout 20 sh -c "until [ -s '$tmp/pid' ]; do :; done"
	second=refused
	! "$1" "$tmp/pid" 2>/dev/null || second=started
	timeout 20 sh -c ": >'$tmp/stop'"
	timeout 20 tail --pid="$(cat "$tmp/pid")" -f /dev/null
	capture holdfast report --fail-on warning --format json -o "$tmp/report.json" "$tmp/run"
}

# daemon_is_caught HOW LINE: the one that is marked so.
daemon_is_caught() {
	run_daemon "$tmp/pidfile-daemon" "$1"
	is "$(findings)" "daemonize-drops-lock error" "a daemon that locks its pidfile and then calls $1() is caught"
	like "$(frames daemonize-drops-lock here)" " $(at pidfile-daemon "$2")" "$1: the line is named"
	like "$(frames daemonize-drops-lock taken)" "^lock_pidfile $(at pidfile-daemon TAKEN)" \
		"$1: and where the lock was taken"
	is "$second" started "$1: and indeed a second daemon starts"
	run_daemon "$tmp/pidfile-daemon-repaired" "$1"
	silent "$1: the daemon that locks it afterwards is silent"
	is "$second" refused "$1: and a second one is refused"
}

if has_header lmdb.h; then
	lmdb_tests
else
	skip "a second open of an LMDB environment is caught" "liblmdb-dev is not installed"
fi
if has_header tdb.h; then
	tdb_tests
else
	skip "a second open of a tdb is caught" "libtdb-dev is not installed"
fi
ok "the daemon is built" build pidfile-daemon
mkfifo "$tmp/ready" "$tmp/stop"
daemon_is_caught daemon DAEMON
daemon_is_caught fork WRITTEN
done_testing
