/* SPDX-License-Identifier: MIT */
#include "pair.h"

PAIR(file)
{
	int fd = open(file, O_RDWR);

	fcntl(fd, F_OFD_SETLK, WRITE_LOCK);
	pwrite(fd, "mine", 4, 0);
	fcntl(fd, F_OFD_SETLK, UNLOCK);
	close(fd);
}
