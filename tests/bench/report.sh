#!/bin/sh
# SPDX-License-Identifier: MIT
# holdfast report on 1,000,000 records: the time, and the memory that it takes beyond that for 1,000;
# and on as many events of which each is to be held against others, a worst case.
# The figure that must not grow is the second one: reports are bounded by what is different.
set -eu
: "${top_builddir:?}"
PATH=$top_builddir:$PATH
work=$(mktemp -d "${TMPDIR:-/tmp}/holdfast-bench.XXXXXX")
trap 'rm -rf "$work"' EXIT

# measure SCENARIO NUMBER: seconds, and KiB of private memory (a mapped recording is the page cache's).
measure() {
	"$top_builddir/tests/golden/make-recording" "$1" "$work/run" "$2"
	cat "$work/run" >/dev/null
	/usr/bin/python3 - "$work/run" <<'END'
import os, subprocess, sys, time
began = time.monotonic()
child = subprocess.Popen(["holdfast", "report", sys.argv[1]], stdout=subprocess.DEVNULL)
private = 0
while child.poll() is None:
    try:
        for line in open("/proc/%d/smaps_rollup" % child.pid):
            if line.startswith("Anonymous:"):
                private = max(private, int(line.split()[1]))
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        pass
    time.sleep(0.0005)
print("%.3f %d" % (time.monotonic() - began, private))
END
}

measure many 1000000 >"$work/many"
measure many 1000 >"$work/few"
read -r seconds memory <"$work/many"
read -r few_seconds few_memory <"$work/few"
echo "report of 1,000,000 records: $seconds s (bar: 3 s), $memory KiB of memory;" \
	"of 1,000 records: $few_seconds s, $few_memory KiB"
measure mixed 1000000 >"$work/mixed"
read -r seconds memory <"$work/mixed"
echo "report of 1,000,000 events of mixed locks: $seconds s (bar: 3 s), $memory KiB of memory"
