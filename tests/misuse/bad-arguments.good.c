/* SPDX-License-Identifier: MIT */
#include "pair.h"

PAIR(file)
{
	int fd = open(file, O_RDWR);

	fcntl(fd, F_OFD_SETLK, WRITE_LOCK); /* every other field of the struct is 0 */
	fcntl(fd, F_OFD_SETLK, UNLOCK);
	flock(fd, LOCK_EX | LOCK_NB);
	close(fd);
}
