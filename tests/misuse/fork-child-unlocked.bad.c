/* SPDX-License-Identifier: MIT */
/* level: error */
#include "pair.h"

PAIR(file)
{
	int fd = open(file, O_RDWR), done[2];
	char byte;

	pipe(done);
	lockf(fd, F_LOCK, 0); /* TAKEN */
	if (fork() == 0) {
		read(done[0], &byte, 1);
		pwrite(fd, "child", 5, 0); /* HERE: the parent is through, and the child never locked */
		_exit(0);
	}
	lockf(fd, F_ULOCK, 0);
	write(done[1], "", 1);
	wait(NULL);
}
