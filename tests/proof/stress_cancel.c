/* SPDX-License-Identifier: MIT */
/* Threads that are cancelled: while they wait, between two calls, and before a call. */
#define _GNU_SOURCE
#include "stress.h"

#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#define OWN_FD 100 /* the number that the threads close and duplicate to */

struct subject {
	enum waiting by;
	int type; /* of cancellation */
	int fd;
	sem_t begun;
};

static void *wait_for_ever(void *argument)
{
	struct subject *subject = argument;

	(void)pthread_setcanceltype(subject->type, NULL);
	(void)sem_post(&subject->begun);
	(void)wait_for(subject->by, subject->fd);
	return NULL;
}

/* Earlier or later in what the thread does; later every time, up to about 0.1 ms. */
static void let_it_run(long round)
{
	for (volatile long i = 0; i < round % 100 * 300; i++)
		;
}

static bool is_cancelled(void *(*body)(void *), struct subject *subject, long round)
{
	pthread_t thread;
	void *result;

	(void)sem_init(&subject->begun, 0, 0);
	if (pthread_create(&thread, NULL, body, subject))
		die("thread");
	while (sem_wait(&subject->begun))
		;
	let_it_run(round);
	(void)pthread_cancel(thread);
	(void)pthread_join(thread, &result);
	return result == PTHREAD_CANCELED;
}

/* Waiting for a flock is no cancellation point: only asynchronous cancellation ends it. */
void cancel_waiting(long count)
{
	struct subject subject = { .fd = open_file("contended") };
	long cancelled;

	hold_elsewhere("contended");
	for (subject.by = 0; subject.by < WAIT_COUNT; subject.by++)
		for (subject.type = PTHREAD_CANCEL_DEFERRED;
		     subject.type <= PTHREAD_CANCEL_ASYNCHRONOUS; subject.type++) {
			if (subject.by == WAIT_FLOCK && subject.type == PTHREAD_CANCEL_DEFERRED)
				continue;
			cancelled = 0;
			for (long i = 0; i < count; i++)
				cancelled += is_cancelled(wait_for_ever, &subject, i);
			printf("wait %d, type %d: %ld cancelled\n", subject.by, subject.type,
			       cancelled);
		}
	release_elsewhere();
	close(subject.fd);
	judge("contended");
}

/* Only system calls: they may be cancelled at any instruction. */
static void *work_for_ever(void *argument)
{
	struct subject *subject = argument;

	(void)pthread_setcanceltype(subject->type, NULL);
	(void)sem_post(&subject->begun);
	for (;;) {
		(void)lock_posix(subject->fd, F_SETLKW, F_WRLCK);
		(void)dup2(subject->fd, OWN_FD);
		(void)lock_posix(subject->fd, F_SETLK, F_UNLCK);
		(void)lock_posix(OWN_FD, F_OFD_SETLKW, F_WRLCK);
		(void)close(OWN_FD);
		(void)lock_posix(subject->fd, F_OFD_SETLK, F_UNLCK);
		(void)flock(subject->fd, LOCK_EX);
		(void)flock(subject->fd, LOCK_UN);
	}
	return NULL;
}

static void tidy(int fd)
{
	(void)lock_posix(fd, F_SETLK, F_UNLCK);
	(void)lock_posix(fd, F_OFD_SETLK, F_UNLCK);
	(void)flock(fd, LOCK_UN);
	(void)close(OWN_FD);
}

void cancel_between(long count)
{
	struct subject subject = { .fd = open_file("busy") };

	for (long i = 0; i < count; i++) {
		subject.type = i % 2 ? PTHREAD_CANCEL_DEFERRED : PTHREAD_CANCEL_ASYNCHRONOUS;
		if (!is_cancelled(work_for_ever, &subject, i))
			die("a thread was not cancelled");
		tidy(subject.fd);
		if (locks_listed(subject.fd))
			die("a lock is left");
	}
	printf("%ld cancelled\n", count);
	close(subject.fd);
	judge("busy");
}

/* One call each, of a thread that has been cancelled already; other is a second descriptor. */
struct call {
	const char *name;
	int (*make)(int fd, int other);
};

static int call_setlk(int fd, int other)
{
	(void)other;
	return lock_posix(fd, F_SETLK, F_WRLCK);
}

static int call_setlkw(int fd, int other)
{
	(void)other;
	return lock_posix(fd, F_SETLKW, F_WRLCK);
}

static int call_unlock_waiting(int fd, int other)
{
	(void)other;
	return lock_posix(fd, F_SETLKW, F_UNLCK);
}

static int call_ofd_setlkw(int fd, int other)
{
	(void)other;
	(void)lock_posix(fd, F_SETLK, F_UNLCK);
	return lock_posix(fd, F_OFD_SETLKW, F_WRLCK);
}

static int call_lockf(int fd, int other)
{
	(void)other;
	return lockf(fd, F_LOCK, 0);
}

static int call_tlock(int fd, int other)
{
	(void)other;
	return lockf(fd, F_TLOCK, 0);
}

static int call_flock(int fd, int other)
{
	(void)other;
	return flock(fd, LOCK_EX);
}

static int call_close(int fd, int other)
{
	(void)fd;
	return close(other);
}

static int call_dup2(int fd, int other)
{
	return dup2(fd, other);
}

static int call_open(int fd, int other)
{
	(void)fd;
	(void)other;
	return open("/dev/null", O_RDONLY | O_CLOEXEC);
}

static int call_write(int fd, int other)
{
	(void)other;
	return (int)pwrite(fd, "x", 1, 0);
}

static int call_fsync(int fd, int other)
{
	(void)other;
	return fsync(fd);
}

static const struct call calls[] = {
	{ "F_SETLK", call_setlk },
	{ "F_SETLKW", call_setlkw },
	{ "F_SETLKW that unlocks", call_unlock_waiting },
	{ "F_OFD_SETLKW", call_ofd_setlkw },
	{ "lockf", call_lockf },
	{ "lockf that does not wait", call_tlock },
	{ "flock", call_flock },
	{ "close", call_close },
	{ "dup2", call_dup2 },
	{ "open", call_open },
	{ "pwrite", call_write },
	{ "fsync", call_fsync },
};

struct pending {
	const struct call *call;
	int fd, other;
	bool came_back;
};

static void *call_once_cancelled(void *argument)
{
	struct pending *pending = argument;

	(void)pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL);
	(void)pthread_cancel(pthread_self());
	(void)pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, NULL);
	(void)pending->call->make(pending->fd, pending->other);
	pending->came_back = true;
	return NULL;
}

static void print_pending(const struct call *call, bool held)
{
	struct pending pending = { .call = call };
	pthread_t thread;

	pending.fd = open_file("pending");
	pending.other = dup(open_file("elsewhere"));
	if (held && lock_posix(pending.fd, F_SETLK, F_WRLCK))
		die("lock");
	if (pthread_create(&thread, NULL, call_once_cancelled, &pending))
		die("thread");
	(void)pthread_join(thread, NULL);
	printf("%s, %s: %s, %u locks, the other descriptor is %s\n", call->name,
	       held ? "held" : "not held", pending.came_back ? "came back" : "cancelled",
	       locks_listed(pending.fd), fcntl(pending.other, F_GETFD) < 0 ? "closed" : "open");
	close(pending.fd);
	close(pending.other);
}

void cancel_pending(long count)
{
	for (long i = 0; i < count; i++)
		for (size_t n = 0; n < sizeof(calls) / sizeof(calls[0]); n++)
			print_pending(&calls[n], i % 2);
	judge("pending");
}
