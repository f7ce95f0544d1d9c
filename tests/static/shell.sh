#!/bin/sh
# SPDX-License-Identifier: MIT
# Shell scripts pass shellcheck.
. "$top_srcdir/tests/tap.sh"
cd "$top_srcdir" || exit 99
command -v shellcheck >/dev/null || skip_all "shellcheck is not installed"

# Variables come from and go to files that are sourced (SC2034, SC2154); those files are checked by
# themselves (SC1091); single quotes hold programs of other languages (SC2016).
lint() {
	xargs -r shellcheck -s "$1" -f gcc -S warning -e SC1091,SC2016,SC2034,SC2154
}

nothing "$({ find tests -type f -name '*.sh'; echo bootstrap; } | lint sh)" \
	"shellcheck finds nothing in the POSIX scripts"
nothing "$(find .ci -type f 2>/dev/null | lint bash)" "shellcheck finds nothing in the CI scripts"
done_testing
