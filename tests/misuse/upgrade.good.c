/* SPDX-License-Identifier: MIT */
/* via: posix ofd */
#include "pair.h"

#define WAIT_posix F_SETLKW
#define WAIT_ofd F_OFD_SETLKW

PAIR(file)
{
	char first[8];
	int fd = open(file, O_RDWR);

	fcntl(fd, BY(WAIT_), READ_LOCK);
	pread(fd, first, sizeof first, 0);
	fcntl(fd, BY(WAIT_), UNLOCK);

	fcntl(fd, BY(WAIT_), WRITE_LOCK);
	pread(fd, first, sizeof first, 0); /* what was read under the other lock may be old */
	pwrite(fd, first, sizeof first, 8);
	fcntl(fd, BY(WAIT_), READ_LOCK); /* a downgrade is no misuse */
	pread(fd, first, sizeof first, 8);
	fcntl(fd, BY(WAIT_), UNLOCK);
	close(fd);
}
