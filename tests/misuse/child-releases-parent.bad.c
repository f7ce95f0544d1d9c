/* SPDX-License-Identifier: MIT */
/* level: error */
/* via: ofd flock */
#include "pair.h"

#define TAKE_ofd(fd) fcntl(fd, F_OFD_SETLKW, WRITE_LOCK)
#define TAKE_flock(fd) flock(fd, LOCK_EX)
#define DROP_ofd(fd) fcntl(fd, F_OFD_SETLK, UNLOCK)
#define DROP_flock(fd) flock(fd, LOCK_UN)

PAIR(file)
{
	int fd = open(file, O_RDWR);
	pid_t worker;

	BY(TAKE_)(fd); /* TAKEN */
	worker = fork();
	if (!worker) {
		BY(DROP_)(fd); /* HERE: to be tidy; it is the parent's */
		_exit(0);
	}
	waitpid(worker, NULL, 0);
	write(fd, "parent", 6);
	BY(DROP_)(fd);
	close(fd);
}
