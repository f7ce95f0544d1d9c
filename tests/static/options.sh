#!/bin/sh
# SPDX-License-Identifier: MIT
# Every key of HOLDFAST_OPTIONS is in the manual with its default, and the manual has no other.
. "$top_srcdir/tests/tap.sh"
cd "$top_srcdir" || exit 99

manual=docs/libholdfast-check.7

keys() {
	sed -n 's/^HF_OPTION([a-z_]*, "\([a-z_]*\)".*/\1/p' lib/core/options.def | sort
}

documented() {
	sed -n '/^\.Sh OPTIONS/,/^\.Sh ENVIRONMENT/s/^\.It Cm \([a-z_]*\) Ns = .*/\1/p' $manual | sort
}

# Lines "KEY DEFAULT" of those that have a number for a default.
numbers() {
	sed -n 's/^HF_OPTION([a-z_]*, "\([a-z_]*\)", [A-Z]*, "\([0-9][0-9]*\)", "[^0].*/\1 \2/p' \
		lib/core/options.def
}

undocumented_defaults() {
	numbers | while read -r key default; do
		sed -n "/^\.It Cm $key /,/^\.It /p" $manual | grep -q "^The default is $default\.\$" ||
			echo "$manual: $key: the default is $default"
	done
}

ok "options.def could be read" [ -n "$(keys)" ]
is "$(documented)" "$(keys)" "the manual has the keys of options.def"
ok "there are defaults to compare" [ -n "$(numbers)" ]
nothing "$(undocumented_defaults)" "the manual has their defaults"
done_testing
