/* SPDX-License-Identifier: MIT */
/* via: posix ofd flock apart */
#include "pair.h"

#define TAKE_posix(fd) fcntl(fd, F_SETLKW, WRITE_LOCK)
#define TAKE_ofd(fd) fcntl(fd, F_OFD_SETLKW, WRITE_LOCK)
#define TAKE_flock(fd) flock(fd, LOCK_EX)
#define DROP_posix(fd) fcntl(fd, F_SETLK, UNLOCK)
#define DROP_ofd(fd) fcntl(fd, F_OFD_SETLK, UNLOCK)
#define DROP_flock(fd) flock(fd, LOCK_UN)

#define TAKE_apart TAKE_posix
#define DROP_apart DROP_posix

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

/* Converts the other's read lock, as databases do, and writes what nobody reads meanwhile. */
static pthread_barrier_t both;

__attribute__((unused)) static void *write_apart(void *file)
{
	int own = open(file, O_RDWR);

	fcntl(own, F_SETLK, WRITE_LOCK);
	pwrite(own, "apart", 5, 8);
	pthread_barrier_wait(&both);
	pthread_barrier_wait(&both); /* the other one has read */
	fcntl(own, F_SETLK, READ_LOCK);
	return NULL;
}

#define BESIDE_posix(file, fd) (void)0
#define BESIDE_ofd(file, fd) (void)0
#define BESIDE_flock(file, fd) (void)0
#define BESIDE_apart(file, fd)                                                                     \
	do {                                                                                       \
		pthread_barrier_init(&both, NULL, 2);                                              \
		fcntl(fd, F_SETLKW, READ_LOCK);                                                    \
		pthread_create(&thread, NULL, write_apart, (void *)file);                          \
		pthread_barrier_wait(&both);                                                       \
		pread(fd, (char[8]){ 0 }, 8, 0);                                                   \
		pthread_barrier_wait(&both);                                                       \
		pthread_join(thread, NULL);                                                        \
		fcntl(fd, F_SETLK, UNLOCK);                                                        \
	} while (0)

PAIR(file)
{
	int fd = open(file, O_RDWR);
	pthread_t thread;

	BY(BESIDE_)(file, fd);
	pthread_create(&thread, NULL, append, &fd);
	append(&fd);
	pthread_join(thread, NULL);
	close(fd);
}
