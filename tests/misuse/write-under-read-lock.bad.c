/* SPDX-License-Identifier: MIT */
/* level: warning */
/* via: posix ofd flock */
#include "pair.h"

#define TAKE_posix(fd) fcntl(fd, F_SETLKW, READ_LOCK)
#define TAKE_ofd(fd) fcntl(fd, F_OFD_SETLKW, READ_LOCK)
#define TAKE_flock(fd) flock(fd, LOCK_SH)

PAIR(file)
{
	int fd = open(file, O_RDWR);

	BY(TAKE_)(fd); /* TAKEN */
	pwrite(fd, "mine", 4, 0); /* HERE: others may be reading this */
	close(fd);
}
