/* SPDX-License-Identifier: MIT */
/* What a program that was just exec'ed finds locked, by the kernel's word alone. */
#ifndef KEPT_H
#define KEPT_H

#include "differential.h"

#define KEPT_FILES (FILES + 1) /* and /dev/null, which a stream may have been reopened to */

struct kept {
	unsigned files;	       /* with POSIX locks of this process */
	unsigned descriptions; /* with OFD locks, and again with a flock */
};

/* Where to write a struct kept, and the inodes that are meant: "FD:INODE:INODE...". */
int report_kept(const char *text);

#endif
