#!/bin/sh
# SPDX-License-Identifier: MIT
# Processes that share an open file description are one owner, and do not wait for each other.
. "$top_srcdir/tests/tap.sh"
command -v jq >/dev/null || skip_all "jq, which reads the reports, is not installed"

# How often two upgrades are said to wait for each other when the program is run with argument $1.
deadlocks() {
	holdfast check --quiet --format json -o "$tmp/report.json" -- \
		"$top_builddir/tests/proof/shared" "$1" "$tmp/$1.file" >"$tmp/$1.out" 2>&1
	jq -rs '[.[] | select(.kind == "upgrade-deadlock")] | length' "$tmp/report.json" 2>&1
	cat "$tmp/$1.out"
}

is "$(deadlocks opened)" 1 "two that opened the file themselves wait for each other"
is "$(deadlocks inherited)" 0 "two that inherited one description wait for somebody else"
done_testing
