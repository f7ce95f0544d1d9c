/* SPDX-License-Identifier: MIT */
#include "pair.h"

PAIR(file)
{
	int fd = open(file, O_RDWR | O_CREAT, 0666);

	fcntl(fd, F_SETLKW, WRITE_LOCK);
	ftruncate(fd, 0);
	pwrite(fd, "mine", 4, 0);
	close(fd);
	unlink(file);
	fd = open(file, O_RDWR | O_CREAT | O_TRUNC, 0666); /* a new file: nothing is lost */
	flock(fd, LOCK_EX);
	close(fd);
}
