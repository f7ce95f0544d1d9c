#!/bin/sh
# SPDX-License-Identifier: MIT
. "$top_srcdir/tests/tap.sh"

docs=$top_srcdir/docs

# Long options as a page names them: "Fl -name".
page_options() {
	grep -oE 'It .*Fl -[a-z][a-z-]*' "$1" | grep -oE 'Fl -[a-z][a-z-]*' | sed 's/Fl //' | sort -u
}

if command -v mandoc >/dev/null; then
	for page in "$docs"/*.[1-8]; do
		ok "mandoc finds nothing in $(basename "$page")" mandoc -T lint -W warning "$page"
	done
else
	skip "mandoc finds nothing in the manual pages" "no mandoc here"
fi

for verb in $(sed -n 's/^HF_COMMAND(\([a-z]*\),.*/\1/p' "$top_srcdir/tools/commands.def"); do
	page=$docs/holdfast-$verb.1
	ok "$verb has a manual page" test -s "$page"
	[ -s "$page" ] || continue
	like "$(cat "$docs/holdfast.1")" "^\.It Cm $verb\$" "holdfast(1) names the verb $verb"
	wanted=$(holdfast "$verb" --help | grep -oE '^  (-[A-Za-z],|   ) --[a-z-]+' | grep -oE -e '--[a-z-]+' |
		sed 's/^-//' | sort -u)
	# A verb without options of its own says so in a sentence.
	[ "$wanted" = -help ] && continue
	is "$(page_options "$page")" "$wanted" "holdfast-$verb(1) has the options of --help, and no others"
	for letter in $(holdfast "$verb" --help | sed -n 's/^  -\([A-Za-z]\), .*/\1/p'); do
		like "$(cat "$page")" "^\.It Fl $letter , Fl -" "holdfast-$verb(1) has the option -$letter"
	done
done

for slug in $(sed -n 's/^HF_REASON([A-Z_]*, "\([a-z-]*\)".*/\1/p' "$top_srcdir/tools/doctor.def"); do
	like "$(cat "$docs/holdfast-doctor.1")" "^\.It Li (.*, )*$slug( ,|\$)|^\.It Li .* $slug( ,|\$)" \
		"holdfast-doctor(1) names the verdict $slug"
done

done_testing
