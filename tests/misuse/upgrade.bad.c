/* SPDX-License-Identifier: MIT */
/* level: warning */
/* via: posix ofd */
#include "pair.h"

#define WAIT_posix F_SETLKW
#define WAIT_ofd F_OFD_SETLKW

PAIR(file)
{
	char first[8];
	int fd = open(file, O_RDWR);

	fcntl(fd, BY(WAIT_), READ_LOCK); /* TAKEN */
	pread(fd, first, sizeof first, 0);
	fcntl(fd, BY(WAIT_), WRITE_LOCK); /* HERE: two who do this wait for each other */
	pwrite(fd, first, sizeof first, 8);
	fcntl(fd, BY(WAIT_), UNLOCK);
	close(fd);
}
