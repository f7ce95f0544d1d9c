#!/bin/sh
# SPDX-License-Identifier: MIT
# The product's C files are as clang-format leaves them. Versions differ in their taste: it is 14's.
. "$top_srcdir/tests/tap.sh"
cd "$top_srcdir" || exit 99
clang-format --version 2>/dev/null | grep -q 'version 14\.' || skip_all "clang-format 14 is not installed"

nothing "$(clang-format --dry-run lib/*.[ch] lib/core/*.[ch] preload/*.[ch] tools/*.[ch] 2>&1 |
	sed -n 's/^\([^:]*:[0-9]*\):.*clang-format-violations.*/\1/p')" \
	"every line is formatted (else: clang-format -i)"
done_testing
