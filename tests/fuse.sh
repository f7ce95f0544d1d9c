# SPDX-License-Identifier: MIT
# shellcheck shell=sh disable=SC2154
# Sourced after tap.sh by tests that need a FUSE file system:
#
#   fuse_mount NAME [OPTION...]   mounts the empty folder $tmp/NAME.source on $tmp/NAME with bindfs; when
#                                 it fails, $fuse_reason says why there is none to be had
#   fuse_freeze NAME              from here on every call that needs the daemon blocks
#   fuse_thaw NAME
#
# What is mounted is unmounted at the end, also of a script that was ended by a signal.

fuse_names=
trap fuse_finish EXIT
trap 'exit 1' HUP INT TERM

fuse_finish() {
	for fuse_name in $fuse_names; do
		fuse_thaw "$fuse_name"
		umount "$tmp/$fuse_name" 2>/dev/null || fusermount3 -u "$tmp/$fuse_name" 2>/dev/null ||
			umount -l "$tmp/$fuse_name"
	done
	wait
	rm -rf --one-file-system "$tmp"
}

fuse_is_mounted() {
	grep -q " $tmp/$1 .* - fuse" /proc/self/mountinfo
}

fuse_mount() {
	command -v bindfs >/dev/null || { fuse_reason="bindfs is not installed"; return 1; }
	[ -w /dev/fuse ] || { fuse_reason="there is no /dev/fuse to be used"; return 1; }
	fuse_name=$1
	shift
	mkdir "$tmp/$fuse_name" "$tmp/$fuse_name.source" || return 1
	bindfs -f "$@" "$tmp/$fuse_name.source" "$tmp/$fuse_name" >"$tmp/$fuse_name.log" 2>&1 &
	echo $! >"$tmp/$fuse_name.pid"
	until fuse_is_mounted "$fuse_name"; do
		kill -0 "$(cat "$tmp/$fuse_name.pid")" 2>/dev/null ||
			{ fuse_reason="bindfs: $(head -n 1 "$tmp/$fuse_name.log")"; return 1; }
		sleep 0.02
	done
	fuse_names="$fuse_names $fuse_name"
}

fuse_freeze() {
	kill -STOP "$(cat "$tmp/$1.pid")"
}

fuse_thaw() {
	kill -CONT "$(cat "$tmp/$1.pid")" 2>/dev/null
}
