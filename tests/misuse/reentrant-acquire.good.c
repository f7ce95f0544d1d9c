/* SPDX-License-Identifier: MIT */
/* via: fcntl lockf */
#include "pair.h"

#define TAKE_fcntl(fd) fcntl(fd, F_SETLKW, WRITE_LOCK)
#define TAKE_lockf(fd) lockf(fd, F_LOCK, 0)

/* The caller holds the lock. */
static void append_locked(int fd)
{
	pwrite(fd, "inner", 5, 0);
}

PAIR(file)
{
	int fd = open(file, O_RDWR);

	BY(TAKE_)(fd);
	append_locked(fd);
	fcntl(fd, F_SETLK, UNLOCK);
	BY(TAKE_)(fd); /* again, but not while it is held */
	append_locked(fd);
	fcntl(fd, F_SETLK, UNLOCK);
	close(fd);
}
