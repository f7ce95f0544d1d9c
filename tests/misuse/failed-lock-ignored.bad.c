/* SPDX-License-Identifier: MIT */
/* level: error */
/* via: posix ofd flock lockf */
#include "pair.h"

#define TRY_posix(fd) fcntl(fd, F_SETLK, WRITE_LOCK)
#define TRY_ofd(fd) fcntl(fd, F_OFD_SETLK, WRITE_LOCK)
#define TRY_flock(fd) flock(fd, LOCK_EX | LOCK_NB)
#define TRY_lockf(fd) lockf(fd, F_TLOCK, 0)

PAIR(file)
{
	int fd = open(file, O_RDWR);

	PAIR_HOLDER(file, BY(TRY_));
	BY(TRY_)(fd); /* HERE: fails, and nobody looks */
	pwrite(fd, "mine", 4, 0);
	close(fd);
}
