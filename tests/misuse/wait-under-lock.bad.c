/* SPDX-License-Identifier: MIT */
/* level: error */
/* via: posix ofd flock */
#include "pair.h"

#define TAKE_posix(fd) fcntl(fd, F_SETLKW, WRITE_LOCK)
#define TAKE_ofd(fd) fcntl(fd, F_OFD_SETLKW, WRITE_LOCK)
#define TAKE_flock(fd) flock(fd, LOCK_EX)

static void child(const char *file)
{
	int fd = open(file, O_RDWR);

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	BY(TAKE_)(fd); /* the parent has it, and will not give it up */
	write(fd, "child", 5);
	_exit(0);
}

/* Somebody who loses patience: ends the child once it waits. */
static void end_when_stuck(const char *file, pid_t stuck)
{
	struct stat st;

	while (stat(file, &st) || !pair_has_waiter(&st))
		usleep(2000);
	kill(stuck, SIGTERM);
	_exit(0);
}

PAIR(file)
{
	int fd = open(file, O_RDWR | O_CLOEXEC);
	pid_t worker, patience;

	BY(TAKE_)(fd); /* TAKEN */
	write(fd, "parent", 6);
	worker = fork();
	if (!worker)
		child(file);
	patience = fork();
	if (!patience)
		end_when_stuck(file, worker);
	waitpid(worker, NULL, 0); /* HERE: for one that waits for us */
	close(fd);
	waitpid(patience, NULL, 0);
}
