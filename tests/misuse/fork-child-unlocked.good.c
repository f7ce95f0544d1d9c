/* SPDX-License-Identifier: MIT */
/* via: own ofd delegated elsewhere */
#include "pair.h"

/* The child takes the lock itself. */
#define PARENT_own(fd) fcntl(fd, F_SETLKW, WRITE_LOCK)
#define CHILD_own(fd) fcntl(fd, F_SETLKW, WRITE_LOCK)
#define AFTER_own(fd) fcntl(fd, F_SETLK, UNLOCK)

/* Parent and child share a lock with the descriptor. */
#define PARENT_ofd(fd) fcntl(fd, F_OFD_SETLKW, WRITE_LOCK)
#define CHILD_ofd(fd) (void)0
#define AFTER_ofd(fd) (void)0

/* The parent keeps the lock while the child does the work for it. */
#define PARENT_delegated(fd) fcntl(fd, F_SETLKW, WRITE_LOCK)
#define CHILD_delegated(fd) (void)0
#define AFTER_delegated(fd) (void)0

/* The parent locked other bytes than those that the child writes. */
#define PARENT_elsewhere(fd) lockf(fd, F_LOCK, -lseek(fd, 100, SEEK_SET))
#define CHILD_elsewhere(fd) lseek(fd, 200, SEEK_SET)
#define AFTER_elsewhere(fd) lockf(fd, F_ULOCK, 0)

PAIR(file)
{
	int fd = open(file, O_RDWR), done[2];
	char byte;

	pipe(done);
	BY(PARENT_)(fd);
	if (fork() == 0) {
		read(done[0], &byte, 1);
		BY(CHILD_)(fd);
		write(fd, "child", 5);
		close(fd);
		_exit(0);
	}
	BY(AFTER_)(fd);
	write(done[1], "", 1);
	wait(NULL);
}
