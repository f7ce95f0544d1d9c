/* SPDX-License-Identifier: MIT */
/* via: posix ofd flock */
#include "pair.h"

#define TAKE_posix(fd) fcntl(fd, F_SETLKW, WRITE_LOCK)
#define TAKE_ofd(fd) fcntl(fd, F_OFD_SETLKW, WRITE_LOCK)
#define TAKE_flock(fd) flock(fd, LOCK_EX)

static int open_locked(const char *file)
{
	struct stat locked, named;

	for (;;) {
		int fd = open(file, O_RDWR | O_CREAT, 0666);

		BY(TAKE_)(fd);
		if (!fstat(fd, &locked) && !stat(file, &named) && locked.st_ino == named.st_ino)
			return fd;
		close(fd);
	}
}

PAIR(file)
{
	int fd;

	pair_delete_when_waiting(file, BY(TAKE_));
	fd = open_locked(file);
	pwrite(fd, "mine", 4, 0);
	close(fd);
}
