#!/bin/sh
# SPDX-License-Identifier: MIT
# The checker as a shared object: what it needs, where it loads, and what it says when preloaded by hand.
. "$top_srcdir/tests/tap.sh"

checker=$HOLDFAST_CHECKER

needed() {
	readelf -d "$checker" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p'
}

# Names that only glibc has, and that would stop musl from loading it unless they are weak.
strong_glibc_names() {
	readelf -W --dyn-syms "$checker" | awk '$7 == "UND" && $5 == "GLOBAL" { print $8 }' |
		grep -E '^(__.*_chk|__stack_chk_fail|_dl_find_object|gnu_get_libc_version|__errno_location_)'
}

preload() {
	capture env LD_PRELOAD="$checker" "$@"
}

is "$(needed)" "libc.so.6" "the checker needs libc and nothing else"
nothing "$(strong_glibc_names)" "no name that only glibc has is needed by force"
like "$(readelf -d "$checker")" "INITFIRST" "its constructor runs before all others"

preload true
is "$status:$out:$err" "0::" "a program that locks nothing runs as always, silently"

HOLDFAST_OPTIONS=help=1 preload echo hello
is "$status:$out" "0:hello" "help=1 leaves the program alone"
like "$err" "^holdfast:   stack_depth=1-32 \(16\): " "help=1 lists the keys"

HOLDFAST_OPTIONS=colour=red:stack_depth=0 preload true
is "$status" 0 "options that are not understood stop nothing"
is "$err" 'holdfast: HOLDFAST_OPTIONS: "colour" is no key that this checker knows
holdfast: HOLDFAST_OPTIONS: stack_depth: "0" is no number from 1 to 32' \
	"each option that is not understood is named in a line of its own"

HOLDFAST_RUN=$tmp/none preload true
is "$err" "holdfast: $tmp/none: nothing is recorded there: ENOENT" "a run that is gone is named"
HOLDFAST_RUN=$top_srcdir/configure.ac preload true
like "$err" "configure.ac: nothing is recorded there: (it is no recording|EACCES|EROFS)" \
	"a run that is no recording is said to be none"

mkdir "$tmp/kept"
HOLDFAST_OPTIONS=record=$tmp/kept preload sh -c true
is "$status:$err" "0:" "a recording is kept without a word"
is "$(find "$tmp/kept" -name 'holdfast.*.0.rec' | wc -l)" 1 "it is in the folder that was named"
HOLDFAST_OPTIONS=record=$tmp/nowhere preload true
like "$err" "^holdfast: $tmp/nowhere/holdfast\.[0-9]+\.0\.rec: no recording is kept there: ENOENT$" \
	"a folder that does not exist is named, and the program runs on"

if command -v musl-gcc >/dev/null; then
	echo 'int main(void) { return 0; }' >"$tmp/musl.c"
	musl-gcc -o "$tmp/musl" "$tmp/musl.c"
	HOLDFAST_OPTIONS=help=1 preload "$tmp/musl"
	is "$status" 0 "it loads into a musl program"
	like "$err" "^holdfast:   checks=" "it reads its options there"
	HOLDFAST_OPTIONS=record=$tmp/kept preload "$tmp/musl"
	like "$(strings -a "$tmp"/kept/holdfast.*.rec)" "^musl$" "it knows the program's name there"
else
	skip "it loads into a musl program" "musl-gcc is not installed"
fi
done_testing
