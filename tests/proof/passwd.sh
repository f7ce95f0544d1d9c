#!/bin/sh
# SPDX-License-Identifier: MIT
# The lock that lckpwdf() takes inside libc: lost by a close of its file, released by ulckpwdf().
. "$top_srcdir/tests/tap.sh"
passwd=$top_builddir/tests/proof/passwd
"$passwd" unlock || skip_all "lckpwdf() needs root"

capture holdfast check -- "$passwd" unlock
is "$status" 0 "lckpwdf() and ulckpwdf() are silent"
like "$err" "2 locks on 1 file" "and seen"
capture holdfast check -- "$passwd" close
is "$status" 86 "a close of the file that lckpwdf() locks is caught"
like "$err" "close.. closed fd" "by its name"
done_testing
