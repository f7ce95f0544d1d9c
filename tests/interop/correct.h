/* SPDX-License-Identifier: MIT */
/* What the correct programs of correct.c and correct_process.c share. */
#ifndef HF_TESTS_CORRECT_H
#define HF_TESTS_CORRECT_H

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

static inline void must(int ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "correct: %s: %s\n", what, strerror(errno));
	exit(1);
}

static inline int open_file(const char *name)
{
	int fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	must(fd >= 0, name);
	return fd;
}

static inline int set_lock(int fd, int command, short type, off_t start, off_t length)
{
	struct flock lock = {
		.l_type = type, .l_whence = SEEK_SET, .l_start = start, .l_len = length
	};

	return fcntl(fd, command, &lock);
}

static inline void lock(int fd, short type, off_t start, off_t length)
{
	must(set_lock(fd, F_SETLK, type, start, length) == 0, "lock");
}

static inline void write_to(int fd, off_t at)
{
	must(pwrite(fd, "x", 1, at) == 1, "write");
}

static inline void wait_for_child(pid_t child)
{
	int status;

	must(child > 0 && waitpid(child, &status, 0) == child && !status, "child");
}

static inline void read_from(int fd, off_t at)
{
	char byte;

	must(pread(fd, &byte, 1, at) == 1, "read");
}

/* correct_process.c: what parents, children and successors do. */
void children_read(void);
void children_close(void);
void hand_over(void);
void give_up_waiting(void);
void daemon_that_locks_afterwards(void);
void mind_own_business(void);
void execute_under_a_lock(void);

#endif
