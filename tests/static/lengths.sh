#!/bin/sh
# SPDX-License-Identifier: MIT
# A function fits on a screen, a file in a head: no function over 60 lines, no C file over 500.
. "$top_srcdir/tests/tap.sh"
cd "$top_srcdir" || exit 99

files=$(ls lib/*.[ch] lib/core/*.[ch] preload/*.[ch] tools/*.[ch] tests/unit/*.[ch] tests/proof/*.[ch] \
	tests/interop/*.[ch] tests/misuse/*.[ch] tests/fuzz/*.[ch] tests/bench/*.[ch] 2>/dev/null)

# A body is what stands between a brace in the first column and the next one.
long_functions() {
	# shellcheck disable=SC2086
	awk '
		FNR == 1 { start = 0 }
		/^[a-zA-Z_].*\(/ { name = $0 }
		/^{/ { start = FNR }
		/^}/ { if (start && FNR - start - 1 > 60)
			printf "%s:%d: %d lines: %s\n", FILENAME, start, FNR - start - 1, name
		       start = 0 }' $files
}

long_files() {
	# shellcheck disable=SC2086
	awk 'FNR == 501 { print FILENAME ": more than 500 lines" }' $files
}

nothing "$(long_functions)" \
	"no function is longer than 60 lines"
nothing "$(long_files)" \
	"no C file is longer than 500 lines"
done_testing
