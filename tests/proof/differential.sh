#!/bin/sh
# SPDX-License-Identifier: MIT
# The ledger against the kernel, in its short form: see differential.h.
. "$top_srcdir/tests/tap.sh"
differential=$top_builddir/tests/proof/differential

run() {
	status=0
	timeout -k 5 300 "$differential" "$@" >"$tmp/out" 2>&1 </dev/null || status=$?
}

why() {
	[ "$status" = 0 ] || echo "exit status $status
$(grep '^#' "$tmp/out" | tail -n 90)"
}

run --ops 50000
nothing "$(why)" "after each of 50,000 random operations the ledger says what the kernel says"
sed -n 's/^# /# /p' "$tmp/out"

run --test-the-test --ops 50000
nothing "$(grep '^not ok' "$tmp/out"; why)" "without any one hook the same run finds a disagreement"
sed -n 's/^ok [0-9]* - /# /p' "$tmp/out"
done_testing
