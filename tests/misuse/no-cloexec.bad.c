/* SPDX-License-Identifier: MIT */
/* level: note */
/* via: flock ofd */
#include "pair.h"

#define TAKE_flock(fd) flock(fd, LOCK_EX)
#define TAKE_ofd(fd) fcntl(fd, F_OFD_SETLK, WRITE_LOCK)

PAIR(file)
{
	char *argv[] = { "/bin/true", NULL };
	int fd = open(file, O_RDWR);

	BY(TAKE_)(fd); /* TAKEN */
	if (fork() == 0) {
		execv(argv[0], argv); /* HERE: with fd */
		_exit(2);
	}
	wait(NULL);
	close(fd);
}
