/* SPDX-License-Identifier: MIT */
/* level: error */
/* level in via-late: warning */
/* via: unlock close stream late read */
#include "pair.h"

/* The process's only lock. */
#define END_unlock(fd) fcntl(fd, F_SETLK, UNLOCK)
#define END_close(fd) close(fd)
#define END_stream(fd) fclose(fdopen(fd, "r+"))
#define END_late(fd) close(fd)
#define END_read(fd) fcntl(fd, F_SETLK, UNLOCK)

/* What the first thread does then: through a descriptor that it has had all the time. */
#define USE_unlock(fd, other) pwrite(fd, "believed", 8, 0)
#define USE_close(fd, other) pwrite(other, "believed", 8, 0)
#define USE_stream(fd, other) pwrite(other, "believed", 8, 0)
#define USE_late(fd, other) fcntl(fd, F_SETLK, UNLOCK)

/* It only reads. But its unlock shows that it believed. */
#define USE_read(fd, other)                                                                        \
	do {                                                                                       \
		pread(fd, (char[8]){ 0 }, 8, 0);                                                   \
		fcntl(fd, F_SETLK, UNLOCK);                                                        \
	} while (0)

static void *end(void *fd)
{
	BY(END_)(*(int *)fd); /* HERE */
	return NULL;
}

PAIR(file)
{
	int other = open(file, O_RDWR), fd = open(file, O_RDWR);
	pthread_t thread;

	fcntl(fd, F_SETLK, WRITE_LOCK); /* TAKEN */
	pthread_create(&thread, NULL, end, &fd);
	pthread_join(thread, NULL);
	BY(USE_)(fd, other);
	_exit(other < 0);
}
