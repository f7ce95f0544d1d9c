#!/bin/sh
# SPDX-License-Identifier: MIT
# A lock that was lost by a path no interposed function sees is reported by the next audit: as an
# error once the program goes on to use it, with the stack that took it, and without a culprit.
. "$top_srcdir/tests/tap.sh"
command -v jq >/dev/null || skip_all "jq, which reads the reports, is not installed"

# found PATH FILE
found() {
	capture holdfast check --quiet --format json -o "$tmp/report.json" -- \
		"$top_builddir/tests/proof/unseen" "$1" "$2"
	if [ "$status" -eq 77 ]; then
		skip "a lock lost through $1 is found late" "$1 is not to be had here"
		return
	fi
	is "$status $(jq -r 'select(.type == "finding") |
		"\(.kind) \(.level) by \(.via) noticed \([.stacks[] | select(.role == "here")] | length)" +
		" taken \([.stacks[] | select(.role == "taken")] | length)"' "$tmp/report.json" 2>&1)$err" \
		"86 close-drops-lock error by null noticed 1 taken 1" \
		"a lock lost through $1 is found late, and nobody is blamed"
}

zone=/usr/share/zoneinfo/UTC
echo content >"$tmp/file"
found inline-syscall "$tmp/file"
found libc-handle "$tmp/file"
found getpwnam /etc/passwd
found io_uring "$tmp/file"
if [ -r $zone ]; then
	cp $zone "$tmp/zone"
	found localtime "$tmp/zone"
else
	skip "a lock lost through localtime is found late" "$zone is not there"
fi
capture holdfast check --notes --quiet -- "$top_builddir/tests/proof/unseen" release "$tmp/file"
case $status in
77) skip "a descriptor that is closed unseen has released its lock" "no inline system call here" ;;
*) is "$status $err" "0 " "a descriptor that is closed unseen has released its lock" ;;
esac
capture holdfast check -- "$top_builddir/tests/proof/unseen" inline-syscall "$tmp/file"
like "$err" "What released it was not seen" "the report says that the culprit was not seen"
like "$err" "Found to be gone here" "the report shows where the loss was noticed"
unlike "$err" "Lost here" "the report shows no place where it was lost"
done_testing
