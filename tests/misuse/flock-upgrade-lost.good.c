/* SPDX-License-Identifier: MIT */
/* via: granted ofd */
#include "pair.h"

#define SHARE_granted(fd) flock(fd, LOCK_SH)
#define UPGRADE_granted(fd, other)                                                                 \
	do {                                                                                       \
		flock(other, LOCK_UN);                                                             \
		flock(fd, LOCK_EX | LOCK_NB);                                                      \
	} while (0)

/* The old lock stays when the new one is refused. */
#define SHARE_ofd(fd) fcntl(fd, F_OFD_SETLK, READ_LOCK)
#define UPGRADE_ofd(fd, other)                                                                     \
	do {                                                                                       \
		fcntl(fd, F_OFD_SETLK, WRITE_LOCK);                                                \
		fcntl(other, F_OFD_SETLK, UNLOCK);                                                 \
		fcntl(fd, F_OFD_SETLK, WRITE_LOCK);                                                \
	} while (0)

PAIR(file)
{
	int fd = open(file, O_RDWR), other = open(file, O_RDWR);

	BY(SHARE_)(other);
	BY(SHARE_)(fd);
	BY(UPGRADE_)(fd, other);
	pwrite(fd, "held", 4, 0);
	close(other);
	close(fd);
}
