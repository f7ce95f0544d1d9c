#!/bin/sh
# SPDX-License-Identifier: MIT
# What is remembered of a name is over when the name leads somewhere else: the close is to blame, and the
# report says where its descriptor was opened. And a bad address is still the kernel's to refuse.
. "$top_srcdir/tests/tap.sh"
command -v jq >/dev/null || skip_all "jq, which reads the reports, is not installed"

paths=$top_builddir/tests/proof/paths

# found WAY: level and culprit of the one error, and whether its opening is known.
found() {
	rm -rf "$tmp/work" && mkdir "$tmp/work"
	holdfast check --quiet --format json -o "$tmp/report.json" -- "$paths" "$tmp/work" "$1" >"$tmp/out" 2>&1
	jq -rs '[.[] | select(.type == "finding" and .level == "error") | .kind, .call,
		(.stacks[] | select(.role == "opened") | .role)] | join(" ")' "$tmp/report.json" 2>&1
	cat "$tmp/out"
}

"$paths" --list >"$tmp/ways"
while read -r way; do
	is "$(found "$way")" "close-drops-lock close opened" "a name is not what it was: $way"
done <"$tmp/ways"
is "$(found bad-addresses)" "" "a bad address is still the kernel's to refuse"
done_testing
