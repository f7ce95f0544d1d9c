/* SPDX-License-Identifier: MIT */
/* via: posix ofd flock lockf */
#include "pair.h"

#define TRY_posix(fd) fcntl(fd, F_SETLK, WRITE_LOCK)
#define TRY_ofd(fd) fcntl(fd, F_OFD_SETLK, WRITE_LOCK)
#define TRY_flock(fd) flock(fd, LOCK_EX | LOCK_NB)
#define TRY_lockf(fd) lockf(fd, F_TLOCK, 0)

/* The common way out unlocks whether or not there is something to unlock: no harm in that. */
PAIR(file)
{
	char byte;
	int fd = open(file, O_RDWR);

	PAIR_HOLDER(file, BY(TRY_));
	if (BY(TRY_)(fd) == 0)
		pwrite(fd, "mine", 4, 0);
	else
		pread(fd, &byte, 1, 0);
	flock(fd, LOCK_UN);
	fcntl(fd, F_SETLK, UNLOCK);
	close(fd);
}
