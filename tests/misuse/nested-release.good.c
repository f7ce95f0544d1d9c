/* SPDX-License-Identifier: MIT */
/* via: posix ofd */
#include "pair.h"

#define COMMAND_posix F_SETLKW
#define COMMAND_ofd F_OFD_SETLKW

static int depth;

/* Only the outermost caller talks to the kernel. */
static void lock(int fd)
{
	if (depth++ == 0)
		fcntl(fd, BY(COMMAND_), WRITE_LOCK);
}

static void unlock(int fd)
{
	if (--depth == 0)
		fcntl(fd, BY(COMMAND_), UNLOCK);
}

static void append(int fd)
{
	lock(fd);
	pwrite(fd, "inner", 5, 8);
	unlock(fd);
}

PAIR(file)
{
	int fd = open(file, O_RDWR);

	lock(fd);
	append(fd);
	pwrite(fd, "outer", 5, 0);
	unlock(fd);
	close(fd);
}
