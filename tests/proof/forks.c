/* SPDX-License-Identifier: MIT */
/*
 * Children of every make, while threads lock and unlock: whatever a fork copies in the middle of, the
 * child must work, and nobody may be reported. Arguments: a folder, and how many children.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

#define THREADS 3

static char *const argv_true[] = { (char *)(size_t) "true", NULL };
static const char *folder;
static volatile int done;

static int open_file(int number)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s/file.%d", folder, number);
	return open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
}

/* Locks, writes what is locked, unlocks: POSIX and flock, one in the other. */
static void work(int fd)
{
	struct flock lock = { .l_type = F_WRLCK }, unlock = { .l_type = F_UNLCK };

	fcntl(fd, F_SETLKW, &lock);
	if (pwrite(fd, "x", 1, 0) != 1)
		abort();
	flock(fd, LOCK_EX);
	flock(fd, LOCK_UN);
	fcntl(fd, F_SETLK, &unlock);
}

static void *lock_and_unlock(void *number)
{
	int fd = open_file((int)(size_t)number);

	while (!done)
		work(fd);
	close(fd);
	return NULL;
}

static void on_signal(int signal)
{
	(void)signal;
}

static pid_t child_that_locks(void)
{
	pid_t child = fork();
	int fd;

	if (child)
		return child;
	fd = open_file(0);
	work(fd);
	close(fd);
	_exit(0);
}

static pid_t child_that_execs(void)
{
	pid_t child = vfork();

	if (!child) {
		execvp(argv_true[0], argv_true);
		_exit(1);
	}
	return child;
}

static pid_t child_that_is_spawned(void)
{
	pid_t child;

	return posix_spawnp(&child, argv_true[0], NULL, NULL, argv_true, environ) ? -1 : child;
}

static pid_t child_that_closes_everything(void)
{
	pid_t child = _Fork();

	if (!child) {
		for (int fd = 3; fd < 64; fd++)
			close(fd);
		_exit(0);
	}
	return child;
}

static void make_child(int number)
{
	static pid_t (*const makers[])(void) = { child_that_locks, child_that_execs,
						 child_that_is_spawned,
						 child_that_closes_everything };
	pid_t child = makers[number % 4]();
	int status;

	if (child < 0 || waitpid(child, &status, 0) != child || status) {
		fprintf(stderr, "child %d of make %d: status %d\n", (int)child, number % 4, status);
		exit(1);
	}
}

int main(int argc, char **argv)
{
	pthread_t threads[THREADS];
	int children = argc == 3 ? atoi(argv[2]) : 0;

	if (children < 1)
		return 2;
	folder = argv[1];
	alarm(100);
	signal(SIGUSR1, on_signal);
	for (size_t i = 0; i < THREADS; i++)
		if (pthread_create(&threads[i], NULL, lock_and_unlock, (void *)i))
			return 2;
	for (int i = 0; i < children; i++)
		make_child(i);
	done = 1;
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	return 0;
}
