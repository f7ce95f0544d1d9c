/* SPDX-License-Identifier: MIT */
/* level: error */
/* also: failed-lock-ignored write-under-read-lock */
#include "pair.h"

PAIR(file)
{
	int fd = open(file, O_RDWR), other = open(file, O_RDWR);

	flock(other, LOCK_SH);
	flock(fd, LOCK_SH); /* TAKEN */
	flock(fd, LOCK_EX | LOCK_NB); /* HERE: refused, and the shared lock is gone */
	pwrite(fd, "believed", 8, 0);
	close(other);
	close(fd);
}
