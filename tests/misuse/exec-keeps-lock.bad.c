/* SPDX-License-Identifier: MIT */
/* level: note */
#include "pair.h"

PAIR(file)
{
	char *argv[] = { "/bin/true", NULL };
	int fd = open(file, O_RDWR);

	fcntl(fd, F_SETLK, WRITE_LOCK); /* TAKEN */
	execv(argv[0], argv); /* HERE: true(1) holds the lock from now on */
	_exit(2);
}
