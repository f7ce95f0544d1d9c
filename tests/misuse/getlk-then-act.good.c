/* SPDX-License-Identifier: MIT */
/* via: posix ofd */
#include "pair.h"

#define TRY_posix F_SETLK
#define TRY_ofd F_OFD_SETLK

PAIR(file)
{
	struct flock lock = { .l_type = F_WRLCK };
	int fd = open(file, O_RDWR);

	if (fcntl(fd, BY(TRY_), &lock) == 0)
		pwrite(fd, "mine", 4, 0);
	close(fd);
}
