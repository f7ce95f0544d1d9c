#!/bin/sh
# SPDX-License-Identifier: MIT
# Whatever a program reads the file by after it has lost its lock, the report has it, and the loss is an
# error. What it reads without relying on the lock weighs nothing.
. "$top_srcdir/tests/tap.sh"
command -v jq >/dev/null || skip_all "jq, which reads the reports, is not installed"

reads=$top_builddir/tests/proof/reads

# seen CALL: level of the one finding, and its consequences with the calls that they were seen by.
seen() {
	echo "sixteen bytes..." >"$tmp/file"
	capture holdfast check --quiet --notes --format json -o "$tmp/report.json" -- "$reads" "$1" "$tmp/file"
	found=$(jq -rs '.[] | select(.type == "finding" and .kind == "close-drops-lock") | "\(.level)" +
		([.then[] | " \(.what) by \(.text | (match(": ([a-z_0-9]*)\\(\\)").captures[0].string)? // "")"] | join(""))' \
		"$tmp/report.json" 2>&1)
}

"$reads" --list >"$tmp/calls"
while read -r call wanted; do
	seen "$call"
	if [ "$status" -eq 77 ]; then
		skip "what $call does without the lock is in the report" "libc has no $call"
	elif [ -n "$wanted" ]; then
		is "$found" "error $wanted" "what $call does without the lock is in the report, as an error"
	else
		is "$found" "warning" "a read that says nothing of the lock weighs nothing: $call"
	fi
done <"$tmp/calls"
done_testing
