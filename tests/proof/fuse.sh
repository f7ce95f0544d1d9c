#!/bin/sh
# SPDX-License-Identifier: MIT
# The checker and the library where the file system is a process: bindfs, once as it is (locks exclude
# within the mount), once handing locks on to the file system beneath, where it may grant one twice.
. "$top_srcdir/tests/tap.sh"
. "$top_srcdir/tests/fuse.sh"
command -v jq >/dev/null || skip_all "jq, which reads the reports, is not installed"
fuse_mount within || skip_all "$fuse_reason"
fuse_mount handed-on --enable-lock-forwarding --multithreaded || skip_all "$fuse_reason"
program=$top_builddir/tests/proof/fuse
pairs=$top_srcdir/tests/misuse

# checked PROGRAM ARGUMENT...: $status and $tmp/report
checked() {
	capture holdfast check --notes --format json -o "$tmp/report" -- "$@"
}

# What of the report is not wanted: every finding but those that the jq expression $1 selects.
unwanted() {
	jq -r "select(.type == \"finding\") | select(($1) | not) |
		\"\(.kind) \(.level): \(.message) \(.proof)\"" "$tmp/report"
}

kinds() {
	jq -r 'select(.type == "finding") | "\(.kind) \(.level) \(.proof)"' "$tmp/report"
}

directive() {
	sed -n "s|^/\* $2: \(.*\) \*/\$|\1|p" "$pairs/$1"
}

# pairs HALF FOLDER PATTERN ALLOWED: complaints about that half of every pair whose source does not
# match PATTERN, its file in FOLDER. Only findings that ALLOWED selects may be made.
pairs() {
	for source in "$pairs"/*."$1".c; do
		! grep -Eq "$3" "$source" || continue
		slug=$(basename "$source" ".$1.c")
		built=$(sh "$pairs/run-pairs.sh" build "$slug" "$1" plain 2>&1) || { echo "$built"; continue; }
		HOLDFAST_OPTIONS=$(directive "$slug.$1.c" options)
		export HOLDFAST_OPTIONS
		cd "$tmp/$2" || exit 99 # some make a second file, and rename it
		checked "$built" "$slug.$1"
		cd "$OLDPWD" || exit 99
		unset HOLDFAST_OPTIONS
		case $status in 0 | 86) ;; *) echo "$slug.$1 ended with $status: $err" ;; esac
		[ ! -e "$tmp/report" ] || unwanted "$4" | sed "s|^|$slug.$1: |"
	done
}

# Programs that wait until /proc/locks lists a waiter: what is handed on is not listed.
waits='both_wait|pair_has_waiter|pair_interrupt_when_waiting|pair_delete_when_waiting|STUCK'
modest='.level != "error" and (.proof | test("kernel") | not)'

mkdir -p "$top_builddir/tests/misuse/built"
nothing "$(pairs good within '^$x' '.level == "note"')" \
	"on FUSE the repaired programs are silent"
nothing "$(pairs bad within '^$x' "$modest")" \
	"on FUSE no misuse is called an error, and no proof is claimed"
nothing "$(pairs good handed-on "$waits" "$modest")" \
	"nor are the repaired ones where one lock is granted twice"
nothing "$(pairs bad handed-on "$waits" "$modest")" \
	"nor the misuses there"

for folder in within handed-on; do
	dropping=$(sh "$pairs/run-pairs.sh" build close-drops-lock bad plain)
	checked "$dropping" "$tmp/$folder/dropped"
	is "$status
$(kinds)" "86
close-drops-lock warning 
network-fs note " "$folder: a lock that a close drops by its rule is a warning without a proof"
	like "$(unwanted false)" "cannot be asked" "$folder: and the report says so"
	checked "$program" wait "$tmp/$folder/waited-for"
	is "$status $(kinds)" "0 network-fs note " "$folder: a request that has to wait waits, and ends"
done

# frozen OPERATION LEVEL
frozen() {
	checked "$program" frozen "$1" "$tmp/handed-on/frozen" "$tmp/local" "$(cat "$tmp/handed-on.pid")"
	fuse_thaw handed-on
	is "$status $(kinds | tr '\n' ' ')" "$2" "a thread whose $1 blocks in the kernel keeps nobody up"
}

for operation in set unlock close; do
	frozen $operation "0 network-fs note  "
done
for operation in close-other fclose dup2 close_range; do
	frozen $operation "86 close-drops-lock warning  network-fs note  "
done

capture "$top_builddir/tests/proof/fuselock" excludes "$tmp/within/lock"
is "$status $out" "0 " "the library's locks do what they promise on a mount that keeps its own"
capture "$top_builddir/tests/proof/fuselock" tells "$tmp/handed-on/lock"
is "$status $out" "0 " "where the kernel has no lock hf_lock_verify() says so"
done_testing
