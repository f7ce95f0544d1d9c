/* SPDX-License-Identifier: MIT */
/* via: posix ofd flock */
#include "pair.h"

#define TAKE_posix(fd) fcntl(fd, F_SETLKW, WRITE_LOCK)
#define TAKE_ofd(fd) fcntl(fd, F_OFD_SETLKW, WRITE_LOCK)
#define TAKE_flock(fd) flock(fd, LOCK_EX)
#define DROP_posix(fd) fcntl(fd, F_SETLK, UNLOCK)
#define DROP_ofd(fd) fcntl(fd, F_OFD_SETLK, UNLOCK)
#define DROP_flock(fd) flock(fd, LOCK_UN)

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

/* The mutex keeps the threads apart, the lock the processes. */
static void *append(void *fd)
{
	pthread_mutex_lock(&mutex);
	BY(TAKE_)(*(int *)fd);
	pwrite(*(int *)fd, "second", 6, 0);
	BY(DROP_)(*(int *)fd);
	pthread_mutex_unlock(&mutex);
	return NULL;
}

PAIR(file)
{
	int fd = open(file, O_RDWR);
	pthread_t thread;

	pthread_create(&thread, NULL, append, &fd);
	append(&fd);
	pthread_join(thread, NULL);
	close(fd);
}
