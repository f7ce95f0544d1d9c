#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Holds a lock of fasteners and meanwhile reads the lock file, which ends the lock; repaired: reads it before.

usage: fasteners-reader.py LOCKFILE [repaired]
"""
import subprocess
import sys

import fasteners

TRY = "import fasteners, sys; print(fasteners.InterProcessLock(sys.argv[1]).acquire(blocking=False))"


def read_notes(path):
    with open(path, "rb") as notes:
        return notes.read()


def main():
    path = sys.argv[1]
    lock = fasteners.InterProcessLock(path)
    if "repaired" in sys.argv:
        with open(path, "ab"):
            pass
        read_notes(path)
        lock.acquire()
    else:
        lock.acquire()
        read_notes(path)
    other = subprocess.run([sys.executable, "-c", TRY, path], stdout=subprocess.PIPE, check=True, text=True)
    print("another process gets the lock as well:", other.stdout.strip())
    lock.release()


main()
