#!/bin/sh
# SPDX-License-Identifier: MIT
# Reports hold against the schemas of their formats. Those of SARIF and JUnit are others' work and not
# in the tree: HOLDFAST_SCHEMAS names the folder that has them.
. "$top_srcdir/tests/tap.sh"
cd "$top_srcdir" || exit 99

schemas=${HOLDFAST_SCHEMAS-}
# A folder beside the source that has them will do.
for found in "$top_srcdir"/../*/*/sarif-schema-2.1.0.json; do
	[ "$schemas" ] || [ ! -r "$found" ] || schemas=${found%/*}
done
make_recording=$top_builddir/tests/golden/make-recording
"$make_recording" bank "$tmp/bank" || exit 99
"$make_recording" clean "$tmp/clean" || exit 99

cat >"$tmp/validate.py" <<'END'
import json, sys
import jsonschema
schema = json.load(open(sys.argv[1]))
jsonschema.Draft7Validator.check_schema(schema)
for line in (open(sys.argv[2]) if sys.argv[3] == "lines" else [open(sys.argv[2]).read()]):
    jsonschema.Draft7Validator(schema).validate(json.loads(line))
END

# validate NAME SCHEMA FILE whole|lines
validate() {
	if ! /usr/bin/python3 -c 'import jsonschema' 2>/dev/null; then
		skip "$1" "python3-jsonschema is not installed"
	elif [ ! -r "$2" ]; then
		skip "$1" "$2 is not there: set HOLDFAST_SCHEMAS"
	else
		ok "$1" /usr/bin/python3 "$tmp/validate.py" "$2" "$3" "$4"
	fi
}

validate_xml() {
	if ! command -v xmllint >/dev/null; then
		skip "$1" "xmllint is not installed"
	elif [ ! -r "$2" ]; then
		skip "$1" "$2 is not there: set HOLDFAST_SCHEMAS"
	else
		ok "$1" xmllint --noout --schema "$2" "$3"
	fi
}

for run in bank clean; do
	capture holdfast report --notes -f json -o "$tmp/json" -f sarif -o "$tmp/sarif" \
		-f junit -o "$tmp/junit" -f text -o "$tmp/text" "$tmp/$run"
	is "$err$out" "" "a report of $run in four files says nothing elsewhere"
	validate "every line of the $run report in json is as its schema says" docs/report.schema.json \
		"$tmp/json" lines
	validate "the $run report in sarif is valid" "$schemas/sarif-schema-2.1.0.json" "$tmp/sarif" whole
	validate_xml "the $run report in junit is valid" "$schemas/junit-10.xsd" "$tmp/junit"
	is "$(tail -n 1 "$tmp/text" | cut -d: -f1)" "holdfast" "the $run report in text ends with the summary"
done

if command -v jq >/dev/null; then
	holdfast report -f json "$tmp/bank" >"$tmp/json"
	is "$(jq -r 'select(.type == "finding") | .kind' "$tmp/json" | tr '\n' ' ')" \
		"close-drops-lock reentrant-acquire " "jq reads the findings of a json report"
	holdfast report -f sarif "$tmp/bank" >"$tmp/sarif"
	is "$(jq -r '.runs[0] | .tool.driver.rules[.results[0].ruleIndex].id' "$tmp/sarif")" \
		"close-drops-lock" "a sarif result's index is that of its rule"
	nothing "$(jq -r '.runs[0].results[] | . as $r | .message.text | scan("\\]\\(([0-9]+)\\)") | .[0] | tonumber |
		select(. as $id | $r.relatedLocations | map(.id) | index($id) == null)' "$tmp/sarif")" \
		"every link of a sarif message has its related location"
	nothing "$(jq -r '.runs[0].results[] | select(.locations[0].physicalLocation.artifactLocation.uri | startswith("/"))' \
		"$tmp/sarif")" "sarif locations are relative to the source root or have a scheme"
else
	skip "jq reads the reports" "jq is not installed"
fi

capture holdfast report -f github "$tmp/bank"
like "$out" '^::error file=tests/golden/make-recording.c,line=[0-9]+,col=[0-9]+,title=lock lost by close::' \
	"an annotation names file, line and title"
like "$out" '^::warning file=' "a warning is an annotation of its own kind"

# The identity of a finding must survive lines that move: the same functions, other offsets.
holdfast report -f json --strip-prefix=/nowhere "$tmp/bank" | sed -n 's/.*"id":"\([0-9a-f]*\)".*/\1/p' >"$tmp/ids"
holdfast report -f json "$tmp/bank" | sed -n 's/.*"id":"\([0-9a-f]*\)".*/\1/p' >"$tmp/ids2"
ok "ids do not depend on how paths are shortened" cmp "$tmp/ids" "$tmp/ids2"
done_testing
