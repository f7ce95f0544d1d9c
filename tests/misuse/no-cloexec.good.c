/* SPDX-License-Identifier: MIT */
/* via: cloexec closed */
#include "pair.h"

#define OPEN_cloexec O_CLOEXEC
#define CHILD_cloexec(fd) (void)(fd)

#define OPEN_closed 0
#define CHILD_closed(fd) close(fd)

PAIR(file)
{
	char *argv[] = { "/bin/true", NULL };
	int fd = open(file, O_RDWR | BY(OPEN_));

	flock(fd, LOCK_EX);
	if (fork() == 0) {
		BY(CHILD_)(fd);
		execv(argv[0], argv);
		_exit(2);
	}
	wait(NULL);
	close(fd);
}
