/* SPDX-License-Identifier: MIT */
/* level: note */
/* on: fuse */
/* via: posix ofd flock */
#include "pair.h"

#define TAKE_posix(fd) fcntl(fd, F_SETLK, WRITE_LOCK)
#define TAKE_ofd(fd) fcntl(fd, F_OFD_SETLK, WRITE_LOCK)
#define TAKE_flock(fd) flock(fd, LOCK_EX)
#define RELEASE_posix(fd) fcntl(fd, F_SETLK, UNLOCK)
#define RELEASE_ofd(fd) fcntl(fd, F_OFD_SETLK, UNLOCK)
#define RELEASE_flock(fd) flock(fd, LOCK_UN)

/* Once for the mount, however often it is locked there. */
PAIR(file)
{
	int fd = open(file, O_RDWR);

	BY(TAKE_)(fd); /* HERE */
	pwrite(fd, "first", 5, 0);
	BY(RELEASE_)(fd);

	BY(TAKE_)(fd);
	pwrite(fd, "again", 5, 0);
	BY(RELEASE_)(fd);
	close(fd);
}
