/* SPDX-License-Identifier: MIT */
/*
 * What one operation costs, in nanoseconds: checker-bench CASE FOLDER. The script runs it bare and
 * under the checker in turn. The time is the best of several rounds, since whatever else the machine
 * does can only make a round longer.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define ROUNDS 12

extern char **environ;

static int locked = -1;
static char other[4096];

static void fail(const char *what)
{
	perror(what);
	exit(1);
}

static void set(int command, short type, off_t at)
{
	struct flock lock = { .l_type = type, .l_whence = SEEK_SET, .l_start = at, .l_len = 1 };

	if (fcntl(locked, command, &lock))
		fail("fcntl");
}

static void open_close(void)
{
	int fd = open(other, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || close(fd))
		fail(other);
}

static void posix_pair(void)
{
	set(F_SETLK, F_WRLCK, 0);
	set(F_SETLK, F_UNLCK, 0);
}

static void ofd_pair(void)
{
	set(F_OFD_SETLK, F_WRLCK, 0);
	set(F_OFD_SETLK, F_UNLCK, 0);
}

static void flock_pair(void)
{
	if (flock(locked, LOCK_EX) || flock(locked, LOCK_UN))
		fail("flock");
}

static void run_true(void)
{
	char *argv[] = { (char *)(size_t)"true", NULL };
	pid_t pid;

	if (posix_spawn(&pid, "/bin/true", NULL, NULL, argv, environ) || waitpid(pid, NULL, 0) != pid)
		fail("/bin/true");
}

static void hold_something(void)
{
	set(F_SETLK, F_WRLCK, 100);
}

static void on_signal(int signal)
{
	(void)signal;
}

static void have_handler(void)
{
	(void)signal(SIGUSR1, on_signal);
}

/* Its signal cannot wait for the checker: it is masked. */
static void have_masked_handler(void)
{
	(void)signal(SIGRTMIN, on_signal);
}

static const struct {
	const char *name;
	void (*prepare)(void);
	void (*step)(void);
	unsigned steps; /* of a round */
} cases[] = {
	{ "open-close", NULL, open_close, 20000 },
	{ "open-close-held", hold_something, open_close, 20000 },
	{ "posix-pair", NULL, posix_pair, 20000 },
	{ "posix-pair-handler", have_handler, posix_pair, 20000 },
	{ "posix-pair-masked", have_masked_handler, posix_pair, 20000 },
	{ "ofd-pair", NULL, ofd_pair, 20000 },
	{ "flock-pair", NULL, flock_pair, 20000 },
	{ "exec", NULL, run_true, 40 },
};

static double now(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static double measure(void (*step)(void), unsigned steps)
{
	double best = 0, start, took;

	for (unsigned round = 0; round < ROUNDS; round++) {
		start = now();
		for (unsigned i = 0; i < steps; i++)
			step();
		took = (now() - start) / steps;
		if (!best || took < best)
			best = took;
	}
	return best;
}

static void make_files(const char *folder)
{
	char path[4096];
	int fd;

	snprintf(path, sizeof(path), "%s/locked", folder);
	snprintf(other, sizeof(other), "%s/other", folder);
	locked = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	fd = open(other, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (locked < 0 || fd < 0 || close(fd))
		fail(folder);
}

int main(int argc, char **argv)
{
	if (argc != 3) {
		fprintf(stderr, "usage: checker-bench CASE FOLDER\n");
		return 2;
	}
	make_files(argv[2]);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		if (strcmp(cases[i].name, argv[1]))
			continue;
		if (cases[i].prepare)
			cases[i].prepare();
		printf("%.1f\n", measure(cases[i].step, cases[i].steps));
		return 0;
	}
	fprintf(stderr, "checker-bench: %s: no such case\n", argv[1]);
	return 2;
}
