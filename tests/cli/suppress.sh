#!/bin/sh
# SPDX-License-Identifier: MIT
. "$top_srcdir/tests/tap.sh"
cd "$top_srcdir" || exit 99

"$top_builddir/tests/golden/make-recording" bank "$tmp/bank" || exit 99

capture holdfast suppress "$tmp/bank"
is "$status" 0 "suppress succeeds"
like "$out" '^kind:close-drops-lock frame:read_config frame:ledger_begin$' "a suppression names kind and functions"
printf '%s\n' "$out" >"$tmp/rules"

capture holdfast report --suppressions "$tmp/rules" "$tmp/bank"
is "$status" 0 "what suppress prints mutes what it was printed for"
like "$out" '0 errors, 0 warnings, 1 note in .* 2 suppressed' "and the summary counts it"
like "$out" "^holdfast: $tmp/rules:2: suppressed 1 finding, seen 3 times\$" "and each rule is counted"

id=$(holdfast report -f json "$tmp/bank" | sed -n '1s/.*"id":"\([0-9a-f]*\)".*/\1/p')
capture holdfast suppress "$tmp/bank" "$id"
is "$(printf '%s\n' "$out" | grep -c '^kind:')" 1 "an id restricts suppress to its finding"
capture holdfast suppress "$tmp/bank" 00000000
is "$status" 1 "an id that no finding has is a problem"
is "$err" "holdfast suppress: 00000000: the recording has no finding of that id" "and is told in one line"

rule() {
	printf '%s\n' "$1" >"$tmp/rule"
	capture holdfast report --suppressions "$tmp/rule" --notes "$tmp/bank"
}

rule 'kind:upgrade'
like "$out" "^holdfast: $tmp/rule:1: this suppression matched nothing" "a rule that matches nothing is told"
rule 'path:*ledger.db'
like "$out" '3 suppressed' "a path glob matches across slashes"
rule 'path:*/other'
like "$out" '0 suppressed' "a path that is not the file's matches nothing"
rule 'frame:make-recording.c'
like "$out" '3 suppressed' "a frame matches by the base name of its file"
rule 'frame:make-rec*ing'
like "$out" '3 suppressed' "a frame matches by its module"
rule 'kind:close-* frame:ledger_begin frame:libc*'
like "$out" '1 suppressed' "all the words of a rule must match"
rule 'frame:ledger\ begin'
like "$out" '0 suppressed' "an escaped blank is part of the glob"

rule 'kind:no-such-kind'
is "$status" 2 "a rule with an unknown kind is refused"
is "$err" "holdfast report: $tmp/rule:1: there is no such kind; see holdfast explain" "and its line is named"
printf '\n# comment\nkind close-drops-lock\n' >"$tmp/rule"
capture holdfast report --suppressions "$tmp/rule" "$tmp/bank"
is "$err" "holdfast report: $tmp/rule:3: every word must be kind:GLOB, frame:GLOB or path:GLOB" \
	"a line that is no rule is named"
capture holdfast report --suppressions "$tmp/none" "$tmp/bank"
is "$err" "holdfast report: $tmp/none: No such file or directory" "a file of rules that is not there is named"

holdfast report -f json -o "$tmp/base" "$tmp/bank"
capture holdfast report --baseline "$tmp/base" "$tmp/bank"
is "$status" 0 "findings of the baseline do not fail"
like "$out" '0 errors, 0 warnings, 1 note .* 2 in the baseline' "and are counted"
sed 1d "$tmp/base" >"$tmp/less"
capture holdfast report --baseline "$tmp/less" "$tmp/bank"
is "$status" 1 "a finding that the baseline does not have is new, and fails"
capture holdfast report --baseline "$tmp/bank" "$tmp/bank"
is "$status" 2 "a baseline that is no report is refused"
like "$err" "^holdfast report: $tmp/bank:1: is no line of a report in the format json$" "and its line is named"
head -n 1 "$tmp/base" >"$tmp/cut"
capture holdfast report --baseline "$tmp/cut" "$tmp/bank"
like "$err" 'has no summary' "a baseline that is cut short is refused"

done_testing
