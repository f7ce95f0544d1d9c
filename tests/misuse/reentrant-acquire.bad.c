/* SPDX-License-Identifier: MIT */
/* level: warning */
/* via: fcntl lockf */
#include "pair.h"

#define TAKE_fcntl(fd) fcntl(fd, F_SETLKW, WRITE_LOCK)
#define TAKE_lockf(fd) lockf(fd, F_LOCK, 0)

/* Locks around its own work, as it should: but its caller has the lock already. */
static void append(int fd)
{
	BY(TAKE_)(fd); /* HERE */
	pwrite(fd, "inner", 5, 0);
	fcntl(fd, F_SETLK, UNLOCK); /* releases what the caller holds */
}

PAIR(file)
{
	int fd = open(file, O_RDWR);

	BY(TAKE_)(fd); /* TAKEN */
	append(fd);
	close(fd);
}
