#!/bin/sh
# SPDX-License-Identifier: MIT
# hf_lock_each_holder on btrfs. /proc/locks tells one device for all subvolumes, and stat() another for each,
# and a file in one subvolume can have the inode number of a file in another.
. "$top_srcdir/tests/tap.sh"

locker=$top_builddir/tests/cli/locker
LD_LIBRARY_PATH=$top_builddir/.libs${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
export LD_LIBRARY_PATH

# In a mount namespace of its own, so that nothing is left behind. lock NAME KIND START FILE.
look() {
	truncate -s 120M "$tmp/image" && mkfs.btrfs -q "$tmp/image" && mkdir "$tmp/fs" || return 1
	unshare -m sh -c '
		cd "$1" && mount -o loop image fs || exit 1
		btrfs -q subvolume create fs/one && btrfs -q subvolume create fs/two || exit 1
		: >fs/one/f && : >fs/two/f && chmod 755 fs fs/one fs/two || exit 1
		pids=
		lock() {
			"$2" "$4" write "$5" 10 "fs/$3/f" >"out.$3.$4" &
			pids="$pids $!"
			echo "$3_$4=$!" >>pids
		}
		for side in one two; do
			[ $side = one ] && at=0 || at=20
			lock - "$2" $side posix $at
			lock - "$2" $side ofd $((at + 10))
			lock - "$2" $side flock 0
		done
		n=0
		until [ "$(cat out.* | grep -c held)" -eq 6 ] || [ $((n += 1)) -gt 1200 ]; do
			sleep 0.05
		done
		for side in one two; do
			"$3" holdfast who fs/$side/f exclusive | sort >$side.list
			[ ! -d .nobody ] || setpriv --reuid=65534 --regid=65534 --clear-groups -- env \
				LD_LIBRARY_PATH="$1/.nobody" .nobody/peer holdfast who fs/$side/f exclusive |
				sort >$side.nobody
		done
		stat -c %i fs/one/f fs/two/f | sort -u | wc -l >inodes
		kill $pids
		wait
	' sh "$tmp" "$locker" "$top_builddir/tests/interop/peer"
}

[ "$(id -u)" -eq 0 ] && command -v mkfs.btrfs >/dev/null || skip_all "this takes root and mkfs.btrfs"
if can_be_nobody; then
	cp "$top_builddir/tests/interop/peer" "$tmp/.nobody/"
fi
look >"$tmp/log" 2>&1 || skip_all "btrfs cannot be mounted here: $(tail -n 1 "$tmp/log")"
. "$tmp/pids"

is "$(cat "$tmp/inodes")" 1 "two files in two subvolumes have one inode number"
# shellcheck disable=SC2154
is "$(cat "$tmp/one.list")" "flock $one_flock
ofd $one_ofd
posix $one_posix" "the holders of a file are told, of all three kinds, and no other file's"
# shellcheck disable=SC2154
is "$(cat "$tmp/two.list")" "flock $two_flock
ofd $two_ofd
posix $two_posix" "and so are the other's"
if [ -d "$tmp/.nobody" ]; then
	is "$(cat "$tmp/one.nobody")" "flock 0
flock 0
ofd 0
posix 0" "who may not be looked at is unknown, and only a flock on another file may be among them"
else
	skip "who may not be looked at is unknown" "not root, or no setpriv"
fi
done_testing
