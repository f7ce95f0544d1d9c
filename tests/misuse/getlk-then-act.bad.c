/* SPDX-License-Identifier: MIT */
/* level: note */
/* via: posix ofd */
#include "pair.h"

#define ASK_posix F_GETLK
#define ASK_ofd F_OFD_GETLK

PAIR(file)
{
	struct flock lock = { .l_type = F_WRLCK };
	int fd = open(file, O_RDWR);

	fcntl(fd, BY(ASK_), &lock); /* HERE */
	if (lock.l_type == F_UNLCK)
		pwrite(fd, "mine", 4, 0);
	close(fd);
}
