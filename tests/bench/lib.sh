#!/bin/sh
# SPDX-License-Identifier: MIT
# The lock library beside raw system calls, python3-fasteners, python3-filelock, flock(1) and
# pthread_rwlock, as ratios of one run. Prints; judges nothing.
set -eu

tmp=$(mktemp -d "${TMPDIR:-/tmp}/holdfast-bench.XXXXXX")
trap 'rm -rf "$tmp"' EXIT
here=$(dirname "$0")

"$top_builddir/tests/bench/lib-bench" "$tmp/f" >"$tmp/figures"
/usr/bin/python3 "$here/lib-peers.py" "$tmp/f" >>"$tmp/figures"
if command -v flock >/dev/null; then
	start=$(date +%s%N)
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		flock "$tmp/f" true
	done
	echo "flock_command $((($(date +%s%N) - start) / 10)) ns" >>"$tmp/figures"
fi

awk '
{ value[$1] = $2; unit[$1] = $3; order[NR] = $1 }
function ratio(what, ours, theirs, bar) {
	if ((ours in value) && (theirs in value) && value[theirs] > 0)
		printf "%-62s %8.3f  (bar %s)\n", what, value[ours] / value[theirs], bar
}
END {
	for (i = 1; i <= NR; i++)
		printf "%-28s %12.1f %s\n", order[i], value[order[i]], unit[order[i]]
	print ""
	ratio("hf_lock pair, HF_NO_RECHECK / raw F_OFD_SETLK pair", "hf_pair_no_recheck", "raw_pair", "1.10")
	ratio("hf_lock pair / raw F_OFD_SETLK pair", "hf_pair", "raw_pair", "1.5")
	ratio("hf_lock pair / python3-fasteners pair", "hf_pair", "fasteners_pair", "0.083")
	ratio("hf_lock pair / python3-filelock pair", "hf_pair", "filelock_pair", "none")
	ratio("hf_lock pair / flock(1) around true", "hf_pair", "flock_command", "none")
	ratio("hand-off with a deadline / kernel'"'"'s blocking hand-off", "hf_handoff_with_deadline",
		"kernel_handoff", "3.0")
	ratio("fasteners'"'"' hand-off / kernel'"'"'s blocking hand-off", "fasteners_handoff",
		"kernel_handoff", "none")
	ratio("hf_rwlock read pair / pthread_rwlock", "hf_rwlock_read_pair", "pthread_read_pair", "1.5")
	ratio("hf_rwlock write pair / pthread_rwlock", "hf_rwlock_write_pair", "pthread_write_pair", "1.5")
	ratio("hf_rwlock, 8 readers / pthread_rwlock", "hf_rwlock_8_readers", "pthread_8_readers", "1")
	if ("hf_overshoot" in value)
		printf "%-62s %8.1f  us (bar 1000)\n", "deadline overshoot, median", value["hf_overshoot"]
}' "$tmp/figures"
