/* SPDX-License-Identifier: MIT */
/* level: error */
#include "pair.h"

static void *unlock(void *fd)
{
	fcntl(*(int *)fd, F_SETLK, UNLOCK); /* HERE: the process's only lock */
	return NULL;
}

PAIR(file)
{
	int fd = open(file, O_RDWR);
	pthread_t thread;

	fcntl(fd, F_SETLK, WRITE_LOCK); /* TAKEN */
	pthread_create(&thread, NULL, unlock, &fd);
	pthread_join(thread, NULL);
	pwrite(fd, "believed", 8, 0);
	close(fd);
}
