/* SPDX-License-Identifier: MIT */
/* via: ofd again */
#include "pair.h"

/* Belongs to the descriptor, which the daemon has. */
#define LOCK_ofd(fd)                                                                               \
	do {                                                                                       \
		fcntl(fd, F_OFD_SETLK, WRITE_LOCK);                                                \
		daemon(1, 1);                                                                      \
	} while (0)

/* The daemon takes it itself. */
#define LOCK_again(fd)                                                                             \
	do {                                                                                       \
		fcntl(fd, F_SETLK, WRITE_LOCK);                                                    \
		fcntl(fd, F_SETLK, UNLOCK);                                                        \
		daemon(1, 1);                                                                      \
		fcntl(fd, F_SETLK, WRITE_LOCK);                                                    \
	} while (0)

PAIR(file)
{
	int fd = open(file, O_RDWR);

	BY(LOCK_)(fd);
	pwrite(fd, "daemon", 6, 0);
}
