/* SPDX-License-Identifier: MIT */
#include "pair.h"

PAIR(file)
{
	int fd = open(file, O_RDWR);
	char data[4];

	flock(fd, LOCK_EX);
	pread(fd, data, sizeof data, 0);
	pwrite(fd, data, sizeof data, 4);
	close(fd);
}
