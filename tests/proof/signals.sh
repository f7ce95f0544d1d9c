#!/bin/sh
# SPDX-License-Identifier: MIT
# A program that locks gets its signals as it does without the checker: each handler once, in order, with
# the same siginfo and mask, wherever it was interrupted, and its handlers are its own when it asks.
. "$top_srcdir/tests/tap.sh"

# outcome NAME COMMAND...
outcome() {
	name=$1
	shift
	timeout -k 5 110 "$@" "$tmp/locked" >"$tmp/$name.out" 2>"$tmp/$name.err" </dev/null
	echo "exit status $?" >>"$tmp/$name.out"
	cat "$tmp/$name.err" >>"$tmp/$name.out"
}

# same PROGRAM NAME
same() {
	outcome alone "$1"
	outcome preloaded env LD_PRELOAD="$HOLDFAST_CHECKER" HOLDFAST_OPTIONS=stderr=0 "$1"
	ok "$2 alone runs to its end" grep -qx 'exit status 0' "$tmp/alone.out"
	nothing "$(diff "$tmp/alone.out" "$tmp/preloaded.out" | head -n 30)" "$2 gets the same signals under the checker"
}

same "$top_builddir/tests/proof/signals" "a program"
if ! command -v musl-gcc >/dev/null; then
	skip "a program of musl" "musl-gcc is not installed"
elif ok "it can be built with musl" musl-gcc -w -pthread -o "$tmp/musl" \
	"$top_srcdir/tests/proof/signals.c" "$top_srcdir/tests/proof/signals_sent.c"; then
	same "$tmp/musl" "a program of musl"
fi

# stepped MODE [FINDING]: a signal at every so many instructions of a lock and its unlock. Then the
# program loses a lock, which the checker must still see, and see rightly.
stepped() {
	steps="$top_builddir/tests/proof/signal-steps $1 $tmp/locked"
	stride=67
	[ "$1" != fault ] || stride=97 # the first 32 only: each needs a new process
	# shellcheck disable=SC2086
	capture $steps 5
	if [ "$status" -eq 77 ]; then
		skip "signals at the instructions of a lock: $1" "a process cannot be traced here"
		return
	fi
	is "$status $out" "0 done" "$1: a signal at every fifth instruction is handled once"
	# shellcheck disable=SC2086
	capture holdfast check --quiet --notes --exitcode 0 --format json -o "$tmp/report.json" -- $steps $stride
	is "$status $out" "0 done" "$1: and under the checker, wherever it is"
	is "$(sed -n 's/^{"type":"finding",[^{]*"kind":"\([a-z-]*\)".*/\1/p' "$tmp/report.json")" "$2" \
		"$1: what the checker reports afterwards is right"
}

stepped info close-drops-lock
stepped plain close-drops-lock
stepped jump close-drops-lock
stepped fault ""
done_testing
