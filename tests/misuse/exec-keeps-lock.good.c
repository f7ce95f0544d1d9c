/* SPDX-License-Identifier: MIT */
/* via: unlocked child */
#include "pair.h"

#define BEFORE_unlocked(fd) fcntl(fd, F_SETLK, UNLOCK)

/* A child has the descriptor and not the lock. */
#define BEFORE_child(fd)                                                                           \
	do {                                                                                       \
		if (fork() > 0) {                                                                  \
			wait(NULL);                                                                \
			fcntl(fd, F_SETLK, UNLOCK);                                                \
			_exit(0);                                                                  \
		}                                                                                  \
	} while (0)

PAIR(file)
{
	char *argv[] = { "/bin/true", NULL };
	int fd = open(file, O_RDWR);

	fcntl(fd, F_SETLK, WRITE_LOCK);
	BY(BEFORE_)(fd);
	execv(argv[0], argv);
	_exit(2);
}
