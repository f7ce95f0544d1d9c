#!/bin/sh
# SPDX-License-Identifier: MIT
# A public function is declared in holdfast.h, exported by its symbol map and described by a man page.
. "$top_srcdir/tests/tap.sh"

sed -n 's/^HF_API [^(]*[ *]\(hf_[a-z_]*\)(.*/\1/p' "$top_srcdir/lib/holdfast.h" | sort >"$tmp/declared"
grep -oE '\bhf_[a-z_]+;' "$top_srcdir/lib/libholdfast.map" | tr -d ';' | sort >"$tmp/mapped"
nm -D --defined-only "$top_builddir/.libs/libholdfast.so" |
	awk '$2 != "A" { sub(/@.*/, "", $3); print $3 }' | sort -u >"$tmp/exported"
cat "$top_srcdir"/docs/*.3 | grep -oE '\bhf_[a-z_]+' | sort -u >"$tmp/described"

ok "holdfast.h could be read" [ -s "$tmp/declared" ]
nothing "$(comm -23 "$tmp/declared" "$tmp/mapped")" "every public function is in the symbol map"
nothing "$(comm -23 "$tmp/declared" "$tmp/exported")" "every public function is exported"
nothing "$(comm -13 "$tmp/declared" "$tmp/exported")" "nothing else is exported"
nothing "$(comm -23 "$tmp/declared" "$tmp/described")" "every public function is described in a man page"
done_testing
