/* SPDX-License-Identifier: MIT */
/* level: warning */
/* via: posix ofd flock lockf */
#include "pair.h"

#define TAKE_posix(fd) fcntl(fd, F_SETLKW, WRITE_LOCK)
#define TAKE_ofd(fd) fcntl(fd, F_OFD_SETLKW, WRITE_LOCK)
#define TAKE_flock(fd) flock(fd, LOCK_EX)
#define TAKE_lockf(fd) lockf(fd, F_LOCK, 0)

PAIR(file)
{
	int fd = open(file, O_RDWR);

	PAIR_HOLDER(file, BY(TAKE_));
	pair_interrupt_when_waiting(file);
	BY(TAKE_)(fd); /* HERE: EINTR */
	pwrite(fd, "mine", 4, 0);
	close(fd);
}
