#!/bin/sh
# SPDX-License-Identifier: MIT
# Whatever is read from outside, fed with anything, under AddressSanitizer and UBSan: each target for
# FUZZ_SECONDS (5). What a target dies of is left in tests/fuzz/found.
. "$top_srcdir/tests/tap.sh"

clang=${FUZZ_CC:-clang}
seconds=${FUZZ_SECONDS:-5}
built=$top_builddir/tests/fuzz/built
flags="-g -O1 -w -D_GNU_SOURCE -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all"
echo 'int LLVMFuzzerTestOneInput(const char *d, unsigned long n) { return d && n == 1 << 30; }' >"$tmp/try.c"
# shellcheck disable=SC2086
$clang $flags -o "$tmp/try" "$tmp/try.c" 2>/dev/null || skip_all "$clang cannot build libFuzzer programs here"

includes="-I$top_srcdir/lib -I$top_srcdir/lib/core -I$top_srcdir/tools -I$top_builddir -I$top_builddir/tools"
packages="libdw libelf jansson smartcols"
includes="$includes $(pkg-config --cflags $packages)"
mkdir -p "$built"

# Objects of an earlier run hold only as long as nothing that they are made of has changed.
if [ -n "$(find "$top_srcdir/lib" "$top_srcdir/tools" "$top_builddir/tools/html" \
	\( -name '*.[ch]' -o -name '*.def' \) -newer "$built/made" 2>&1)" ]; then
	rm -f "$built"/*.o
	: >"$built/made"
fi

# compile SOURCE: one object for all targets.
compile() {
	object=$built/$(echo "${1#"$top_srcdir"/}" | tr / _).o
	objects="$objects $object"
	[ -e "$object" ] && return
	# shellcheck disable=SC2086
	$clang $flags $includes -DPKGDATADIR='"/nowhere"' -DPKGLIBDIR='"/nowhere"' -c -o "$object" "$1" || exit 99
}

objects=
for source in "$top_srcdir"/lib/core/*.c "$top_srcdir"/lib/*.c "$top_srcdir"/tools/*.c; do
	[ "$source" = "$top_srcdir/tools/holdfast.c" ] || compile "$source"
done

seeds_recording() {
	for story in tiny clean; do
		"$top_builddir/tests/golden/make-recording" "$story" "$1/$story"
	done
}

seeds_suppress() {
	printf 'kind:close-drops-lock frame:read_* path:*.db\n# no rule\nframe:a\\ b\n' >"$1/rules"
}

seeds_proclocks() {
	echo '1: POSIX  ADVISORY  WRITE 4711 08:01:17 0 EOF' >"$1/lock"
	echo '1: -> OFDLCK  ADVISORY  READ -1 00:1f:9223372036854775807 5 9' >"$1/waiter"
}

seeds_options() {
	echo 'checks=default,-upgrade,+self-deadlock:stack_depth=24:halt_on=error:record=/tmp' >"$1/options"
}

for source in "$top_srcdir"/tests/fuzz/fuzz_*.c; do
	target=$(basename "$source" .c)
	mkdir -p "$tmp/$target"
	"seeds_${target#fuzz_}" "$tmp/$target"
	# shellcheck disable=SC2046,SC2086
	$clang $flags $includes -o "$built/$target" "$source" $objects \
		$(pkg-config --libs $packages) -lm -lpthread || exit 99
	mkdir -p "$top_builddir/tests/fuzz/found"
	ok "$target survives $seconds seconds of anything" \
		timeout -k 10 $((seconds + 60)) env -u DEBUGINFOD_URLS "$built/$target" -timeout=10 -max_len=32768 \
		-rss_limit_mb=1024 -max_total_time="$seconds" -print_final_stats=1 \
		-artifact_prefix="$top_builddir/tests/fuzz/found/$target-" "$tmp/$target"
done
done_testing
