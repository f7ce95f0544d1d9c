#!/bin/sh
# SPDX-License-Identifier: MIT
. "$top_srcdir/tests/tap.sh"

names=$(sed -n 's/^HF_KIND([A-Z_]*, "\([a-z-]*\)".*/\1/p' "$top_srcdir/lib/core/kinds.def")

capture holdfast explain --names
is "$out" "$names" "--names prints every kind of kinds.def"

capture holdfast explain
is "$status" 0 "without a kind, explain prints a table"
for name in $names; do
	like "$out" "^$name +(varies|error|warning|note) " "the table has a line for $name"
done

# A tree of examples of the test's own.
mkdir -p "$tmp/data/tests/misuse"
for name in $names; do
	printf '/* SPDX-License-Identifier: MIT */\nint wrong_%s;\n' "${name%%-*}" \
		>"$tmp/data/tests/misuse/$name.bad.c"
	printf '/* SPDX-License-Identifier: MIT */\nint right_%s;\n' "${name%%-*}" \
		>"$tmp/data/tests/misuse/$name.good.c"
done
for name in $names; do
	capture env HOLDFAST_DATADIR="$tmp/data" holdfast explain "$name"
	is "$status" 0 "explain $name succeeds"
	like "$out" "^$name: " "the entry of $name begins with its name and title"
	like "$out" "^  CWE +CWE-[0-9]+" "the entry of $name has its CWE number"
	like "$out" "^  int wrong_${name%%-*};" "the entry of $name shows the wrong program"
	like "$out" "^  int right_${name%%-*};" "the entry of $name shows the right program"
	unlike "$out" 'SPDX|\{|\}' "the entry of $name has no licence line and no open placeholder"
	is "$(printf '%s\n' "$out" | grep -v "^  $tmp" | awk 'length > 80' | head -1)" "" "no line of $name is over 80 columns"
done

# The programs that the tests run are the examples.
for name in $names; do
	ok "$name has its examples" holdfast explain "$name"
done

first=$(printf '%s\n' "$names" | head -1)
rm "$tmp/data/tests/misuse/$first.good.c"
capture env HOLDFAST_DATADIR="$tmp/data" holdfast explain "$first"
is "$status" 1 "a missing example is a failure"
like "$err" "^holdfast explain: $tmp/data/tests/misuse/$first.good.c: No such file" \
	"a missing example is named"
like "$out" "^Why it is wrong" "the rest of the entry is printed all the same"

capture holdfast explain close-drops
is "$status" 2 "an unknown kind is a usage error"
is "$err" "holdfast explain: close-drops: no such kind: \`holdfast explain\` lists them" \
	"an unknown kind is told in one line"
capture holdfast explain one two
is "$status" 2 "two kinds are a usage error"

holdfast explain --markdown >"$tmp/misuse.md"
ok "docs/misuse.md is what kinds.def says (else: make update-docs)" \
	diff -u "$top_srcdir/docs/misuse.md" "$tmp/misuse.md"
holdfast explain --mdoc >"$tmp/kinds.7"
ok "docs/holdfast-kinds.7 is what kinds.def says (else: make update-docs)" \
	diff -u "$top_srcdir/docs/holdfast-kinds.7" "$tmp/kinds.7"

done_testing
