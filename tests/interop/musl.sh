#!/bin/sh
# SPDX-License-Identifier: MIT
# The library on musl: cancelling a thread that sleeps in the kernel, fork handlers and thread-local data
# are the C library's, and musl's are its own.
. "$top_srcdir/tests/tap.sh"

command -v musl-gcc >/dev/null || skip_all "musl-gcc is not installed"

# As configure would for musl: without what it lacks of all that configure looks for.
listed() {
	sed -n "s/^AC_CHECK_$1(\[\(.*\)\])\$/\1/p" "$top_srcdir/configure.ac"
}

lacks() {
	macro=HAVE_$(echo "$1" | tr '[:lower:]' '[:upper:]' | tr -c 'A-Z0-9\n' '_')
	sed -i "s/^#define $macro 1/#undef $macro/" "$tmp/include/config.h"
}

mkdir "$tmp/include"
cp "$top_builddir/config.h" "$tmp/include/config.h"
for function in $(listed FUNCS); do
	printf 'char %s(void);\nint main(void) { return %s(); }\n' "$function" "$function" >"$tmp/probe.c"
	musl-gcc -fno-builtin "$tmp/probe.c" -o "$tmp/probe" 2>/dev/null || lacks "$function"
done
for header in $(listed HEADERS); do
	echo "#include <$header>" | musl-gcc -E - >/dev/null 2>&1 || lacks "$header"
done
# The headers that are no C library's; /usr/include as a whole is glibc's.
for header in uthash.h utlist.h; do
	cp "$(echo "#include <$header>" | "${CC:-cc}" -M -xc - | tr ' ' '\n' | grep "/$header\$")" \
		"$tmp/include" || exit 99
done

if ! musl-gcc -std=gnu11 -D_GNU_SOURCE -O2 -Wall -Wextra -Werror -static -pthread -I"$tmp/include" \
	-I"$top_srcdir/lib" -I"$top_srcdir/lib/core" "$top_srcdir"/lib/*.c \
	"$top_srcdir/lib/core/proclocks.c" "$top_srcdir/tests/interop/musl.c" -o "$tmp/musl" 2>"$tmp/errors"; then
	tap_fail "the library compiles with musl, without a warning" "$(cat "$tmp/errors")"
	done_testing
	exit
fi
timeout -k 5 120 "$tmp/musl" "$tmp/lock"
