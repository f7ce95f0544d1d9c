/* SPDX-License-Identifier: MIT */
/*
 * The third witness. From the kernel's tracepoints alone, which tell each lock that is granted and
 * each that is taken away, it keeps a book of its own: per file and owner, who the kernel says that
 * owner is. After each step this book and the ledger must have the same locks.
 *
 * A tracepoint is written after the kernel has let go of the file's list of locks. So when threads
 * race, the order in the trace need not be the order in the list, and a book that has gone wrong in
 * a race tells no more until the next sequence; how often is counted.
 */
#ifndef TRACE_H
#define TRACE_H

#include <stdbool.h>

/* Once, when the files are there. NULL, or why this machine has no such witness. */
const char *trace_start(void);
void trace_stop(void);

/* In each process that is to be watched, before it holds anything. */
bool trace_begin(void);

/* False, with the reason, when trace and ledger disagree. raced: threads have just been at it. */
bool trace_agrees(bool raced, char *reason);

#endif
