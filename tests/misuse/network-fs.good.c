/* SPDX-License-Identifier: MIT */
/* on: fuse */
/* via: posix ofd flock */
#include "pair.h"

#define TAKE_posix(fd) fcntl(fd, F_SETLK, WRITE_LOCK)
#define TAKE_ofd(fd) fcntl(fd, F_OFD_SETLK, WRITE_LOCK)
#define TAKE_flock(fd) flock(fd, LOCK_EX)
#define RELEASE_posix(fd) fcntl(fd, F_SETLK, UNLOCK)
#define RELEASE_ofd(fd) fcntl(fd, F_OFD_SETLK, UNLOCK)
#define RELEASE_flock(fd) flock(fd, LOCK_UN)

/* The users of the file are all on this machine: what they lock is a file on a local file system. */
PAIR(file)
{
	char lockfile[] = "/dev/shm/network-fs.XXXXXX";
	int lock = mkostemp(lockfile, O_CLOEXEC), fd = open(file, O_RDWR);

	if (BY(TAKE_)(lock) == 0)
		pwrite(fd, "first", 5, 0);
	BY(RELEASE_)(lock);
	close(fd);
	unlink(lockfile);
	close(lock);
}
