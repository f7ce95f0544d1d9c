#!/bin/sh
# SPDX-License-Identifier: MIT
# Keeps the checker honest: it exports what functions.def lists and nothing else, none of its objects
# calls a listed name (that would enter the checker again, or another preloaded library), none
# allocates or formats through libc, and the library needs libc alone.
. "$top_srcdir/tests/tap.sh"

shim=$top_builddir/.libs/libholdfast-check.so
[ -e "$shim" ] || { tap_fail "the checker is built" "$shim is missing"; done_testing; exit; }

# The second argument of HF_FUNCTION and HF_SPECIAL.
sed -n 's/^HF_[A-Z]*([^,]*, \([A-Za-z0-9_]*\),.*/\1/p' "$top_srcdir/preload/functions.def" |
	sort >"$tmp/table"
nm -D --defined-only "$shim" | awk '$2 != "A" { sub(/@.*/, "", $3); print $3 }' | sort -u >"$tmp/exports"

objects=$(find "$top_builddir/preload" "$top_builddir/lib/core" -path '*/.libs/*' \
	\( -name 'libholdfast_check_la-*.o' -o -name 'libhfcore_preload_la-*.o' \))

# callers NAMES: "object calls name" for undefined symbols of the objects that are in the list NAMES.
callers() {
	for object in $objects; do
		nm -u "$object" | awk '{ print $2 }' | sort -u | comm -12 - "$1" |
			sed "s|^|$(basename "$object") calls |"
	done
}

printf '%s\n' calloc dprintf fprintf free malloc memalign posix_memalign printf puts realloc reallocarray \
	snprintf strdup strerror vsnprintf | sort >"$tmp/forbidden"

ok "functions.def could be read" [ -s "$tmp/table" ]
ok "the checker's objects could be found" [ -n "$objects" ]
nothing "$(uniq -d "$tmp/table")" "no function is listed twice"
nothing "$(comm -23 "$tmp/table" "$tmp/exports")" "every listed function is exported"
nothing "$(comm -13 "$tmp/table" "$tmp/exports")" "nothing else is exported"
nothing "$(callers "$tmp/table")" "no object calls an interposed function"
nothing "$(callers "$tmp/forbidden")" "no object allocates or formats through libc"
is "$(readelf -d "$shim" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p')" libc.so.6 "the checker needs libc alone"
done_testing
