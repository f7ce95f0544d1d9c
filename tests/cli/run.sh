#!/bin/sh
# SPDX-License-Identifier: MIT
. "$top_srcdir/tests/tap.sh"

cd "$tmp" || exit 99
chmod 755 "$tmp"
locker=$top_builddir/tests/cli/locker
pids=
trap 'kill -9 $pids 2>/dev/null; cd /; rm -rf "$tmp"' EXIT

# eventually COMMAND...: until it succeeds, for a bounded time.
eventually() {
	for _ in $(seq 600); do
		"$@" && return 0
		sleep 0.05
	done
	return 1
}

is_free() {
	holdfast run -n lock true 2>/dev/null
}

is_held() {
	! is_free
}

# start COMMAND...: in the background; returns when it has said "up". Sets $started and $said.
start() {
	said=$(mktemp "$tmp/said.XXXXXX")
	"$@" >"$said" 2>&1 </dev/null &
	started=$!
	pids="$pids $started"
	eventually grep -q up "$said" || tap_fail "$* says up" "$(cat "$said")"
}

# finish PID: waits for it and sets $status.
finish() {
	status=0
	wait "$1" 2>/dev/null || status=$?
}

waits_for_lock() {
	holdfast list lock 2>/dev/null | grep -q ' waits '
}

# ---- the command ----

capture holdfast run lock -- sh -c 'exit 7'
is "$status" 7 "the exit status is the command's"
capture holdfast run lock sh -c 'kill -9 $$'
is "$status" 137 "a command that is killed ends with 128 + the signal"
capture holdfast run lock no-such-command-anywhere
is "$status" 127 "a command that is not there ends with 127"
is "$err" "holdfast run: no-such-command-anywhere: No such file or directory" "it is named in one line"
: >plain-file
capture holdfast run lock ./plain-file
is "$status" 126 "a command that cannot be executed ends with 126"
is "$(echo hello | holdfast run lock cat)" hello "stdin and stdout are the command's"
capture holdfast run lock -- echo -n --verbose -s
is "$out" "--verbose -s" "options after FILE are the command's"
echo content >kept
holdfast run kept true
is "$(cat kept)" content "the file's content is not touched"

# ---- who is kept out ----

capture holdfast run lock holdfast run -n lock true
is "$status" 1 "a second run is refused while the first holds the lock"
is "$err" "" "a refusal is silent"
capture holdfast run lock holdfast run -n -E 42 lock true
is "$status" 42 "-E sets the status of a refusal"
capture holdfast run lock holdfast run -w 0.05 -E 43 lock true
is "$status" 43 "-E sets the status of a wait that was given up"
capture holdfast run lock holdfast run -w 0 lock true
is "$status" 1 "-w 0 does not wait"
capture holdfast run -s lock holdfast run -s -n lock true
is "$status" 0 "two shared locks go together"
capture holdfast run -s lock holdfast run -n lock true
is "$status" 1 "an exclusive lock does not go with a shared one"
capture holdfast run lock holdfast run -s -n lock true
is "$status" 1 "a shared lock does not go with an exclusive one"
capture holdfast run lock holdfast run -n other true
is "$status" 0 "another file is another lock"
ln lock hard-link
capture holdfast run lock holdfast run -n hard-link true
is "$status" 1 "a hard link is the same lock"
ln -s lock soft-link
capture holdfast run lock holdfast run -n soft-link true
is "$status" 1 "a symbolic link is the same lock"

capture holdfast run --range 0:10 lock holdfast run -n --range 10:10 lock true
is "$status" 0 "ranges that do not overlap go together"
capture holdfast run --range 0:10 lock holdfast run -n --range 9:0 lock true
is "$status" 1 "ranges that overlap do not, and length 0 goes to the end"

try='import fcntl, sys
try: fcntl.lockf(open("lock", "r+"), fcntl.LOCK_EX | fcntl.LOCK_NB)
except OSError: sys.exit(9)'
if command -v python3 >/dev/null; then
	capture holdfast run lock python3 -c "$try"
	is "$status" 9 "a program that uses fcntl is kept out"
else
	skip "a program that uses fcntl is kept out" "no python3 here"
fi
"$locker" posix write 0 0 lock >locker.out &
locker_pid=$!
pids="$pids $locker_pid"
eventually grep -q held locker.out
capture holdfast run -n lock true
is "$status" 1 "a program that uses fcntl keeps the run out"
kill "$locker_pid"
wait "$locker_pid" 2>/dev/null

if command -v flock >/dev/null; then
	capture holdfast run lock flock -n lock true
	is "$status" 0 "flock(1) is not excluded, as the manual says"
	capture holdfast run --flock lock flock -n lock true
	is "$status" 1 "--flock excludes flock(1)"
	capture flock lock holdfast run --flock -n -E 44 lock true
	is "$status" 44 "flock(1) excludes --flock"
	capture flock lock holdfast run --flock -w 0.05 -E 45 --verbose lock true
	is "$status" 45 "--flock has a deadline"
	like "$err" "an exclusive flock is held by pid [0-9]+: .*flock lock" "who has the flock is named"
	capture flock lock holdfast run lock holdfast run --verbose -n lock true
	unlike "$err" "flock lock holdfast" "who has a flock is not in the way of a run without --flock"
	capture flock -s lock holdfast run --flock -s -n lock true
	is "$status" 0 "two shared flocks go together"
else
	skip "--flock excludes flock(1)" "no flock(1) here"
fi

# ---- crashes ----

start holdfast run lock sh -c 'echo $$ >command.pid; echo up; exec sleep 100'
ok "the lock is held while the command runs" is_held
kill -9 "$(cat command.pid)"
finish "$started"
is "$status" 137 "SIGKILL of the command ends the run"
ok "and frees the lock" is_free

# A POSIX lock, which is all that a build without OFD locks has, cannot be shared with the command.
if grep -q '^#define HF_DISABLE_OFD' "$top_builddir/config.h"; then
	skip "the command shares the lock" "built without OFD locks"
else
	start holdfast run lock sh -c 'echo $$ >command.pid; echo up; exec sleep 100'
	pids="$pids $(cat command.pid)"
	kill -9 "$started"
	finish "$started"
	ok "the command survives SIGKILL of the run" kill -0 "$(cat command.pid)"
	ok "and still has the lock" is_held
	kill -9 "$(cat command.pid)"
	ok "which is free when the command ends" eventually is_free
	capture holdfast run lock sh -c 'sleep 100 & echo $!'
	pids="$pids $out"
	ok "what the command leaves running keeps the lock" is_held
	kill "$out"
	ok "until it ends" eventually is_free
fi

start holdfast run -o lock sh -c 'echo $$ >command.pid; echo up; exec sleep 100'
pids="$pids $(cat command.pid)"
kill -9 "$started"
finish "$started"
ok "with -o, too, the command survives SIGKILL of the run" kill -0 "$(cat command.pid)"
ok "but the lock is free" eventually is_free
kill -9 "$(cat command.pid)"

capture holdfast run -o lock sh -c 'sleep 100 & echo $!'
pids="$pids $out"
ok "with -o it does not have the lock" is_free
kill "$out"

start holdfast run lock sh -c 'trap "exit 5" TERM; echo up; while :; do sleep 0.05; done'
kill -TERM "$started"
finish "$started"
is "$status" 5 "SIGTERM is passed on to the command"

capture holdfast check --strip-prefix=/ -- holdfast run lock sh -c 'sleep 100 & echo $!'
pids="$pids $out"
is "$status" 0 "the checker finds no misuse in a run that hands its lock to a daemon"
like "$err" "^holdfast: 0 errors, 0 warnings, .* \([1-9][0-9]* lock" "and it did look"
kill "$out"
ok "whose lock ends with it" eventually is_free

# ---- waiting ----

start holdfast run lock sh -c 'echo up; exec sleep 100'
holder=$started
holdfast run --verbose lock echo got-it >waiter.out 2>waiter.err &
waiter=$!
pids="$pids $waiter"
ok "who is in the way is named before the wait" eventually grep -q "an exclusive lock is held by pid" waiter.err
like "$(cat waiter.err)" "^holdfast run: lock: an exclusive lock is held by pid $holder: .*holdfast run lock" \
	"the holder's pid and command line are told"
ok "the wait is a wait in the kernel" eventually waits_for_lock
kill "$holder"
finish "$waiter"
is "$status $(cat waiter.out)" "0 got-it" "the waiter runs its command when the lock is free"
like "$(cat waiter.err)" "^holdfast run: lock: got the lock after [0-9]+\.[0-9]+ s" "--verbose tells how long it took"

start holdfast run lock sh -c 'echo up; exec sleep 100'
holder=$started
if command -v script >/dev/null && script -qec true /dev/null >/dev/null 2>&1 </dev/null; then
	capture script -qec 'holdfast run -w 1.3 lock true' /dev/null
	like "$out" "an exclusive lock is held by pid $holder" "on a terminal the holder is named without --verbose"
else
	skip "on a terminal the holder is named without --verbose" "no script(1), or no terminal to be had"
fi
holdfast run lock holdfast list lock >replaced.out 2>&1 &
waiter=$!
pids="$pids $waiter"
ok "another run waits" eventually waits_for_lock
mv lock moved && : >lock
kill "$holder"
finish "$holder"
finish "$waiter"
like "$(cat replaced.out)" "^$waiter +(ofd|posix) +write +holds" "a file replaced meanwhile is locked under its name, not its ghost"

# ---- errors ----

capture holdfast run absent/lock true
is "$status" 125 "a file that cannot be made is told apart from the command's failure"
is "$err" "holdfast run: absent/lock: No such file or directory" "it is named in one line"
capture holdfast run . true
is "$status" 125 "a directory cannot be locked exclusively"
capture holdfast run -s . true
is "$status" 0 "a directory can be locked by a reader"
for wrong in '-w x' '-w -1' '-w 1x' '-w nan' '-E 256' '-E -1' '--range 5' '--range :5' '--range 1:2:3' '--range a:b' \
	'--range 1:99999999999999999999' '--flock --range 0:1'; do
	# shellcheck disable=SC2086
	capture holdfast run $wrong lock true
	is "$status" 2 "$wrong is a usage error"
	is "$(printf '%s\n' "$err" | wc -l)" 1 "$wrong is told in one line"
done
capture holdfast run
is "$status" 2 "no FILE is a usage error"
capture holdfast run lock
is "$status" 2 "no COMMAND is a usage error"
capture holdfast run lock --
is "$status" 2 "no COMMAND after -- is a usage error"

if can_be_nobody; then
	echo content >readable && chmod 644 readable
	as_nobody holdfast run -s readable true
	is "$status" 0 "a reader may lock a file that it may not write"
	as_nobody holdfast run readable true
	is "$status" 125 "a writer may not"
	is "$err" "holdfast run: readable: Permission denied" "and is told"
else
	skip "a reader may lock a file that it may not write" "not root, or no setpriv"
fi

done_testing
