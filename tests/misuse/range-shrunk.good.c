/* SPDX-License-Identifier: MIT */
/* via: before again read */
#include "pair.h"

#define TAIL(type) (&(struct flock){ .l_type = type, .l_start = 8 })

/* Writes what stays locked. */
#define WRITE_before(fd) pwrite(fd, "head", 4, 0)

/* Locks again what it writes. */
#define WRITE_again(fd)                                                                            \
	do {                                                                                       \
		fcntl(fd, F_SETLK, TAIL(F_WRLCK));                                                 \
		pwrite(fd, "tail", 4, 8);                                                          \
	} while (0)

/* Reads what it unlocked: what is there may be from anybody, and the program knows. */
#define WRITE_read(fd) pread(fd, (char[4]){ 0 }, 4, 8)

PAIR(file)
{
	int fd = open(file, O_RDWR);

	fcntl(fd, F_SETLK, WRITE_LOCK);
	pwrite(fd, "tail", 4, 8);
	fcntl(fd, F_SETLK, TAIL(F_UNLCK));
	BY(WRITE_)(fd);
	fcntl(fd, F_SETLK, UNLOCK);
	close(fd);
}
