/* SPDX-License-Identifier: MIT */
/* level: error */
#include "pair.h"

PAIR(file)
{
	int fd = open(file, O_RDWR);

	fcntl(fd, F_SETLK, WRITE_LOCK); /* TAKEN */
	daemon(1, 1); /* HERE: the process that took it ends in there */
	pwrite(fd, "daemon", 6, 0);
}
