#!/bin/sh
# SPDX-License-Identifier: MIT
# The checker works beside sanitizers, valgrind and other preloaded libraries: the same program gives
# the same finding, and the other tool still does its own work.
. "$top_srcdir/tests/tap.sh"
command -v jq >/dev/null || skip_all "jq, which reads the reports, is not installed"
source=$top_srcdir/tests/misuse/close-drops-lock.bad.c

# build COMPILER FLAGS...: makes $tmp/program, or says why it cannot.
build() {
	command -v "$1" >/dev/null || { echo "$1 is not installed"; return 1; }
	"$@" -g -Wno-unused-result -DVIA=close "$source" -o "$tmp/program" >"$tmp/build.log" 2>&1 ||
		{ echo "it does not build here: $(tail -n 1 "$tmp/build.log")"; return 1; }
}

# finds NAME COMMAND...: the one finding, and the status that says so.
finds() {
	name=$1
	shift
	rm -f "$tmp/report.json"
	capture holdfast check --quiet --format json -o "$tmp/report.json" -- "$@" "$tmp/file"
	got=$(jq -r 'select(.type == "finding" and .level != "note") | "\(.kind) \(.level)"' \
		"$tmp/report.json" 2>&1)
	if [ "$status $got" = "86 close-drops-lock error" ]; then
		tap_pass "$name"
	else
		tap_fail "$name" "exit status $status, finding $got
$out
$err"
	fi
}

# built NAME COMPILER FLAGS...
built() {
	name="the lost lock is found in a program built with $1"
	shift
	if why=$(build "$@"); then
		finds "$name" "$tmp/program"
	else
		skip "$name" "$why"
	fi
}

built "gcc's AddressSanitizer" gcc -fsanitize=address
built "gcc's AddressSanitizer linked statically" gcc -fsanitize=address -static-libasan
built "gcc's ThreadSanitizer" gcc -fsanitize=thread
built "gcc's UndefinedBehaviorSanitizer" gcc -fsanitize=undefined
built "clang's AddressSanitizer" clang -fsanitize=address
built "clang's ThreadSanitizer" clang -fsanitize=thread
built "clang's MemorySanitizer" clang -fsanitize=memory
built "musl" musl-gcc

build "${CC:-cc}" >/dev/null || exit 99
# with NAME COMMAND PROGRAM-OF-PACKAGE
with() {
	name="the lost lock is found under $1"
	shift
	if command -v "$1" >/dev/null; then
		finds "$name" "$@" "$tmp/program"
	else
		skip "$name" "$1 is not installed"
	fi
}

with "valgrind" valgrind -q --error-exitcode=3
with "valgrind's helgrind" valgrind -q --tool=helgrind
with "strace" strace -f -o "$tmp/strace.log"
with "eatmydata" eatmydata
with "faketime" faketime "2020-01-01"
with "a shell that cleans the environment" env -u LD_PRELOAD

jemalloc=$(ldconfig -p 2>/dev/null | sed -n 's/.*libjemalloc\.so\.2.* => //p' | head -n 1)
if [ "$jemalloc" ]; then
	finds "the lost lock is found beside jemalloc" env LD_PRELOAD="$jemalloc:$HOLDFAST_CHECKER" "$tmp/program"
	finds "the lost lock is found behind jemalloc" env LD_PRELOAD="$HOLDFAST_CHECKER:$jemalloc" "$tmp/program"
else
	skip "the lost lock is found beside jemalloc" "libjemalloc.so.2 is not installed"
	skip "the lost lock is found behind jemalloc" "libjemalloc.so.2 is not installed"
fi

# The sanitizer's own finding must still be its own.
cat >"$tmp/free.c" <<'END'
#include <stdlib.h>
int main(void)
{
	char *volatile block = malloc(1);

	free(block);
	return block[0];
}
END
if gcc -fsanitize=address "$tmp/free.c" -o "$tmp/free" 2>/dev/null; then
	capture holdfast check -- "$tmp/free"
	like "$err" "heap-use-after-free" "AddressSanitizer still finds what it is for"
else
	skip "AddressSanitizer still finds what it is for" "gcc has no AddressSanitizer here"
fi
done_testing
