#!/bin/sh
# SPDX-License-Identifier: MIT
. "$top_srcdir/tests/tap.sh"
cd "$top_srcdir" || exit 99

make_recording=$top_builddir/tests/golden/make-recording
"$make_recording" bank "$tmp/bank" || exit 99
"$make_recording" clean "$tmp/clean" || exit 99

capture holdfast report "$tmp/bank"
is "$status" 1 "findings make report fail"
like "$out" '^ERROR: lock lost by close \[close-drops-lock\]   pid 4711 \(bank\)$' "a finding's first line names it"
like "$out" '#1 +read_config +[^ ]*tests/golden/make-recording.c:[0-9]+ ' "frames have function, file and line"
like "$out" 'seen 2 times$' "the same finding of two processes is told once and counted"
unlike "$out" '^NOTE' "notes are not printed unasked"
like "$out" '^holdfast: not watched: /usr/bin/static$' "an exec without a hello is named"
is "$(printf '%s\n' "$out" | tail -n 1)" \
	"holdfast: 1 error, 1 warning, 1 note in 2 processes (31 locks on 2 files; 0 suppressed; 1 program not watched)" \
	"the last line is the summary"

capture holdfast report --notes "$tmp/bank"
like "$out" '^NOTE: lock lost by close' "--notes prints notes"

capture holdfast report --strict "$tmp/bank"
like "$out" '1 error, 2 warnings, 0 notes' "--strict makes notes warnings"

capture holdfast report --fail-on never "$tmp/bank"
is "$status" 0 "--fail-on never does not fail"

capture holdfast report "$tmp/clean"
is "$status" 0 "a clean recording succeeds"
is "$out" "holdfast: 0 errors, 0 warnings, 0 notes in 1 process (31 locks on 2 files; 0 suppressed; 0 programs not watched)" \
	"a clean recording has a summary too"

capture holdfast report "$tmp/bank" "$tmp/bank"
like "$out" 'seen 6 times$' "two recordings are merged"

mkdir "$tmp/run" && cp "$tmp/bank" "$tmp/run/pool"
capture holdfast report "$tmp/run"
is "$status" 1 "a run folder is read like the recording in it"

capture holdfast report "$tmp/none"
is "$status" 2 "a recording that does not exist is status 2"
is "$err" "holdfast report: $tmp/none: No such file or directory" "a recording that does not exist is told in one line"

echo "some text that is no recording" >"$tmp/text"
capture holdfast report "$tmp/text"
is "$status" 2 "a file that is no recording is status 2"
is "$err" "holdfast report: $tmp/text: is no recording of holdfast check" "a file that is no recording is told in one line"

: >"$tmp/empty"
capture holdfast report "$tmp/empty"
is "$err" "holdfast report: $tmp/empty: is no recording of holdfast check" "an empty file is told in one line"

cp "$tmp/bank" "$tmp/newer"
printf '\377' | dd of="$tmp/newer" bs=1 seek=8 conv=notrunc 2>/dev/null
capture holdfast report "$tmp/newer"
is "$status" 2 "another version's recording is status 2"
like "$err" 'was recorded by another version of holdfast' "another version's recording is named so"

# The header, the images, and the first records of the log.
head -c 9000 "$tmp/bank" >"$tmp/cut"
capture holdfast report --notes --fail-on never "$tmp/cut"
is "$status" 1 "a recording that is cut short fails, whatever is found in it"
like "$out" 'cut short: [0-9]+ bytes are missing' "a recording that is cut short says so"
like "$out" 'lock lost by close' "and gives what is there"
like "$(printf '%s\n' "$out" | tail -n 1)" '^holdfast: [0-9]+ error' "and ends with the summary"

# On a terminal. A program in python makes one.
if [ -x /usr/bin/python3 ] && [ -w /dev/ptmx ]; then
	terminal() {
		TERM=xterm timeout -k 5 30 /usr/bin/python3 -c 'import pty, sys; pty.spawn(sys.argv[1:])' \
			holdfast report "$tmp/bank" </dev/null
	}
	esc=$(printf '\033')
	like "$(unset NO_COLOR; terminal)" "^$esc\\[1;31mERROR: lock lost by close" "on a terminal levels have a colour"
	unlike "$(NO_COLOR=1 terminal)" "$esc" "but not with NO_COLOR"
else
	skip "on a terminal levels have a colour" "no python3 or no pseudo-terminal here"
fi
unlike "$(holdfast report "$tmp/bank")" "$(printf '\033')" "nothing else has colours"

capture holdfast report --format nonsense "$tmp/bank"
is "$status" 2 "an unknown format is a usage error"
like "$err" '^holdfast report: nonsense: no such format; there are text' "an unknown format is told with those there are"

capture holdfast report -o "$tmp/no/such/folder" "$tmp/bank"
is "$status" 2 "an output that cannot be written fails"
done_testing
