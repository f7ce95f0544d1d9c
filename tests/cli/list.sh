#!/bin/sh
# SPDX-License-Identifier: MIT
. "$top_srcdir/tests/tap.sh"

[ -r /proc/locks ] || skip_all "/proc/locks cannot be read here"
locker=$top_builddir/tests/cli/locker
chmod 755 "$tmp"
file=$tmp/file
pids=
trap 'kill $pids 2>/dev/null; rm -rf "$tmp"' EXIT

# eventually COMMAND...: until it succeeds, for a bounded time.
eventually() {
	for _ in $(seq 600); do
		"$@" && return 0
		sleep 0.05
	done
	return 1
}

# start_locker ARGUMENT...: sets $locker_pid when it says "waits"; its output is in $locker_out
start_locker() {
	locker_out=$(mktemp "$tmp/locker.XXXXXX")
	"$locker" "$@" >"$locker_out" 2>&1 &
	locker_pid=$!
	pids="$pids $locker_pid"
	eventually grep -q waits "$locker_out" || tap_fail "the locker starts" "$(cat "$locker_out")"
}

holder() {
	start_locker "$@"
	eventually grep -q held "$locker_out" || tap_fail "the locker gets its lock" "$(cat "$locker_out")"
}

has_request_of() {
	holdfast list "$file" 2>/dev/null | grep -Eq "^[ \`|-]*$1 .* waits "
}

: >"$file"
capture holdfast list "$file"
is "$status" 0 "a file that nobody locks is listed"
is "$out" "$file: nobody holds a file lock or waits for one" "nobody is told as nobody"
capture holdfast list --json "$file"
like "$out" '"locks": \[\],' "nobody is an empty list in JSON"

holder posix write 10 5 "$file"
posix=$locker_pid
holder ofd read 100 0 "$file"
ofd=$locker_pid
holder flock read 0 0 "$file"
flock=$locker_pid
capture holdfast list "$file"
is "$status" 0 "locks are listed"
like "$out" "^$posix +posix +write holds 10-14 +[0-9]+ +$file +.*/locker posix write" \
	"a POSIX lock is listed with its holder, bytes and command"
like "$out" "^$ofd +ofd +read +holds 100-EOF +[0-9]+ +$file .*/locker ofd read" \
	"an OFD lock is listed with its holder, whom /proc/locks does not name"
like "$out" "^$flock +flock +read +holds 0-EOF +[0-9]+ +$file .*/locker flock read" \
	"a flock is listed with its holder"
ln "$file" "$tmp/hard" && ln -s file "$tmp/soft"
for name in hard soft; do
	capture holdfast list "$tmp/$name"
	like "$out" "^$posix +posix" "a $name link to the file finds the same locks"
done
(cd "$tmp" && holdfast list file) >"$tmp/out" 2>&1
like "$(cat "$tmp/out")" "^$posix +posix" "a relative path finds the same locks"
: >"$tmp/other"
capture holdfast list "$tmp/other"
like "$out" "nobody holds" "another file's locks are not shown"

start_locker posix write 0 0 "$file"
waiter=$locker_pid
ok "a waiting request is listed" eventually has_request_of "$waiter"
capture holdfast list "$file"
like "$out" "^$waiter +posix +write waits 0-EOF +\? +$posix,$ofd " \
	"a request names all the holders that it waits for, over both families of fcntl locks"
start_locker ofd write 12 1 "$file"
ofd_waiter=$locker_pid
if ! eventually has_request_of "$ofd_waiter"; then
	skip "an OFD request is listed with its process" "the kernel does not tell system calls here"
else
	capture holdfast list "$file"
	like "$out" "^$ofd_waiter +ofd +write waits 12-12 +[0-9]+ +$posix " \
		"an OFD request is listed with its process and descriptor"
fi
start_locker flock write 0 0 "$file"
flock_waiter=$locker_pid
ok "a waiting flock is listed" eventually has_request_of "$flock_waiter"

capture holdfast list --tree "$file"
like "$out" "^.*-$flock_waiter +flock +write waits" "the tree hangs a request below its holder"
like "$out" "^$flock +flock +read +holds" "the tree has its holders at the top"

capture holdfast list --pid "$flock_waiter"
like "$out" "^$flock_waiter .* waits" "--pid lists what the process waits for"
like "$out" "^$flock .* holds" "--pid lists who keeps it waiting"
unlike "$out" "^$posix " "--pid leaves out what does not concern the process"
capture holdfast list --pid "$$"
like "$out" "^nobody" "a process without locks has none"

if command -v jq >/dev/null; then
	capture holdfast list --json "$file"
	is "$(printf '%s' "$out" | jq -r ".locks[] | select(.type == \"ofd\" and .state == \"holds\") |
		[.mode, .start, .end, .processes[0].pid, .known, .path] | @csv")" \
		"\"read\",100,,$ofd,true,\"$file\"" "JSON tells an OFD lock"
	is "$(printf '%s' "$out" | jq -c ".locks[] | select(.processes[0].pid == $waiter) | .blocked_by | sort")" \
		"[$(printf '%s\n' "$posix" "$ofd" | sort -n | paste -sd,)]" \
		"JSON tells who keeps a request waiting"
else
	skip "JSON tells an OFD lock" "jq is not here"
	skip "JSON tells who keeps a request waiting" "jq is not here"
fi

if can_be_nobody; then
	as_nobody holdfast list "$file"
	is "$status" 0 "a user without permission gets a list"
	like "$out" "^ *\? +ofd +read +holds 100-EOF" "an OFD holder that may not be seen is unknown, not nobody"
	like "$out" "^$posix +posix +write holds" "a POSIX holder is known to everybody"
	like "$err" "^holdfast list: [0-9]+ unknown: you may not look into [0-9]+ processes" \
		"what may not be seen is told"
else
	skip "an OFD holder that may not be seen is unknown, not nobody" "not root, or no setpriv"
fi

kill "$ofd"
wait "$ofd" 2>/dev/null
capture holdfast list "$file"
unlike "$out" "^$ofd " "the locks of a killed process are gone"

# Two subvolumes of a btrfs: /proc/locks tells one device and one inode number for two files, and stat() tells
# another device for each. In a mount namespace of its own, so that nothing is left behind.
btrfs_lists() {
	truncate -s 120M "$tmp/btrfs.image" && mkfs.btrfs -q "$tmp/btrfs.image" && mkdir "$tmp/btrfs" || return 1
	unshare -m sh -c '
		cd "$1" && mount -o loop btrfs.image btrfs || exit 1
		btrfs -q subvolume create btrfs/one && btrfs -q subvolume create btrfs/two || exit 1
		: >btrfs/one/f && : >btrfs/two/f
		within() {
			n=0
			until eval "$1" || [ $n -ge 600 ]; do
				n=$((n + 1))
				sleep 0.05
			done
		}
		for kind in ofd posix; do
			[ $kind = ofd ] && file=btrfs/one/f || file=btrfs/two/f
			"$2" $kind write 0 0 $file >$kind.out & eval "$kind=\$!"
		done
		within "grep -q held ofd.out && grep -q held posix.out"
		"$2" ofd read 3 0 btrfs/one/f >/dev/null & waiter=$!
		within "holdfast list btrfs/one/f | grep -q \" waits \""
		holdfast list btrfs/one/f >one.list
		holdfast list btrfs/two/f >two.list
		echo "ofd=$ofd posix=$posix waiter=$waiter" >btrfs.pids
		kill $ofd $posix $waiter
		wait
	' sh "$tmp" "$locker"
}

if [ "$(id -u)" -eq 0 ] && command -v mkfs.btrfs >/dev/null && btrfs_lists >"$tmp/btrfs.log" 2>&1; then
	. "$tmp/btrfs.pids"
	like "$(cat "$tmp/one.list")" "^$ofd +ofd +write holds" "a lock on btrfs has its holder"
	like "$(cat "$tmp/one.list")" "^$waiter +ofd +read +waits 3-EOF +[0-9]+ +$ofd " \
		"only a holder in the same subvolume keeps a request waiting"
	unlike "$(cat "$tmp/one.list")" "^$posix " "the same inode number in another subvolume is another file"
	like "$(cat "$tmp/two.list")" "^$posix +posix +write holds" "which has its own holder"
else
	skip "a lock on btrfs has its holder" "this takes root, mkfs.btrfs and a loop device"
fi

capture holdfast list "$tmp/absent"
is "$status" 1 "a file that is not there is a failure"
is "$err" "holdfast list: $tmp/absent: No such file or directory" "a file that is not there is named"
capture holdfast list --pid 4194305
is "$status" 1 "a process that is not there is a failure"
is "$err" "holdfast list: 4194305: no such process" "a process that is not there is named"
for wrong in 0 -1 12x ''; do
	capture holdfast list "--pid=$wrong"
	is "$status" 2 "--pid=$wrong is a usage error"
done
capture holdfast list one two
is "$status" 2 "two files are a usage error"
capture holdfast list --pid 1 "$file"
is "$status" 2 "a file together with --pid is a usage error"

done_testing
