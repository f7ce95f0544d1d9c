#!/bin/sh
# SPDX-License-Identifier: MIT
# The report in README.md is what holdfast says.
. "$top_srcdir/tests/tap.sh"

reader=$top_builddir/tests/interop/sqlite-reader
[ -x "$reader" ] || skip_all "built without SQLite"

# One line, without what differs from run to run and from build to build.
normalize() {
	tr -s ' \n' ' ' | sed -E -e 's/(pid|thread|fd) [0-9]+/\1 N/g' -e 's/[0-9.]+ (ns|us|ms|s) (earlier|later)/T \2/g' \
		-e 's/\+0x[0-9a-f]+/+0xN/g' -e 's/\([0-9]+ locks/(N locks/' -e 's/[^ ]*(tests\/interop\/)/\1/g'
}

cd "$tmp" || exit 99
capture holdfast check -- "$reader" bank.db
is "$status" 86 "the program of README.md has a finding"
report=$(printf '%s\n' "$err" | normalize)
sed -n '/^ERROR: /,/^holdfast: /p' "$top_srcdir/README.md" >readme
is "$([ "$(wc -l <readme)" -ge 20 ] && echo yes)" yes "README.md has a report"
missing=
while IFS= read -r line; do
	line=$(printf '%s' "$line" | normalize)
	line=${line# }
	case $line in
	... | *libsqlite3*) continue ;; # left out; another build of SQLite has other frames
	esac
	case $report in
	*"$line"*) ;;
	*) missing="$missing
$line" ;;
	esac
done <readme
is "$missing" "" "every line of README.md's report is in a real one"

done_testing
