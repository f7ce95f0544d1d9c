/* SPDX-License-Identifier: MIT */
/*
 * The new image after an exec. It tells what it finds locked, by the kernel's word alone, and goes
 * on working with the descriptors that it has got. Locks from before are not in its ledger:
 * everything in the ledger must be there, and nothing may be missed that nobody lost.
 */
#ifndef KEPT_H
#define KEPT_H

#include "differential.h"

#define KEPT_FILES (FILES + 1) /* and /dev/null, which a stream may have been reopened to */

struct kept {
	unsigned files;	       /* with POSIX locks of this process */
	unsigned descriptions; /* with OFD locks, and again with a flock */
	char reason[REASON_SIZE];
};

/* Where to write a struct kept, what to go on with, and where the files are: "FD:SEED:FOLDER". */
int report_kept(const char *text);

#endif
