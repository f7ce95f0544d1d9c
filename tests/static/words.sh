#!/bin/sh
# SPDX-License-Identifier: MIT
# Every file says its licence; none promises what it does not do.
. "$top_srcdir/tests/tap.sh"
cd "$top_srcdir" || exit 99

# What people wrote, in a checkout and in a tarball, built or not.
sources() {
	find lib preload tools tests docs .ci -type f \( -name '*.[chS]' -o -name '*.def' -o -name '*.sh' \
		-o -name '*.mk' -o -name '*.in' -o -name '*.map' -o -name '*.[1-8]' -o -name '*.py' \
		-o -path '.ci/*' \) 2>/dev/null
	ls bootstrap configure.ac Makefile.am run.in
}

texts() {
	sources
	find docs -type f -name '*.md'
	ls README.md NEWS CONTRIBUTING.md
}

nothing "$(sources | xargs grep -L 'SPDX-License-Identifier: MIT')" \
	"every source file carries its licence in one line"

# Spelt in pieces, since this file is searched too.
words='(^|[^A-Za-z])(TO''DO|FIX''ME|keep in sy''nc|for n''ow|not impleme''nted)([^A-Za-z]|$)|(^|[^X])XX''X([^X]|$)'
nothing "$(texts | xargs grep -nE "$words")" \
	"no file promises instead of doing"
done_testing
