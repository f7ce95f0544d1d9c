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

run --trace --ops 50000
nothing "$(why)" "after each of 50,000 random operations the ledger says what the kernel says"
sed -n 's/^# /# /p' "$tmp/out"
sed -n 's/^# lacking //p' "$tmp/out" >"$tmp/lacking"
while IFS=: read -r operation reason; do
	skip "the operation $operation" "${reason# }"
done <"$tmp/lacking"
compared=$(sed -n 's/^# ledger compared with \([1-9][0-9]*\) events of .*/\1/p' "$tmp/out")
no_trace=$(sed -n 's/^# no tracepoints: //p' "$tmp/out")

run --test-the-test --ops 50000
nothing "$(grep '^not ok' "$tmp/out"; why)" "without any one hook the same run finds a disagreement"
sed -n 's/^ok [0-9]* - /# /p' "$tmp/out"

# The third witness for itself: it has seen something, and does not agree with whatever it is told.
if [ -n "$no_trace" ]; then
	skip "the kernel's tracepoints tell the same" "$no_trace"
else
	ok "the kernel's tracepoints tell the same, in ${compared:-no} events" [ -n "$compared" ]
	for hook in fcntl flock close dup2 closedir; do
		run --only-trace --ops 50000 --without "$hook"
		like "$(cat "$tmp/out")" '^# by the tracepoints' \
			"without the hook of $hook the tracepoints alone find a disagreement"
	done
fi
done_testing
