/* SPDX-License-Identifier: MIT */
/* level: warning */
/* via: posix ofd lockf */
#include "pair.h"

#define TAKE_posix(fd) fcntl(fd, F_SETLKW, WRITE_LOCK)
#define TAKE_ofd(fd) fcntl(fd, F_OFD_SETLKW, WRITE_LOCK)
#define TAKE_lockf(fd) lockf(fd, F_LOCK, 0)

PAIR(file)
{
	int lock = open(file, O_RDONLY);
	int fd = open(file, O_RDWR);

	BY(TAKE_)(lock); /* HERE: EBADF */
	pwrite(fd, "mine", 4, 0);
	close(fd);
	close(lock);
}
