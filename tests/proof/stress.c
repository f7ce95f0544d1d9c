/* SPDX-License-Identifier: MIT */
/* usage: stress FOLDER SCENARIO COUNT */
#define _GNU_SOURCE
#include "stress.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define DEADLINE 55 /* seconds */

static const char *folder;
static pid_t holder;
static int holder_line;

void die(const char *what)
{
	fprintf(stderr, "stress: %s: %s\n", what, strerror(errno));
	_exit(3);
}

int open_file(const char *name)
{
	char path[4096];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0)
		die(path);
	return fd;
}

int lock_posix(int fd, int command, short type)
{
	struct flock whole = { .l_type = type, .l_whence = SEEK_SET };

	return fcntl(fd, command, &whole);
}

int wait_for(enum waiting by, int fd)
{
	switch (by) {
	case WAIT_POSIX:
		return lock_posix(fd, F_SETLKW, F_WRLCK);
	case WAIT_OFD:
		return lock_posix(fd, F_OFD_SETLKW, F_WRLCK);
	case WAIT_LOCKF:
		return lockf(fd, F_LOCK, 0);
	default:
		return flock(fd, LOCK_EX);
	}
}

int release(enum waiting by, int fd)
{
	switch (by) {
	case WAIT_POSIX:
		return lock_posix(fd, F_SETLK, F_UNLCK);
	case WAIT_OFD:
		return lock_posix(fd, F_OFD_SETLK, F_UNLCK);
	case WAIT_LOCKF:
		return lockf(fd, F_ULOCK, 0);
	default:
		return flock(fd, LOCK_UN);
	}
}

unsigned locks_listed(int fd)
{
	char path[64], line[256];
	unsigned count = 0;
	FILE *info;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	info = fopen(path, "re");
	if (!info)
		die(path);
	while (fgets(line, sizeof(line), info))
		count += !strncmp(line, "lock:", 5);
	fclose(info);
	return count;
}

static void be_holder(const char *name, int ready, int line)
{
	int fd = open_file(name);
	char byte;

	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (lock_posix(fd, F_SETLK, F_WRLCK) || flock(fd, LOCK_EX) || write(ready, "", 1) != 1)
		_exit(3);
	_exit((int)read(line, &byte, 1));
}

void hold_elsewhere(const char *name)
{
	int ready[2], line[2];
	char byte;

	if (pipe2(ready, O_CLOEXEC) || pipe2(line, O_CLOEXEC))
		die("pipe");
	holder = fork();
	if (holder == 0) {
		close(line[1]);
		be_holder(name, ready[1], line[0]);
	}
	close(ready[1]);
	close(line[0]);
	if (read(ready[0], &byte, 1) != 1)
		die("the other process does not get the lock");
	close(ready[0]);
	holder_line = line[1];
}

void release_elsewhere(void)
{
	int status;

	close(holder_line);
	if (waitpid(holder, &status, 0) != holder || status)
		die("the other process");
}

void every(long microseconds, void (*handler)(int))
{
	struct itimerval interval = { { 0, microseconds }, { 0, microseconds } };
	struct sigaction action = { .sa_handler = handler, .sa_flags = SA_RESTART };

	if (setitimer(ITIMER_REAL, &(struct itimerval){ 0 }, NULL) ||
	    sigaction(SIGALRM, &action, NULL) || setitimer(ITIMER_REAL, &interval, NULL))
		die("timer");
}

void judge(const char *name)
{
	int fd = open_file(name), other = open_file(name);

	printf("left of the storm: %u locks\n", locks_listed(fd) + locks_listed(other));
	for (enum waiting by = 0; by < WAIT_COUNT; by++)
		if (wait_for(by, fd) || locks_listed(fd) != 1 || release(by, fd) ||
		    locks_listed(fd))
			die("lock and unlock");
	if (lock_posix(fd, F_SETLK, F_WRLCK)) /* TAKEN */
		die("lock");
	printf("held: %u locks\n", locks_listed(fd));
	close(other); /* HERE */
	printf("held after a close: %u locks\n", locks_listed(fd));
	if (pwrite(fd, "x", 1, 0) != 1)
		die("write");
	close(fd);
}

static void jump_posix(long count)
{
	jump_waiting(WAIT_POSIX, count);
}

static void jump_ofd(long count)
{
	jump_waiting(WAIT_OFD, count);
}

static void jump_lockf(long count)
{
	jump_waiting(WAIT_LOCKF, count);
}

static void jump_flock(long count)
{
	jump_waiting(WAIT_FLOCK, count);
}

static const struct scenario {
	const char *name;
	void (*run)(long count);
} scenarios[] = {
	{ "jump-posix", jump_posix },	      { "jump-ofd", jump_ofd },
	{ "jump-lockf", jump_lockf },	      { "jump-flock", jump_flock },
	{ "jump-anywhere", jump_anywhere },   { "jump-threads", jump_threads },
	{ "cancel-waiting", cancel_waiting }, { "cancel-between", cancel_between },
	{ "cancel-pending", cancel_pending }, { "handlers", handle_signals },
	{ "children", make_children },
};

/* A stuck process dies by a signal that no storm touches. */
static void set_deadline(void)
{
	struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGVTALRM };
	struct itimerspec once = { .it_value = { DEADLINE, 0 } };
	timer_t timer;

	if (timer_create(CLOCK_MONOTONIC, &event, &timer) || timer_settime(timer, 0, &once, NULL))
		die("deadline");
}

int main(int argc, char **argv)
{
	const struct scenario *end = scenarios + sizeof(scenarios) / sizeof(scenarios[0]);

	if (argc != 4)
		return 2;
	folder = argv[1];
	set_deadline();
	for (const struct scenario *scenario = scenarios; scenario < end; scenario++)
		if (!strcmp(scenario->name, argv[2])) {
			scenario->run(atol(argv[3]));
			return 0;
		}
	return 2;
}
