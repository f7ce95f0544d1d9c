#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""What python3-fasteners and python3-filelock take for a pair, and to notice a release: for lib.sh.

usage: lib-peers.py FILE
"""
import os
import statistics
import sys
import time

TURNS, PAIRS, HANDOFFS = 21, 200, 21


def pair(acquire, release):
    turns = []
    for _ in range(TURNS):
        start = time.monotonic_ns()
        for _ in range(PAIRS):
            acquire()
            release()
        turns.append((time.monotonic_ns() - start) / PAIRS)
    return statistics.median(turns)


def handoff(path, acquire, release):
    """A process of its own holds, and notes when it lets go; here somebody waits with a deadline."""
    import fcntl

    delays = []
    for _ in range(HANDOFFS):
        told, tell = os.pipe()
        pid = os.fork()
        if pid == 0:
            fd = os.open(path, os.O_RDWR)
            fcntl.lockf(fd, fcntl.LOCK_EX)
            os.write(tell, b"h")
            time.sleep(0.03)
            os.write(tell, b"%d" % time.monotonic_ns())
            fcntl.lockf(fd, fcntl.LOCK_UN)
            os._exit(0)
        os.close(tell)
        os.read(told, 1)
        acquire()
        taken = time.monotonic_ns()
        release()
        delays.append((taken - int(os.read(told, 64))) / 1000)
        os.waitpid(pid, 0)
        os.close(told)
    return statistics.median(delays)


def main():
    path = sys.argv[1]
    try:
        import fasteners

        lock = fasteners.InterProcessLock(path)
        print(f"fasteners_pair {pair(lock.acquire, lock.release):.1f} ns")
        delay = handoff(path, lambda: lock.acquire(timeout=20), lock.release)
        print(f"fasteners_handoff {delay:.1f} us")
    except ImportError:
        print("lib-peers.py: no python3-fasteners", file=sys.stderr)
    try:
        import filelock

        other = filelock.FileLock(path + ".filelock")
        print(f"filelock_pair {pair(other.acquire, other.release):.1f} ns")
    except ImportError:
        print("lib-peers.py: no python3-filelock", file=sys.stderr)


main()
