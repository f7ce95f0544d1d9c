/* SPDX-License-Identifier: MIT */
/* via: posix ofd flock */
#include "pair.h"

#define TAKE_posix(fd) fcntl(fd, F_SETLKW, WRITE_LOCK)
#define TAKE_ofd(fd) fcntl(fd, F_OFD_SETLKW, WRITE_LOCK)
#define TAKE_flock(fd) flock(fd, LOCK_EX)

/* The lock file stays; what is deleted is something else. */
PAIR(file)
{
	char other[] = "pair.XXXXXX";
	int fd = open(file, O_RDWR);
	int temporary = mkstemp(other);

	BY(TAKE_)(fd);
	unlink(other);
	close(fd);
	close(temporary);
}
