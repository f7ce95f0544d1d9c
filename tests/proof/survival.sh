#!/bin/sh
# SPDX-License-Identifier: MIT
# What the checker found is not lost, whatever becomes of the program afterwards; and in most
# situations it still finds something.
. "$top_srcdir/tests/tap.sh"
command -v jq >/dev/null || skip_all "jq, which reads the reports, is not installed"

# Another user must be able to get at everything: the build may lie where he may not look.
survivor=$tmp/survivor
cp "$top_builddir/tests/proof/survivor" "$HOLDFAST_CHECKER" "$tmp" || exit 99
HOLDFAST_CHECKER=$tmp/libholdfast-check.so
chmod 755 "$tmp"
: >"$tmp/file"
chmod 666 "$tmp/file"

# survives STATUS before|after SITUATION [DIRECTORY]
survives() {
	expected=$1
	shift
	rm -f "$tmp/report.json"
	capture holdfast check --quiet --format json -o "$tmp/report.json" -- "$survivor" "$tmp/file" "$@"
	is "$status $(jq -r 'select(.type == "finding" and .level != "note") | .kind' "$tmp/report.json" 2>&1)$err" \
		"$expected close-drops-lock" "a lock lost $1 $2 is reported"
}

# What only root may do.
survives_as_root() {
	if [ "$(id -u)" -eq 0 ]; then
		survives "$@"
	else
		skip "a lock lost $2 $3 is reported" "needs root"
	fi
}

survives 137 before SIGKILL
survives 139 before SIGSEGV
survives 86 before _exit
survives 86 before close-everything
survives 86 after close-everything
survives 86 before RLIMIT_FSIZE
survives 86 after RLIMIT_FSIZE
survives 86 before RLIMIT_NOFILE
survives 86 after RLIMIT_NOFILE
survives 86 before seccomp

mkdir "$tmp/root"
survives_as_root 86 before chroot "$tmp/root"
survives_as_root 86 after chroot "$tmp/root"
survives_as_root 86 before setuid
survives_as_root 86 after setuid
survives_as_root 86 after setuid-exec

# The recording lies on the disk that fills.
mkdir "$tmp/small"
if mount -t tmpfs -o size=48m tmpfs "$tmp/small" 2>/dev/null; then
	trap 'umount "$tmp/small"; rm -rf "$tmp"' EXIT
	TMPDIR=$tmp/small
	export TMPDIR
	survives 86 before full-disk "$tmp/small"
	rm -f "$tmp/small/ballast"
	survives 86 after full-disk "$tmp/small"
	rm -f "$tmp/small/ballast"
else
	skip "a lock lost on a full disk is reported" "mounting a tmpfs is not allowed here"
fi
done_testing
