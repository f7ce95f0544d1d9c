#!/bin/sh
# SPDX-License-Identifier: MIT
# Nothing gets past the checker under another name: what must be hooked is in functions.def, whatever
# libc calls by a second name too, and what locks or closes is missed by the differential test as soon
# as its hook is taken away.
. "$top_srcdir/tests/tap.sh"

sed '/^#/d' "$top_srcdir/tests/static/entry-points" >"$tmp/list"
awk '{ for (i = 2; i <= NF; i++) print $i }' "$tmp/list" | sort >"$tmp/needed"
awk '$1 ~ /\*$/ { for (i = 2; i <= NF; i++) print $i }' "$tmp/list" | sort >"$tmp/missed"
sed -n 's/^HF_[A-Z]*([^,]*, \([A-Za-z0-9_]*\),.*/\1/p' "$top_srcdir/preload/functions.def" |
	sort >"$tmp/table"

sed -n '/hooks_tested\[\] = {/,/};/p' "$top_srcdir/tests/proof/counts.c" |
	grep -o '"[A-Za-z0-9_]*"' | tr -d '"' | sort >"$tmp/tested"
cat "$top_srcdir"/tests/proof/ops*.c | grep -o 'calls\.[A-Za-z0-9_]*' | sed 's/.*\.//' | sort -u >"$tmp/called"

# "alias is name" for public symbols of libc at the address of one that is hooked.
aliases() {
	nm -D --defined-only "$1" | awk '
		NR == FNR { hooked[$1] = 1; next }
		{
			name = $3
			sub(/@.*/, "", name)
			if (name in hooked)
				at[$1] = name
			else if ($3 !~ /GLIBC_PRIVATE/)
				other[name] = $1
		}
		END {
			for (name in other)
				if (other[name] in at)
					print name " is " at[other[name]]
		}' "$tmp/table" -
}

libc=$(ldd "$top_builddir/.libs/libholdfast-check.so" | sed -n 's/.*=> \(.*libc\.[^ ]*\) .*/\1/p')

ok "the lists could be read" [ -s "$tmp/needed" -a -s "$tmp/table" -a -s "$tmp/tested" -a -s "$tmp/called" ]
nothing "$(uniq -d "$tmp/needed")" "no entry point is listed twice"
nothing "$(comm -23 "$tmp/needed" "$tmp/table")" "every entry point is hooked"
ok "libc's symbols could be read" nm -D "$libc"
nothing "$(aliases "$libc")" "no hooked function of libc has a second public name that is not hooked"
nothing "$(comm -23 "$tmp/missed" "$tmp/tested")" \
	"what locks, closes, shares or execs is taken away in turn by the differential test"
nothing "$(comm -13 "$tmp/missed" "$tmp/tested")" "which takes away nothing else"
nothing "$(comm -23 "$tmp/missed" "$tmp/called")" "and each of them is called by one of its operations"
done_testing
