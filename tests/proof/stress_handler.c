/* SPDX-License-Identifier: MIT */
/*
 * Handlers that lock, unlock and close, by a clock that strikes in whatever thread runs, while
 * four threads do the same. Once in each round the handler closes a second descriptor of the file
 * that the main program has locked: that must be found in the handler, every time.
 */
#define _GNU_SOURCE
#include "stress.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/file.h>
#include <unistd.h>

#define THREADS 3

static int own = -1;	    /* the handler's, with a lock of its own */
static int other = -1;	    /* the second descriptor, to be closed by the handler */
static int busy;	    /* atomic: a thread's handler is at it; two would share its locks */
static int wanted, done;    /* atomic: close it; the threads' end */
static unsigned long calls; /* atomic: of the handler */

static void lock_and_unlock(int fd)
{
	(void)lock_posix(fd, F_SETLK, F_WRLCK);
	(void)lock_posix(fd, F_SETLK, F_UNLCK);
	(void)flock(fd, LOCK_EX | LOCK_NB);
	(void)flock(fd, LOCK_UN);
}

static void on_clock(int signal)
{
	int error = errno, fd, expected = 1;

	(void)signal;
	__atomic_add_fetch(&calls, 1, __ATOMIC_RELAXED);
	if (!__atomic_exchange_n(&busy, 1, __ATOMIC_ACQUIRE)) {
		lock_and_unlock(own);
		__atomic_store_n(&busy, 0, __ATOMIC_RELEASE);
	}
	fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	close(fd);
	if (__atomic_compare_exchange_n(&wanted, &expected, 2, false, __ATOMIC_SEQ_CST,
					__ATOMIC_SEQ_CST)) {
		close(other); /* HANDLER */
		__atomic_store_n(&wanted, 0, __ATOMIC_SEQ_CST);
	}
	errno = error;
}

static void *work(void *number)
{
	char name[16];
	int fd, second;

	snprintf(name, sizeof(name), "thread.%d", (int)(size_t)number);
	while (!__atomic_load_n(&done, __ATOMIC_RELAXED)) {
		fd = open_file(name);
		second = open_file(name);
		lock_and_unlock(fd);
		lock_and_unlock(second);
		close(second);
		close(fd);
	}
	return NULL;
}

/* Loses the lock to the handler, which may interrupt any call of this. */
static void lose_once(int fd, int side)
{
	other = open_file("locked");
	if (lock_posix(fd, F_SETLK, F_WRLCK)) /* TAKEN */
		die("lock");
	__atomic_store_n(&wanted, 1, __ATOMIC_SEQ_CST);
	while (__atomic_load_n(&wanted, __ATOMIC_SEQ_CST))
		lock_and_unlock(side);
	if (locks_listed(fd))
		die("the handler closed, and the lock is still there");
	if (pwrite(fd, "x", 1, 0) != 1)
		die("write");
}

void handle_signals(long count)
{
	int fd = open_file("locked"), side = open_file("side");
	pthread_t threads[THREADS];

	own = open_file("own");
	every(200, on_clock);
	for (size_t i = 0; i < THREADS; i++)
		if (pthread_create(&threads[i], NULL, work, (void *)i))
			die("thread");
	for (long i = 0; i < count; i++)
		lose_once(fd, side);
	__atomic_store_n(&done, 1, __ATOMIC_RELAXED);
	for (int i = 0; i < THREADS; i++)
		(void)pthread_join(threads[i], NULL);
	every(0, on_clock);
	printf("the handler was called: %d; %ld locks were lost\n",
	       __atomic_load_n(&calls, __ATOMIC_RELAXED) >= (unsigned long)count, count);
	close(own);
	close(side);
	close(fd);
	judge("locked");
}
