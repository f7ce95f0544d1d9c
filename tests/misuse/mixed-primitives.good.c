/* SPDX-License-Identifier: MIT */
/* via: posix ofd processes started */
#include "pair.h"

#define COMMAND_posix F_SETLKW
#define COMMAND_ofd F_OFD_SETLKW
#define COMMAND_processes F_SETLKW
#define COMMAND_started F_SETLKW

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

static void by_thread(const char *file)
{
	pthread_t thread;

	append((void *)file);
	pthread_create(&thread, NULL, append, (void *)file);
	pthread_join(thread, NULL);
}

static void wait_for_waiter(const char *file)
{
	struct stat st;

	if (stat(file, &st))
		exit(3);
	while (!pair_has_waiter(&st))
		usleep(2000);
}

/* Released in the order in which they were taken: the child gets the one while we have the other. */
static void by_process(const char *file)
{
	int fd = open(file, O_RDWR);

	flock(fd, LOCK_EX);
	fcntl(fd, BY(COMMAND_), WRITE_LOCK);
	if (!fork()) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		close(fd);
		append((void *)file);
		_exit(0);
	}
	wait_for_waiter(file);
	flock(fd, LOCK_UN);
	wait_for_waiter(file);
	fcntl(fd, BY(COMMAND_), UNLOCK);
	wait(NULL);
	close(fd);
}

/* "flock FILE sqlite3 FILE": the child's lock is one more below its parent's. */
static void by_starting(const char *file)
{
	int fd = open(file, O_RDWR);

	flock(fd, LOCK_EX);
	if (!fork()) {
		int own = open(file, O_RDWR);

		fcntl(own, BY(COMMAND_), WRITE_LOCK);
		pwrite(own, "child!", 6, 0);
		_exit(0);
	}
	wait(NULL);
	flock(fd, LOCK_UN);
	close(fd);
}

#define RUN_posix by_thread
#define RUN_ofd by_thread
#define RUN_processes by_process
#define RUN_started by_starting

PAIR(file)
{
	(void)by_thread, (void)by_process, (void)by_starting;
	BY(RUN_)(file);
}
