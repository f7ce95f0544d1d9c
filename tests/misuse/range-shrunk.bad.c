/* SPDX-License-Identifier: MIT */
/* level: warning */
#include "pair.h"

PAIR(file)
{
	struct flock tail = { .l_type = F_UNLCK, .l_start = 8 };
	int fd = open(file, O_RDWR);

	fcntl(fd, F_SETLK, WRITE_LOCK); /* TAKEN */
	fcntl(fd, F_SETLK, &tail); /* HERE */
	pwrite(fd, "tail", 4, 8);
	fcntl(fd, F_SETLK, UNLOCK);
	close(fd);
}
