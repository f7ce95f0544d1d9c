/* SPDX-License-Identifier: MIT */
/* via: posix ofd */
#include "pair.h"

#define COMMAND_posix F_SETLKW
#define COMMAND_ofd F_OFD_SETLKW

/* Whoever works on the file takes both, always in this order: so mail boxes are locked. */
static void *append(void *file)
{
	int fd = open(file, O_RDWR);

	flock(fd, LOCK_EX);
	fcntl(fd, BY(COMMAND_), WRITE_LOCK);
	pwrite(fd, "second", 6, 0);
	fcntl(fd, BY(COMMAND_), UNLOCK);
	flock(fd, LOCK_UN);
	close(fd);
	return NULL;
}

PAIR(file)
{
	pthread_t thread;

	append((void *)file);
	pthread_create(&thread, NULL, append, (void *)file);
	pthread_join(thread, NULL);
}
