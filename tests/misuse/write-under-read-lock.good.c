/* SPDX-License-Identifier: MIT */
#include "pair.h"

#define BYTES(type, first, count)                                                                  \
	(&(struct flock){ .l_type = type, .l_start = first, .l_len = count })

PAIR(file)
{
	char seen[4];
	int fd = open(file, O_RDWR);

	fcntl(fd, F_SETLKW, BYTES(F_RDLCK, 0, 8)); /* the old record */
	fcntl(fd, F_SETLKW, BYTES(F_WRLCK, 8, 8)); /* the new one */
	pread(fd, seen, sizeof seen, 0);
	pwrite(fd, seen, sizeof seen, 8);
	fcntl(fd, F_SETLK, UNLOCK);
	flock(fd, LOCK_EX);
	pwrite(fd, seen, sizeof seen, 0);
	close(fd);
}
