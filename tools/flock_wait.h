/* SPDX-License-Identifier: MIT */
/* flock(2) with a deadline, for a program with one thread. */
#ifndef HF_TOOLS_FLOCK_WAIT_H
#define HF_TOOLS_FLOCK_WAIT_H

#include <stdint.h>

/*
 * flock(fd, operation) that gives up after timeout_ns: 0 tries once, INT64_MAX waits for ever. 0,
 * -EBUSY (tried once), -ETIMEDOUT, or -errno. SIGALRM and ITIMER_REAL are used meanwhile, and set
 * back to what they were.
 */
int flock_wait(int fd, int operation, int64_t timeout_ns);

#endif
