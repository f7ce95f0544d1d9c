/* SPDX-License-Identifier: MIT */
/* via: unlock close anew result */
#include "pair.h"

#define END_unlock(fd) fcntl(fd, F_SETLK, UNLOCK)
#define END_close(fd) close(fd)
#define END_anew(fd) close(fd)
#define END_result(fd) fcntl(fd, F_SETLK, UNLOCK)

/* Then the first thread locks again, or begins anew with the file, or reads what was done. */
#define AGAIN_unlock(fd) again(fd)
#define AGAIN_close(fd) again(fd)
#define AGAIN_anew(fd) (void)fd
#define AGAIN_result(other)                                                                        \
	do {                                                                                       \
		pread(fd, (char[8]){ 0 }, 8, 0);                                                   \
		again(other);                                                                      \
	} while (0)

/* The other thread gets the lock to finish the work: nobody else goes on with it. */
static void *finish(void *fd)
{
	pwrite(*(int *)fd, "finished", 8, 0);
	BY(END_)(*(int *)fd);
	return NULL;
}

__attribute__((unused)) static void again(int fd)
{
	fcntl(fd, F_SETLK, WRITE_LOCK);
	pwrite(fd, "again", 5, 0);
	fcntl(fd, F_SETLK, UNLOCK);
}

static void hand_over(int fd)
{
	pthread_t thread;

	fcntl(fd, F_SETLK, WRITE_LOCK);
	pthread_create(&thread, NULL, finish, &fd);
	pthread_join(thread, NULL);
}

PAIR(file)
{
	int other = open(file, O_RDWR), fd = open(file, O_RDWR);

	hand_over(fd);
	BY(AGAIN_)(other);
	fd = open(file, O_RDWR);
	pwrite(fd, "private", 7, 0); /* nothing is believed about this one */
	_exit(other < 0);
}
