/* SPDX-License-Identifier: MIT */
/* Who holds, or waits for, the locks of a table: found by looking into every process. */
#ifndef HF_TOOLS_LOCKOWNERS_H
#define HF_TOOLS_LOCKOWNERS_H

#include "locktable.h"

/*
 * Fills in owners, paths and devices of a table that has its locks, and counts the processes that
 * may not be looked into. 0 or -ENOMEM.
 */
int lockowners_find(const char *proc, struct locktable *table);

#endif
