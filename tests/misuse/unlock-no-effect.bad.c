/* SPDX-License-Identifier: MIT */
/* level: warning */
/* via: fcntl lockf */
#include "pair.h"

#define DROP_fcntl(fd) fcntl(fd, F_SETLK, UNLOCK)
#define DROP_lockf(fd) lockf(fd, F_ULOCK, 0)

PAIR(file)
{
	int fd = open(file, O_RDWR);

	fcntl(fd, F_SETLKW, WRITE_LOCK); /* TAKEN */
	if (fork() == 0) {
		BY(DROP_)(fd); /* HERE: succeeds, and the parent's lock stays */
		_exit(0);
	}
	wait(NULL);
	close(fd);
}
