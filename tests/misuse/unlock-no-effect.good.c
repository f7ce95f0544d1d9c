/* SPDX-License-Identifier: MIT */
/* via: fcntl ofd flock */
#include "pair.h"

/* The child leaves the parent's lock alone, or shares it with the descriptor. */
#define TAKE_fcntl(fd) fcntl(fd, F_SETLKW, WRITE_LOCK)
#define DROP_fcntl(fd) (void)fd
#define TAKE_ofd(fd) fcntl(fd, F_OFD_SETLKW, WRITE_LOCK)
#define DROP_ofd(fd) fcntl(fd, F_OFD_SETLK, UNLOCK)
#define TAKE_flock(fd) flock(fd, LOCK_EX)
#define DROP_flock(fd) flock(fd, LOCK_UN)

PAIR(file)
{
	int fd = open(file, O_RDWR);

	BY(TAKE_)(fd);
	if (fork() == 0) {
		BY(DROP_)(fd);
		_exit(0);
	}
	wait(NULL);
	close(fd);
}
