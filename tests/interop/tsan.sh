#!/bin/sh
# SPDX-License-Identifier: MIT
# The library under ThreadSanitizer, in a plain program: Criterion does not go together with gcc's.
. "$top_srcdir/tests/tap.sh"

CC=${CC:-cc}
flags="-std=gnu11 -O1 -g -fsanitize=thread -pthread -D_GNU_SOURCE -I$top_builddir -I$top_srcdir/lib -I$top_srcdir/lib/core"

echo 'int main(void) { return 0; }' >"$tmp/probe.c"
# shellcheck disable=SC2086
if ! "$CC" $flags "$tmp/probe.c" -o "$tmp/probe" 2>/dev/null || ! "$tmp/probe" 2>/dev/null; then
	skip_all "no ThreadSanitizer here"
fi
# shellcheck disable=SC2086
ok "the library compiles for ThreadSanitizer" "$CC" $flags "$top_srcdir"/lib/*.c \
	"$top_srcdir/lib/core/proclocks.c" "$top_srcdir/tests/interop/tsan.c" -o "$tmp/tsan" -lgcc_s
capture env TSAN_OPTIONS=exitcode=66 "$tmp/tsan" "$tmp/own" "$tmp/shared"
is "$status $(printf '%s' "$err" | grep -A 12 WARNING)" "0 " "threads on locks and rwlocks race nowhere"
like "$out" '^0 failures' "and exclude each other"
done_testing
