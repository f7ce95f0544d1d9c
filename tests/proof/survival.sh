#!/bin/sh
# SPDX-License-Identifier: MIT
# What the checker found is not lost, whatever becomes of the program afterwards; in most situations
# it still finds something; and the program ends as it does without the checker.
. "$top_srcdir/tests/tap.sh"
command -v jq >/dev/null || skip_all "jq, which reads the reports, is not installed"

# Another user must be able to get at everything: the build may lie where he may not look.
survivor=$tmp/survivor
cp "$top_builddir/tests/proof/survivor" "$HOLDFAST_CHECKER" "$tmp" || exit 99
HOLDFAST_CHECKER=$tmp/libholdfast-check.so
chmod 755 "$tmp"
: >"$tmp/file"
chmod 666 "$tmp/file"

# survives WHEN SITUATION [FOUND [FOLDER]]: FOUND is the level of the finding, "nothing" when the
# situation leaves none to be found, or "unwatched" when the report must say that.
survives() {
	found=${3:-warning}
	folder=${4:-/}
	capture "$survivor" "$tmp/file" "$1" "$2" "$folder"
	alone=$status
	rm -f "$tmp/report.json" "$folder/ballast"
	capture holdfast check --quiet --fail-on never --notes --format json -o "$tmp/report.json" -- \
		"$survivor" "$tmp/file" "$1" "$2" "$folder"
	seen=$(jq -rs '[.[] | select(.type == "finding") |
		select(.kind == "close-drops-lock" or .level != "note") | "\(.kind) \(.level)"] +
		[.[-1].not_watched[] | "unwatched \(.reason)"] | join(", ")' "$tmp/report.json" 2>&1)
	case $found in
	unwatched) wanted='unwatched from where it installed a seccomp filter' ;;
	nothing) wanted= ;;
	*,unwatched) wanted="close-drops-lock ${found%,*}, unwatched from where it installed a seccomp filter" ;;
	*) wanted="close-drops-lock $found" ;;
	esac
	is "$status$err: $seen" "$alone: $wanted" "$1 $2: the program ends as ever, and the report says $found"
}

survives_as_root() {
	if [ "$(id -u)" -eq 0 ]; then
		survives "$@"
	else
		skip "$1 $2: the program ends as ever, and the report says ${3:-warning}" "needs root"
	fi
}

# A program that is gone does nothing with what it lost; it was the loss that came first.
for end in SIGKILL SIGSEGV abort _exit quick_exit; do
	survives before "$end"
done

# What closes all, the locking descriptor too, after the loss: mere tear-down.
survives before close-everything
for way in closefrom close_range dup2-over-everything; do
	survives before "$way" note
done
for way in close-everything closefrom close_range dup2-over-everything; do
	survives after "$way"
	survives inside "$way"
done

for limit in RLIMIT_FSIZE RLIMIT_NOFILE RLIMIT_NPROC; do
	survives before "$limit"
	survives after "$limit"
	survives inside "$limit"
done
# Without memory the checker cannot begin to keep books; it must not get in the way then.
survives before RLIMIT_AS
survives after RLIMIT_AS
survives inside RLIMIT_AS nothing

survives before seccomp warning,unwatched
survives after seccomp unwatched
survives before seccomp-filter warning,unwatched
survives after seccomp-filter unwatched
survives inside seccomp-filter unwatched

mkdir "$tmp/root"
situations="chroot setuid namespaces"
unshare --user true 2>/dev/null || {
	situations="chroot setuid"
	skip "a program that enters namespaces" "no user namespace can be made here"
}
for situation in $situations; do
	survives_as_root before "$situation" warning "$tmp/root"
	survives_as_root after "$situation" warning "$tmp/root"
	survives_as_root inside "$situation" warning "$tmp/root"
done
survives_as_root after setuid-exec

# The recording lies on the disk that fills.
mkdir "$tmp/small"
if mount -t tmpfs -o size=48m tmpfs "$tmp/small" 2>/dev/null; then
	trap 'umount "$tmp/small"; rm -rf "$tmp"' EXIT
	TMPDIR=$tmp/small
	export TMPDIR
	for when in before after inside; do
		rm -f "$tmp/small/ballast"
		survives "$when" full-disk warning "$tmp/small"
	done
	unset TMPDIR
else
	skip "a lock lost on a full disk is reported" "mounting a tmpfs is not allowed here"
fi
if [ -w /dev/full ]; then
	capture holdfast check --quiet --format json -o /dev/full -- "$survivor" "$tmp/file" before nothing
	is "$status" 125 "a report for which the disk has no room is a failure, not a finding"
	like "$err" "No space left" "and the failure says why"
else
	skip "a report for which the disk has no room is a failure" "/dev/full is not writable here"
fi
done_testing
