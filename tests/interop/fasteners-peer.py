#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The other side of tests/interop/peers.sh: takes a lock with fasteners, as told.

usage: fasteners-peer.py try|wait|hold PATH shared|exclusive [SECONDS]

try prints "got" or "busy"; wait does so after SECONDS at most; hold prints "held" and holds until its
standard input ends.
"""
import sys

import fasteners


def acquire(lock, mode, blocking, timeout):
    take = lock.acquire_write_lock if mode == "exclusive" else lock.acquire_read_lock
    return take(blocking=blocking, timeout=timeout)


def main():
    verb, path, mode = sys.argv[1:4]
    lock = fasteners.InterProcessReaderWriterLock(path)
    seconds = float(sys.argv[4]) if verb == "wait" else None
    got = acquire(lock, mode, verb == "wait", seconds)
    print("busy" if not got else "held" if verb == "hold" else "got", flush=True)
    if got and verb == "hold":
        sys.stdin.read()


main()
