#!/bin/sh
# SPDX-License-Identifier: MIT
# What programs and libraries tell the checker (lib/holdfast-annotate.h) is heard.
. "$top_srcdir/tests/tap.sh"
command -v jq >/dev/null || skip_all "jq, which reads the reports, is not installed"

annotate=$top_builddir/tests/proof/annotate

# Kinds and levels that the program is accused of when it is run with argument $1.
found() {
	capture holdfast check --notes --format json -o "$tmp/report.json" -- "$annotate" "$1" "$tmp/$1.file"
	jq -rs '[.[] | select(.type == "finding") | .kind, .level] | join(" ")' "$tmp/report.json" 2>&1
}

is "$(found refused)" "reentrant-acquire note" "a re-entry that the lock library refuses is a note"
is "$(jq -rs '[.[] | select(.type == "finding") | .stacks[] | .role as $role | .frames[] |
	select(.function == "ask_twice") | $role] | unique | join(" ")' "$tmp/report.json")" \
	"here taken" "it shows who asked again, and who had the lock"
is "$(found surprise)" "released-by-other-thread error" \
	"a lock that another thread releases under its taker is reported"
is "$(found handover)" "" "one that was handed over on purpose is not"
capture holdfast check --notes -- "$annotate" upgrade "$tmp/upgrade.file"
like "$err" "Taken here, [0-9.]+ .?s earlier: read lock" "who took what was handed over is not told"
warned="reentrant-acquire warning upgrade warning"
is "$(found unguarded)" "$warned" "to ask again, and to wait for more, is warned of"
is "$(found guarded)" "upgrade note" "where a library keeps books it is a note"
is "$(found beside)" "$warned" "its word is about one descriptor"
is "$(found ended)" "$warned" "and ends when it says so"
capture "$annotate" guarded "$tmp/plain.guarded"
is "$status" 0 "without the checker there is nobody to tell"
capture "$annotate" refused "$tmp/plain"
is "$status: $out" "0: granted, Resource deadlock avoided" "without the checker nothing is called"
done_testing
