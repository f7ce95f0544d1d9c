/* SPDX-License-Identifier: MIT */
/* level: warning */
/* via: posix ofd */
#include "pair.h"

#define COMMAND_posix F_SETLKW
#define COMMAND_ofd F_OFD_SETLKW

static void *second(void *file)
{
	int fd = open(file, O_RDWR);

	fcntl(fd, BY(COMMAND_), WRITE_LOCK); /* HERE: a flock is no obstacle */
	pwrite(fd, "second", 6, 0);
	return NULL;
}

PAIR(file)
{
	int fd = open(file, O_RDWR);
	pthread_t thread;

	flock(fd, LOCK_EX); /* TAKEN */
	pthread_create(&thread, NULL, second, (void *)file);
	pthread_join(thread, NULL);
	pwrite(fd, "first!", 6, 0);
	flock(fd, LOCK_UN);
}
