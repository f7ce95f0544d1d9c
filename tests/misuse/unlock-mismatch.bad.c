/* SPDX-License-Identifier: MIT */
/* level: warning */
/* via: lockf current */
#include "pair.h"

#define AT_POSITION(type) (&(struct flock){ .l_type = type, .l_whence = SEEK_CUR })
#define TAKE_lockf(fd) lockf(fd, F_LOCK, 0)
#define DROP_lockf(fd) lockf(fd, F_ULOCK, 0)
#define TAKE_current(fd) fcntl(fd, F_SETLKW, AT_POSITION(F_WRLCK))
#define DROP_current(fd) fcntl(fd, F_SETLK, AT_POSITION(F_UNLCK))

PAIR(file)
{
	int fd = open(file, O_RDWR);

	BY(TAKE_)(fd); /* TAKEN */
	write(fd, "ten bytes.", 10);
	BY(DROP_)(fd); /* HERE: from byte 10 on */
	close(fd);
}
