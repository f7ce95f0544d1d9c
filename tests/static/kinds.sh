#!/bin/sh
# SPDX-License-Identifier: MIT
# Every kind of kinds.def has its pair of programs, and every pair its kind.
. "$top_srcdir/tests/tap.sh"
cd "$top_srcdir" || exit 99

slugs=$(sed -n 's/^HF_KIND([A-Z_0-9]*, "\([a-z0-9-]*\)".*/\1/p' lib/core/kinds.def)

unpaired() {
	for slug in $slugs; do
		for half in bad good; do
			[ -e "tests/misuse/$slug.$half.c" ] || echo "tests/misuse/$slug.$half.c is missing"
		done
	done
}

unknown() {
	for source in tests/misuse/*.bad.c tests/misuse/*.good.c; do
		slug=$(basename "$source" | sed 's/\.\(bad\|good\)\.c$//')
		echo "$slugs" | grep -qx -e "$slug" || echo "$source: no kind of that name in kinds.def"
	done
}

ok "kinds.def could be read" [ -n "$slugs" ]
nothing "$(unpaired)" \
	"every kind has a bad program and its repaired twin"
nothing "$(unknown)" \
	"every pair belongs to a kind"
nothing "$(echo "$slugs" | sort | uniq -d)" \
	"no kind is defined twice"
done_testing
