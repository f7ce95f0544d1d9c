/* SPDX-License-Identifier: MIT */
/*
 * Children of every make while the parent holds locks of all three primitives and its threads lock
 * and unlock. A child of its own memory closes what it inherited, which drops nothing of its
 * parent's, and loses a lock of its own. One that borrows its parent's memory closes all it can.
 */
#define _GNU_SOURCE
#include "stress.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define THREADS 3
#define STACK 65536
#define LAST_FD 63

static int posix_fd, ofd_fd, flock_fd, done;

static void *work(void *number)
{
	char name[16];
	int fd;

	snprintf(name, sizeof(name), "thread.%d", (int)(size_t)number);
	fd = open_file(name);
	while (!__atomic_load_n(&done, __ATOMIC_RELAXED)) {
		(void)lock_posix(fd, F_SETLKW, F_WRLCK);
		(void)lock_posix(fd, F_SETLK, F_UNLCK);
		(void)flock(fd, LOCK_EX);
		(void)flock(fd, LOCK_UN);
	}
	close(fd);
	return NULL;
}

/* A lock that this process took itself, and lost. */
static void lose_own_lock(void)
{
	int fd = open_file("child"), other = open_file("child");

	if (lock_posix(fd, F_SETLKW, F_WRLCK)) /* TAKEN */
		_exit(4);
	close(other); /* CHILD */
	if (locks_listed(fd) || pwrite(fd, "x", 1, 0) != 1)
		_exit(5);
}

static int be_child(void *unused)
{
	(void)unused;
	for (int fd = 3; fd <= LAST_FD; fd++)
		close(fd);
	lose_own_lock();
	_exit(0);
}

/* It shares nothing but memory, and the parent waits for it. */
static int be_borrower(void *unused)
{
	(void)unused;
	for (int fd = 3; fd <= LAST_FD; fd++)
		close(fd);
	_exit(0);
}

static pid_t by_fork(void)
{
	pid_t child = fork();

	return child ? child : be_child(NULL);
}

static pid_t by_raw_fork(void)
{
	pid_t child = _Fork();

	return child ? child : be_child(NULL);
}

static pid_t by_clone_call(void)
{
	pid_t child = (pid_t)syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);

	return child ? child : be_child(NULL);
}

static pid_t by_vfork(void)
{
	pid_t child = vfork();

	if (!child) {
		close(posix_fd);
		close(ofd_fd);
		close(flock_fd);
		execlp("true", "true", (char *)NULL);
		_exit(1);
	}
	return child;
}

static pid_t by_clone(void)
{
	char *stack = malloc(STACK);
	pid_t child = clone(be_child, stack + STACK, SIGCHLD, NULL);

	free(stack);
	return child;
}

static pid_t by_borrowing_clone(void)
{
	char *stack = malloc(STACK);
	pid_t child = clone(be_borrower, stack + STACK, CLONE_VM | CLONE_VFORK | SIGCHLD, NULL);

	free(stack);
	return child;
}

/* A grandchild, whose parent is gone when it works. */
static pid_t by_two_forks(void)
{
	pid_t child = fork(), grandchild;
	int status;

	if (child)
		return child;
	grandchild = fork();
	if (!grandchild)
		be_child(NULL);
	if (grandchild < 0 || waitpid(grandchild, &status, 0) != grandchild)
		_exit(6);
	_exit(status ? 7 : 0);
}

/* All but two lose a lock in the child. */
static pid_t (*const makers[])(void) = { by_fork,  by_raw_fork,	 by_clone_call,	    by_clone,
					 by_vfork, by_two_forks, by_borrowing_clone };
#define MAKERS (long)(sizeof(makers) / sizeof(makers[0]))

static void make_child(long number)
{
	pid_t child = makers[number % MAKERS]();
	int status;

	if (child > 0 && waitpid(child, &status, 0) == child && !status)
		return;
	fprintf(stderr, "child of make %ld: status %x\n", number % MAKERS, status);
	_exit(1);
}

static void hold_all(void)
{
	posix_fd = open_file("posix");
	ofd_fd = open_file("ofd");
	flock_fd = open_file("flock");
	if (lock_posix(posix_fd, F_SETLK, F_WRLCK) || lock_posix(ofd_fd, F_OFD_SETLK, F_WRLCK) ||
	    flock(flock_fd, LOCK_EX))
		die("lock");
}

void make_children(long count)
{
	pthread_t threads[THREADS];

	hold_all();
	for (size_t i = 0; i < THREADS; i++)
		if (pthread_create(&threads[i], NULL, work, (void *)i))
			die("thread");
	for (long i = 0; i < count * MAKERS; i++)
		make_child(i);
	__atomic_store_n(&done, 1, __ATOMIC_RELAXED);
	for (int i = 0; i < THREADS; i++)
		(void)pthread_join(threads[i], NULL);
	printf("after %ld children of each make: %u %u %u locks\n", count, locks_listed(posix_fd),
	       locks_listed(ofd_fd), locks_listed(flock_fd));
	if (lock_posix(posix_fd, F_SETLK, F_UNLCK) || lock_posix(ofd_fd, F_OFD_SETLK, F_UNLCK) ||
	    flock(flock_fd, LOCK_UN))
		die("unlock");
	close(posix_fd);
	close(ofd_fd);
	close(flock_fd);
	judge("posix");
}
