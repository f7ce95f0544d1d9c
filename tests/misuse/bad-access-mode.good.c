/* SPDX-License-Identifier: MIT */
/* via: posix ofd lockf */
#include "pair.h"

#define TAKE_posix(fd) fcntl(fd, F_SETLKW, WRITE_LOCK)
#define TAKE_ofd(fd) fcntl(fd, F_OFD_SETLKW, WRITE_LOCK)
#define TAKE_lockf(fd) lockf(fd, F_LOCK, 0)

/* To ask for a lock that one cannot have is a way to find out. */
PAIR(file)
{
	int reader = open(file, O_RDONLY);
	int fd = open(file, O_RDWR);

	if (BY(TAKE_)(reader) < 0)
		BY(TAKE_)(fd);
	pwrite(fd, "mine", 4, 0);
	close(reader);
	close(fd);
}
