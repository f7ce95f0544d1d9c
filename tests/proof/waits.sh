#!/bin/sh
# SPDX-License-Identifier: MIT
# Whom a wait was for: long-wait names the process, its program and where it took the lock; edeadlk
# says when threads may have made the kernel see a deadlock that is none.
. "$top_srcdir/tests/tap.sh"
command -v jq >/dev/null || skip_all "jq, which reads the reports, is not installed"
mkdir -p "$top_builddir/tests/misuse/built"

# checked PROGRAM ARGUMENT...: $status, and $tmp/report
checked() {
	capture holdfast check --notes --format json -o "$tmp/report" -- "$@"
}

built() {
	sh "$top_srcdir/tests/misuse/run-pairs.sh" build "$1" bad "$2"
}

# of KIND EXPRESSION
of() {
	jq -r "select(.kind == \"$1\") | $2" "$tmp/report"
}

HOLDFAST_OPTIONS=wait_report_ms=1
export HOLDFAST_OPTIONS
for variant in plain via-flock via-ofd; do
	program=$(built long-wait $variant)
	checked "$program" "$tmp/$variant"
	is "$(of long-wait '"\(.holder_pid != .pid) \(.holder_program)"')" "true long-wait.bad.$(
		echo $variant | cut -c1)" "$variant: the holder is named"
	is "$(of long-wait '.stacks[] | select(.role == "taken") | .frames[0] | "\(.file | sub(".*/"; "")):\(.line)"')" \
		"long-wait.bad.c:$(grep -n TAKEN "$top_srcdir/tests/misuse/long-wait.bad.c" | cut -d: -f1)" \
		"$variant: and where it took the lock"
done

# A holder that is not watched: flock(1), which ends once somebody waits.

mkfifo "$tmp/held"
env -u HOLDFAST_OPTIONS flock "$tmp/file" sh -c "echo >$tmp/held
	until grep -q -e '-> FLOCK .*:$(touch "$tmp/file"; stat -c %i "$tmp/file") ' /proc/locks; do sleep 0.01; done" &
read -r _ <"$tmp/held"
checked flock "$tmp/file" true
wait
is "$(of long-wait '"\(.holder_pid) \(.holder_program)"')" "$! flock" \
	"a holder that is not watched is named by the kernel"
like "$(of long-wait .message)" "^Process $! \(flock\) had it" "in words, too"
unset HOLDFAST_OPTIONS

checked "$(built edeadlk plain)" "$tmp/deadlock"
is "$(of edeadlk .may_be_spurious)" null "between processes of one thread each a deadlock is one"
checked "$(built edeadlk threaded)" "$tmp/deadlock-threaded"
is "$(of edeadlk .may_be_spurious)" true "with several threads it may be none"
like "$(of edeadlk .message)" "^This may be spurious" "in words, too"
done_testing
