#!/bin/sh
# SPDX-License-Identifier: MIT
# What the documents say about the tree is there.
. "$top_srcdir/tests/tap.sh"

cd "$top_srcdir" || exit 99

# Paths in backticks or as link targets; those with a placeholder (<name>, DIR/) are no paths.
paths() {
	grep -oE '`[A-Za-z.][A-Za-z0-9_.-]*/[A-Za-z0-9_./-]*`|\]\([A-Za-z./][^)#:]*\)' "$1" |
		sed -e 's/^`//; s/`$//; s/^](//; s/)$//' -e '/^[A-Z]*\//d' | sort -u
}

for document in README.md CONTRIBUTING.md docs/*.md; do
	missing=
	for path in $(paths "$document"); do
		[ -e "$path" ] || [ -e "$(dirname "$document")/$path" ] || missing="$missing $path"
	done
	is "$missing" "" "every path in $document is there"
done

for package in $(sed 's/#.*//' build-aux/debian-packages); do
	like "$(cat README.md)" "^\| .*\`$package\`.* \| [A-Za-z]" "README.md gives the reason for $package"
done

# The example of the library is compiled as it stands.
sed -n '/^```c$/,/^```$/p' README.md | grep -v '^```' >"$tmp/example.c"
ok "the library's example in README.md compiles without a warning" \
	"${CC:-cc}" -Wall -Wextra -Wpedantic -Werror -c -o "$tmp/example.o" -I lib "$tmp/example.c"

done_testing
