/* SPDX-License-Identifier: MIT */
/* level: error */
/* via: posix ofd flock */
#include "pair.h"

#define TAKE_posix(fd) fcntl(fd, F_SETLKW, WRITE_LOCK)
#define TAKE_ofd(fd) fcntl(fd, F_OFD_SETLKW, WRITE_LOCK)
#define TAKE_flock(fd) flock(fd, LOCK_EX)

static void *second(void *fd)
{
	BY(TAKE_)(*(int *)fd); /* HERE: does not wait, although the other thread has the lock */
	pwrite(*(int *)fd, "second", 6, 0);
	return NULL;
}

PAIR(file)
{
	int fd = open(file, O_RDWR);
	pthread_t thread;

	BY(TAKE_)(fd); /* TAKEN */
	pthread_create(&thread, NULL, second, &fd);
	pthread_join(thread, NULL);
	pwrite(fd, "first!", 6, 0); /* over what the second has just written */
	close(fd);
}
