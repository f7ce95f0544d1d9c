#!/bin/sh
# SPDX-License-Identifier: MIT
# Storms (stress.h): the program does the same with the checker and without it, and afterwards the
# checker still believes what the kernel says: it finds each loss at its line, and nothing else.
. "$top_srcdir/tests/tap.sh"
command -v jq >/dev/null || skip_all "jq, which reads the reports, is not installed"
stress=$top_builddir/tests/proof/stress

# line FILE WORD: FILE:LINE of the line that is marked so.
line() {
	echo "$1:$(grep -n "/\* $2 \*/" "$top_srcdir/tests/proof/$1" | cut -d: -f1)"
}

judged="1 $(line stress.c HERE) taken $(line stress.c TAKEN)"

# Sum of counts, place and origin of all findings but notes, in one line each. What a report calls
# late was seen lost without a call to blame.
seen() {
	jq -rs '[.[] | select(.type == "finding" and .level != "note") |
		def place($role): first(.stacks[] | select(.role == $role) | .frames[] | select(.own) |
			"\(.file | sub(".*/"; "")):\(.line)");
		((if "\(.kind) \(.level)" != "close-drops-lock error" then "\(.kind) \(.level) " else "" end) +
		(if .proof | startswith("the kernel listed") then "" else "\(.proof) " end)) as $odd |
		{ count, place: "\($odd)\(place("here")) taken \(first(.stacks[] | select(.role == "taken") |
			.frames[] | select(.own and .function != "lock_posix") |
			"\(.file | sub(".*/"; "")):\(.line)"))" }] |
		group_by(.place) | map("\(map(.count) | add) \(.[0].place)") | sort | .[]' \
		"$tmp/report.json" 2>&1
}

# withstands COUNT SCENARIO [FINDINGS]: the loss at the end, and FINDINGS, are all that is found.
withstands() {
	mkdir "$tmp/$2" || exit 99
	capture "$stress" "$tmp/$2" "$2" "$1"
	alone="$out$err
status $status"
	is "$status" 0 "$2, $1 times: the program alone runs to its end"
	capture holdfast check --quiet --fail-on never --format json -o "$tmp/report.json" -- \
		"$stress" "$tmp/$2" "$2" "$1"
	is "$out$err
status $status" "$alone" "$2: it does the same under the checker"
	is "$(seen)" "$(printf '%s\n' "$judged" ${3:+"$3"} | sort)" "$2: what it loses is found, and nothing else"
}

withstands 2000 jump-posix
withstands 2000 jump-ofd
withstands 2000 jump-lockf
withstands 2000 jump-flock
withstands 100000 jump-anywhere
withstands 2000 jump-threads
withstands 300 cancel-waiting
withstands 2000 cancel-between
withstands 2 cancel-pending
withstands 100 handlers "100 $(line stress_handler.c HANDLER) taken $(line stress_handler.c TAKEN)"
withstands 20 children "100 $(line stress_child.c CHILD) taken $(line stress_child.c TAKEN)"
done_testing
