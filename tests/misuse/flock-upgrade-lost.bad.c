/* SPDX-License-Identifier: MIT */
/* level: error */
/* also: failed-lock-ignored write-under-read-lock */
/* via: write read */
#include "pair.h"

#define USE_write(fd) pwrite(fd, "believed", 8, 0)
#define USE_read(fd) pread(fd, (char[8]){ 0 }, 8, 0)

PAIR(file)
{
	int fd = open(file, O_RDWR), other = open(file, O_RDWR);

	flock(other, LOCK_SH);
	flock(fd, LOCK_SH); /* TAKEN */
	flock(fd, LOCK_EX | LOCK_NB); /* HERE: refused, and the shared lock is gone */
	BY(USE_)(fd);
	close(other);
	close(fd);
}
