/* SPDX-License-Identifier: MIT */
#include "pair.h"

/* The other thread gets the lock to finish the work: nobody else goes on with it. */
static void *finish(void *fd)
{
	pwrite(*(int *)fd, "finished", 8, 0);
	fcntl(*(int *)fd, F_SETLK, UNLOCK);
	return NULL;
}

PAIR(file)
{
	int fd = open(file, O_RDWR);
	pthread_t thread;

	fcntl(fd, F_SETLK, WRITE_LOCK);
	pthread_create(&thread, NULL, finish, &fd);
	pthread_join(thread, NULL);
	fcntl(fd, F_SETLK, WRITE_LOCK);
	pwrite(fd, "again", 5, 0);
	fcntl(fd, F_SETLK, UNLOCK);
	close(fd);
}
