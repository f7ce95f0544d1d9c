# SPDX-License-Identifier: MIT
# shellcheck shell=sh
# Sourced, after tap.sh, by tests of real programs under the checker.
command -v jq >/dev/null || skip_all "jq, which reads the reports, is not installed"

# watch COMMAND...: under the checker; $status, $out, and the report in $tmp/report.json.
watch() {
	rm -f "$tmp/report.json"
	capture holdfast check --format json -o "$tmp/report.json" -- "$@"
}

# report FILTER: what jq makes of the list of the report's objects.
report() {
	jq -rs "$1" "$tmp/report.json" 2>&1
}

# Kind and level of all but notes.
findings() {
	report '[.[] | select(.type == "finding" and .level != "note") | .kind, .level] | join(" ")'
}

# silent NAME: the last watched command succeeded, locked something and was accused of nothing.
silent() {
	is "$status: $(findings)$(report 'if .[-1].locks > 0 then "locks seen" else "no lock seen" end')" \
		"0: locks seen" "$1"
}

# frames KIND ROLE: function and place of the frames of that stack.
frames() {
	report "[.[] | select(.kind == \"$1\") | .stacks[] | select(.role == \"$2\") |
		.frames[] | \"\\(.function) \\(.file // \"\" | sub(\".*/\"; \"\")):\\(.line // 0)\"] | join(\"\\n\")"
}
