/* SPDX-License-Identifier: MIT */
/* via: posix ofd flock */
#include "pair.h"

#define TAKE_posix(fd) fcntl(fd, F_SETLKW, WRITE_LOCK)
#define TAKE_ofd(fd) fcntl(fd, F_OFD_SETLKW, WRITE_LOCK)
#define TAKE_flock(fd) flock(fd, LOCK_EX)
#define DROP_posix(fd) fcntl(fd, F_SETLK, UNLOCK)
#define DROP_ofd(fd) fcntl(fd, F_OFD_SETLK, UNLOCK)
#define DROP_flock(fd) flock(fd, LOCK_UN)

static void child(const char *file)
{
	int fd = open(file, O_RDWR);

	BY(TAKE_)(fd);
	write(fd, "child", 5);
	BY(DROP_)(fd);
	_exit(0);
}

PAIR(file)
{
	int fd = open(file, O_RDWR | O_CLOEXEC);
	pid_t worker;

	BY(TAKE_)(fd);
	write(fd, "parent", 6);
	worker = fork();
	if (!worker)
		child(file);
	BY(DROP_)(fd); /* before waiting */
	waitpid(worker, NULL, 0);
	close(fd);
}
