/* SPDX-License-Identifier: MIT */
/* level: note */
#include "pair.h"

PAIR(file)
{
	int fd = open(file, O_RDWR);
	char data[4];

	flock(fd, LOCK_SH); /* TAKEN */
	pread(fd, data, sizeof data, 0);
	flock(fd, LOCK_EX); /* HERE: what was read may be old by now */
	pwrite(fd, data, sizeof data, 4);
	close(fd);
}
