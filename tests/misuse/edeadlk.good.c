/* SPDX-License-Identifier: MIT */
#include "pair.h"

#define BYTE(type, n) (&(struct flock){ .l_type = type, .l_start = n, .l_len = 1 })

/* Both take the first byte, then the second. */
static void lock_both(int fd)
{
	fcntl(fd, F_SETLKW, BYTE(F_WRLCK, 1));
	fcntl(fd, F_SETLKW, BYTE(F_WRLCK, 2));
	fcntl(fd, F_SETLK, UNLOCK);
}

PAIR(file)
{
	int fd = open(file, O_RDWR);

	if (fork() == 0) {
		lock_both(fd);
		_exit(0);
	}
	lock_both(fd);
	close(fd);
	wait(NULL);
}
