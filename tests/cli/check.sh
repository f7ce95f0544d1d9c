#!/bin/sh
# SPDX-License-Identifier: MIT
. "$top_srcdir/tests/tap.sh"
TMPDIR=$tmp/runs
export TMPDIR
mkdir "$TMPDIR"

capture holdfast check
is "$status" 2 "a missing command is a usage error"

capture holdfast check -- no-such-command-anywhere
is "$status" 127 "a command that does not exist is 127"
is "$err" "holdfast check: no-such-command-anywhere: No such file or directory" "and is told in one line"

capture holdfast check "$top_srcdir/README.md"
is "$status" 126 "a file that cannot be executed is 126"

HOLDFAST_OPTIONS=frobnicate=1 capture holdfast check true
is "$status" 125 "an unknown key in HOLDFAST_OPTIONS is 125"
like "$err" '^holdfast check: HOLDFAST_OPTIONS: .*frobnicate' "and is named in one line"

HOLDFAST_CHECKER=$tmp/no.so capture holdfast check true
is "$status" 125 "a checker that is not there is 125"
is "$err" "holdfast check: $tmp/no.so: the checker cannot be read: No such file or directory" "and is named in one line"

TMPDIR=$tmp/no/such capture holdfast check true
is "$status" 125 "a run folder that cannot be made is 125"
like "$err" "^holdfast check: $tmp/no/such/holdfast-[0-9a-f]{32}: cannot make the recording: No such file" "and is told in one line"

capture holdfast check --timeout 0 true
is "$status" 2 "a timeout of nothing is a usage error"

is "$(ls -A "$TMPDIR")" "" "no run folder is left behind"
done_testing
