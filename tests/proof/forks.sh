#!/bin/sh
# SPDX-License-Identifier: MIT
# fork, _Fork, vfork and posix_spawn while threads lock: every child works, and nothing is reported.
. "$top_srcdir/tests/tap.sh"

capture timeout -k 5 110 holdfast check --notes -- "$top_builddir/tests/proof/forks" "$tmp" 60
is "$status" 0 "children made while threads lock work"
like "$err" "0 errors, 0 warnings, 0 notes" "and nothing is reported about them"
like "$err" "0 programs not watched" "and every program that they became is watched"
done_testing
