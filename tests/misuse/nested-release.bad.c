/* SPDX-License-Identifier: MIT */
/* level: error */
/* also: reentrant-acquire */
/* via: posix ofd read */
#include "pair.h"

#define COMMAND_posix F_SETLKW
#define COMMAND_ofd F_OFD_SETLKW
#define COMMAND_read F_SETLKW

/* What the caller does when the inner function is through. */
#define USE_posix(fd) pwrite(fd, "outer", 5, 0)
#define USE_ofd(fd) pwrite(fd, "outer", 5, 0)
#define USE_read(fd) pread(fd, (char[5]){ 0 }, 5, 0)

/* Locks around its own work: but its caller has the lock already. */
static void append(int fd)
{
	fcntl(fd, BY(COMMAND_), WRITE_LOCK); /* TAKEN */
	pwrite(fd, "inner", 5, 8);
	fcntl(fd, BY(COMMAND_), UNLOCK); /* HERE: releases what the caller holds */
}

PAIR(file)
{
	int fd = open(file, O_RDWR);

	fcntl(fd, BY(COMMAND_), WRITE_LOCK);
	append(fd);
	BY(USE_)(fd); /* without a lock */
	fcntl(fd, BY(COMMAND_), UNLOCK);
	close(fd);
}
