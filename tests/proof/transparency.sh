#!/bin/sh
# SPDX-License-Identifier: MIT
# A program does the same with the checker and without it: every result, every errno, every side effect.
. "$top_srcdir/tests/tap.sh"

# outcome NAME COMMAND...: runs it in an empty directory and keeps its output and status.
outcome() {
	mkdir "$tmp/$1" || exit 99
	name=$1
	shift
	"$@" "$tmp/$name" >"$tmp/$name.out" 2>"$tmp/$name.err" </dev/null
	echo "exit status $?" >>"$tmp/$name.out"
}

program="timeout -k 5 60 $top_builddir/tests/proof/transparency"
# shellcheck disable=SC2086
{
	outcome alone $program
	outcome preloaded env LD_PRELOAD="$HOLDFAST_CHECKER" $program
	outcome checked holdfast check --quiet --exitcode 0 -- $program
}
ok "the program alone runs to its end" grep -qx 'exit status 0' "$tmp/alone.out"
nothing "$(diff "$tmp/alone.out" "$tmp/preloaded.out" | head -n 30)" "every call gives the same with the checker preloaded"
nothing "$(diff "$tmp/alone.out" "$tmp/checked.out" | head -n 30)" "every call gives the same under holdfast check"

# Processes that fork, threads that are cancelled while they wait, and thousands of locks.
for suite in "$top_builddir"/tests/unit/lib-*; do
	case ${suite##*/} in
	*.*) continue ;;
	esac
	ok "the library's tests ${suite##*/} pass under the checker, and nothing in them is an error" \
		timeout -k 5 100 holdfast check --quiet --fail-on error -- "$suite"
done

# A number of operations instead of a time: the same work on a slow machine.
stressed() {
	timeout -k 5 60 env LD_PRELOAD="$HOLDFAST_CHECKER" stress-ng --quiet --temp-path "$tmp" --timeout 30 \
		"--$1" 2 "--$1-ops" "$2" --verify
}

if command -v stress-ng >/dev/null; then
	for stressor in flock lockf locka lockofd fcntl dup close; do
		ok "stress-ng's $stressor stressor finds nothing wrong under the checker" stressed "$stressor" 500
	done
else
	skip "stress-ng's lock and descriptor stressors" "stress-ng is not installed"
fi
done_testing
