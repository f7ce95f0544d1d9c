/* SPDX-License-Identifier: MIT */
/*
 * A handler that does not return: siglongjmp takes the program out of a call that waits, or out of
 * any place between two instructions. All calls here may be interrupted so: they are safe in
 * handlers.
 */
#define _GNU_SOURCE
#include "stress.h"

#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define THREADS 3
#define FIRST 100 /* descriptors from here on are the storm's, and come and go with it */

static _Thread_local sigjmp_buf out;
static _Thread_local volatile sig_atomic_t armed;

static void jump_out(int signal)
{
	(void)signal;
	if (!armed)
		return;
	armed = 0;
	siglongjmp(out, 1);
}

void jump_waiting(enum waiting by, long count)
{
	int fd = open_file("contended");
	volatile long jumps = 0;
	int granted;

	hold_elsewhere("contended");
	every(150, jump_out);
	while (jumps < count) {
		if (!sigsetjmp(out, 1)) {
			armed = 1;
			(void)wait_for(by, fd);
			armed = 0;
			die("a lock that another process holds was granted");
		}
		jumps++;
	}
	every(0, jump_out);
	release_elsewhere();
	granted = wait_for(by, fd);
	printf("%ld jumps; then the lock: %d, unlocked: %d\n", jumps, granted, release(by, fd));
	close(fd);
	judge("contended");
}

/* Everything that the checker looks at, until the handler ends it. */
static void work_for_ever(int fd, int number)
{
	for (;;) {
		(void)lock_posix(fd, F_SETLKW, F_WRLCK);
		(void)dup2(fd, number);
		(void)lock_posix(fd, F_SETLK, F_UNLCK);
		(void)lock_posix(number, F_OFD_SETLK, F_WRLCK);
		(void)close(number);
		(void)lock_posix(fd, F_OFD_SETLK, F_UNLCK);
		(void)flock(fd, LOCK_SH);
		(void)flock(fd, LOCK_EX);
		(void)flock(fd, LOCK_UN);
	}
}

/* What the jump left undone. The lock may still be held, or already gone. */
static void tidy(int fd, int number)
{
	(void)lock_posix(fd, F_SETLK, F_UNLCK);
	(void)lock_posix(fd, F_OFD_SETLK, F_UNLCK);
	(void)flock(fd, LOCK_UN);
	(void)close(number);
}

static void jump_often(const char *name, int number, long count)
{
	int fd = open_file(name);
	volatile long jumps = 0;

	while (jumps < count) {
		if (!sigsetjmp(out, 1)) {
			armed = 1;
			work_for_ever(fd, number);
		}
		tidy(fd, number);
		if (locks_listed(fd))
			die("a lock is left");
		jumps++;
	}
	close(fd);
}

void jump_anywhere(long count)
{
	every(20, jump_out);
	jump_often("single", FIRST, count);
	every(0, jump_out);
	printf("%ld jumps\n", count);
	judge("single");
}

/* Signals of its own for this thread. */
static timer_t own_timer(void)
{
	struct sigevent event = { .sigev_notify = SIGEV_THREAD_ID, .sigev_signo = SIGALRM };
	struct itimerspec interval = { { 0, 50000 }, { 0, 50000 } };
	timer_t timer;

	event._sigev_un._tid = (int)syscall(SYS_gettid);
	if (timer_create(CLOCK_MONOTONIC, &event, &timer) ||
	    timer_settime(timer, 0, &interval, NULL))
		die("timer of a thread");
	return timer;
}

static long thread_jumps;
static pthread_barrier_t storm_is_over;

/* Where the jumps have left it, a thread can still be cancelled. */
static void *jump_then_wait(void *number)
{
	char name[16];
	timer_t timer = own_timer();

	snprintf(name, sizeof(name), "thread.%d", (int)(size_t)number);
	jump_often(name, FIRST + (int)(size_t)number, thread_jumps);
	(void)timer_delete(timer);
	(void)pthread_barrier_wait(&storm_is_over);
	for (;;)
		(void)pause();
	return NULL;
}

void jump_threads(long count)
{
	struct sigaction action = { .sa_handler = jump_out };
	pthread_t threads[THREADS];
	void *result;
	int cancelled = 0;

	thread_jumps = count;
	(void)sigaction(SIGALRM, &action, NULL);
	(void)pthread_barrier_init(&storm_is_over, NULL, THREADS + 1);
	for (size_t i = 0; i < THREADS; i++)
		if (pthread_create(&threads[i], NULL, jump_then_wait, (void *)i))
			die("thread");
	(void)pthread_barrier_wait(&storm_is_over);
	for (int i = 0; i < THREADS; i++) {
		(void)pthread_cancel(threads[i]);
		(void)pthread_join(threads[i], &result);
		cancelled += result == PTHREAD_CANCELED;
	}
	printf("%d threads jumped %ld times and were cancelled\n", cancelled, count);
	judge("thread.0");
}
