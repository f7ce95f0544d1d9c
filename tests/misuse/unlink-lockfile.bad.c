/* SPDX-License-Identifier: MIT */
/* level: note */
/* via: posix ofd flock */
#include "pair.h"

#define TAKE_posix(fd) fcntl(fd, F_SETLKW, WRITE_LOCK)
#define TAKE_ofd(fd) fcntl(fd, F_OFD_SETLKW, WRITE_LOCK)
#define TAKE_flock(fd) flock(fd, LOCK_EX)

PAIR(file)
{
	int fd = open(file, O_RDWR);

	BY(TAKE_)(fd); /* TAKEN */
	unlink(file); /* HERE */
	close(fd);
}
