/* SPDX-License-Identifier: MIT */
/* level: note */
/* via: posix ofd flock */
#include "pair.h"

#define TAKE_posix(fd) fcntl(fd, F_SETLKW, WRITE_LOCK)
#define TAKE_ofd(fd) fcntl(fd, F_OFD_SETLKW, WRITE_LOCK)
#define TAKE_flock(fd) flock(fd, LOCK_EX)

PAIR(file)
{
	char fresh[] = "pair.XXXXXX";
	int fd = open(file, O_RDWR);
	int next = mkstemp(fresh);

	BY(TAKE_)(fd); /* TAKEN */
	write(next, "new contents", 12);
	rename(fresh, file); /* HERE: the lock stays with the old file */
	close(next);
	close(fd);
}
