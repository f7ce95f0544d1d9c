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

capture holdfast check sh -c 'exit 7'
is "$status" 7 "the command's status is passed on"
is "$err" "holdfast: 0 errors, 0 warnings, 0 notes in 1 process (0 locks on 0 files; 0 suppressed; 0 programs not watched)" \
	"a run without locks has its summary"

capture holdfast check sh -c 'kill -TERM $$'
is "$status" 143 "death by a signal is 128 and the signal"

capture holdfast check sh -c 'no-such-program; /no/such/program; (exec no-such-program); true'
like "$err" '; 0 programs not watched' "an exec that failed is no program that was not watched"

cat >"$tmp/program.c" <<'END'
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int take(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT, 0600);
	struct flock lock = { .l_type = F_WRLCK };

	return fcntl(fd, F_SETLK, &lock) ? -1 : fd;
}

static inline __attribute__((always_inline)) void peek(const char *path)
{
	FILE *file = fopen(path, "r");

	fclose(file); /* the loss */
}

int main(int argc, char **argv)
{
	int fd = take(argv[1]);

	if (argc > 2 && !strcmp(argv[2], "lose")) {
		peek(argv[1]);
		if (write(fd, "hello", 5) != 5)
			return 1;
	}
	if (argc > 3)
		abort();
	return 7;
}
END
line=$(grep -n 'the loss' "$tmp/program.c" | cut -d: -f1)
if ! ${CC:-cc} -g -O1 -o "$tmp/program" "$tmp/program.c" || ! ${CC:-cc} -static -o "$tmp/static" "$tmp/program.c"; then
	exit 99
fi
cp "$tmp/program" "$tmp/stripped" && strip "$tmp/stripped"

capture holdfast check "$tmp/program" "$tmp/data"
is "$status" 7 "a program that locks and is right keeps its status"
like "$err" '^holdfast: 0 errors, 0 warnings, 0 notes in 1 process \(1 lock on 1 file;' "and its lock is counted"

capture holdfast check "$tmp/program" "$tmp/data" lose
is "$status" 86 "a program that loses its lock is 86"
like "$err" '^ERROR: lock lost by close \[close-drops-lock\]   pid [0-9]+ \(program\)' "the finding names kind and program"
like "$err" "#1 +peek +[^ ]*program.c:$line +program \(inlined\)" "an inlined function is a frame of its own, at the right line"
like "$err" '#1 +take +.*program.c:[0-9]+' "and the taker is named"
like "$err" 'Then written without the lock: write\(\), 5 bytes at 0' "what followed is told"
like "$err" 'Proof: the kernel listed the lock' "and how it is known"

holdfast check -q -f html -o "$tmp/page" "$tmp/program" "$tmp/data" lose 2>/dev/null
like "$(cat "$tmp/page")" 'fclose\(file\); /\* the loss' "the page shows the line of source"
touch "$tmp/program.c"
holdfast check -q -f html -o "$tmp/page" "$tmp/program" "$tmp/data" lose 2>/dev/null
unlike "$(cat "$tmp/page")" 'fclose\(file\)' "but not when the source has changed since the program was made"

capture holdfast check --exitcode 3 "$tmp/program" "$tmp/data" lose
is "$status" 3 "--exitcode chooses the status"
capture holdfast check --fail-on never "$tmp/program" "$tmp/data" lose
is "$status" 7 "--fail-on never keeps the command's"
capture holdfast check "$tmp/program" "$tmp/data" lose abort
is "$status" 134 "death by a signal is told even when there are findings"
like "$err" '^ERROR' "which are told too"
capture holdfast check --quiet -f json -o "$tmp/json" "$tmp/program" "$tmp/data" lose
is "$out$err" "" "--quiet says nothing on the terminal"
like "$(cat "$tmp/json")" '"kind":"close-drops-lock"' "while another format is written to its file"

capture holdfast check "$tmp/stripped" "$tmp/data" lose
like "$err" '#1 +\+0x[0-9a-f]+ .*stripped' "a stripped program degrades to module and offset"

capture holdfast check --keep "$tmp/kept" "$tmp/program" "$tmp/data" lose
capture holdfast report "$tmp/kept"
is "$status" 1 "a kept recording can be reported again"
like "$out" "#1 +peek +[^ ]*program.c:$line" "with its symbols"
${CC:-cc} -g -O0 -o "$tmp/program" "$tmp/program.c"
capture holdfast report "$tmp/kept"
unlike "$out" 'program.c' "a program that was built anew meanwhile is not asked for lines"
capture holdfast check --keep "$tmp/kept" true
is "$status" 125 "a recording is not written over"

capture holdfast check "$tmp/static" "$tmp/data"
is "$status" 125 "a static program alone is 125: nothing was watched"
like "$err" "^holdfast check: $tmp/static: the checker was loaded nowhere: it is statically linked" "with doctor's verdict"
capture holdfast check sh -c "$tmp/static $tmp/data; exit 0"
is "$status" 0 "a static program among others is no failure"
like "$err" "^holdfast: not watched: $tmp/static: it is statically linked" "but is named with the reason"

capture holdfast check --timeout 0.3 sleep 60
is "$status" 124 "a command that is ended by the timeout is 124"
like "$err" '^holdfast: 0 errors' "and is reported on"

mkfifo "$tmp/up"
capture holdfast check sh -c 'sh -c "echo up >$1; exec >&- 2>&-; read never <$1" & read -r _ <"$1"; echo $!' sh "$tmp/up"
like "$err" "^holdfast: process $out \\(sh\\) is still running" "a process that is left behind is named"
kill "$out"

# SIGTERM that is sent to holdfast reaches the command. A pipe tells when it is ready.
mkfifo "$tmp/ready"
holdfast check sh -c 'trap "exit 9" TERM; echo >"$1"; while :; do sleep 0.1; done' sh "$tmp/ready" 2>/dev/null &
checking=$!
read -r _ <"$tmp/ready"
kill -TERM "$checking"
wait "$checking"
is "$?" 9 "SIGTERM is passed on, and the command's answer to it is the status"

is "$(ls -A "$TMPDIR")" "" "no run folder is left behind"
done_testing
