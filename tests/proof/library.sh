#!/bin/sh
# SPDX-License-Identifier: MIT
# The lock library, used as its header says, gives the checker nothing to warn of: its own tests run
# under the checker, which sees every lock they take, alone and contended, with deadlines and without,
# by threads and by forked children.
. "$top_srcdir/tests/tap.sh"
command -v jq >/dev/null || skip_all "jq, which reads the reports, is not installed"

# Not these: lib-fault, lib-memory and lib-sweep make system calls fail, and lib-rwlock takes no lock
# on a file.
suites='convert threads cancel wait fair replace fork borrow lock lockset open holders crowd'

sources=
for suite in $suites; do
	sources="$sources $top_srcdir/tests/unit/lib-$suite.c"
done
nothing "$(sed -n 's/^\t\(hf_[a-z_]*\);/\1/p' "$top_srcdir/lib/libholdfast.map" |
	grep '^hf_lock\|^hf_with' | while read -r function; do
	# shellcheck disable=SC2086
	cat $sources "$top_srcdir/tests/unit/lib-helpers.c" | grep -q "\<$function(" || echo "$function"
done)" "every function of the library that locks files is called by one of them"

# Built on POSIX locks alone, these do on purpose what those locks do not bear: a stray close, an exec,
# two upgrades that only the kernel stops.
unbearable=
! grep -q '^#define HF_DISABLE_OFD' "$top_builddir/config.h" || unbearable=' convert fork borrow '

for suite in $suites; do
	case $unbearable in
	*" $suite "*)
		skip "the tests of lib-$suite are silent" "needs OFD locks"
		continue
		;;
	esac
	rm -f "$tmp/report.json"
	capture holdfast check --format json -o "$tmp/report.json" -- \
		"$top_builddir/tests/unit/lib-$suite"
	is "$status: $(jq -rs '[.[] | select(.type == "finding" and .level != "note") |
		.kind, (.stacks[] | .frames[0:8][].function)] +
		[if .[-1].locks > 0 then "locks seen" else "no lock seen" end] | join(" ")' \
		"$tmp/report.json" 2>&1)" "0: locks seen" "the tests of lib-$suite are silent"
done
done_testing
