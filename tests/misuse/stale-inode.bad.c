/* SPDX-License-Identifier: MIT */
/* level: warning */
/* via: posix ofd flock */
#include "pair.h"

#define TAKE_posix(fd) fcntl(fd, F_SETLKW, WRITE_LOCK)
#define TAKE_ofd(fd) fcntl(fd, F_OFD_SETLKW, WRITE_LOCK)
#define TAKE_flock(fd) flock(fd, LOCK_EX)

PAIR(file)
{
	int fd = open(file, O_RDWR);

	pair_delete_when_waiting(file, BY(TAKE_));
	BY(TAKE_)(fd); /* HERE: the other one deletes the file, then goes */
	pwrite(fd, "mine", 4, 0);
	close(fd);
}
