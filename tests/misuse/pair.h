/* SPDX-License-Identifier: MIT */
/*
 * What the programs of the pairs share, so that a program shows its misuse and nothing else.
 *
 * A program is PAIR(file) { ... }. main() here makes that file, if it is not there, and calls the
 * body; with -DTHREADED a second thread calls it. Comments in the source tell run-pairs.sh what to
 * expect: HERE and TAKEN stand on the lines of the finding's two stacks, "level:" names its level,
 * "via:" the values of -DVIA with which the program is built once each.
 */
#ifndef PAIR_H
#define PAIR_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAIR_JOIN_(a, b) a##b
#define PAIR_JOIN(a, b) PAIR_JOIN_(a, b)

/* BY(LOCK_)(fd) is LOCK_flock(fd) when built with -DVIA=flock. */
#define BY(prefix) PAIR_JOIN(prefix, VIA)

/* The whole file. OFD requests want l_pid to be 0. */
#define READ_LOCK (&(struct flock){ .l_type = F_RDLCK, .l_whence = SEEK_SET })
#define WRITE_LOCK (&(struct flock){ .l_type = F_WRLCK, .l_whence = SEEK_SET })
#define UNLOCK (&(struct flock){ .l_type = F_UNLCK, .l_whence = SEEK_SET })

/* What closedir() closes is a directory: that has read locks only. main() makes it. */
#ifdef DIRECTORY
#define ACCESS O_RDONLY
#define LOCK READ_LOCK
#else
#define ACCESS O_RDWR
#define LOCK WRITE_LOCK
#endif

static void pair_body(const char *file);
#define PAIR(file) static void pair_body(const char *file)

/* True once /proc/locks shows somebody waiting for a lock on that inode. */
static inline int pair_has_waiter(const struct stat *file)
{
	char line[256], inode[32];
	int found = 0;
	FILE *locks = fopen("/proc/locks", "re");

	snprintf(inode, sizeof inode, ":%lu ", (unsigned long)file->st_ino);
	while (locks && !found && fgets(line, sizeof line, locks))
		found = strstr(line, "->") && strstr(line, inode);
	if (locks)
		fclose(locks);
	return found;
}

/*
 * For a program that will wait for itself: a child ends it once it does. The child is made before
 * anything is opened, so that it shares no description with the program.
 */
static inline void pair_end_when_stuck(const char *path)
{
	struct stat file;
	pid_t parent = getpid();

	if (fork())
		return;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	alarm(20);
	while (stat(path, &file) || !pair_has_waiter(&file))
		usleep(2000);
	kill(parent, SIGTERM);
	_exit(0);
}

static inline void pair_ignore(int signal)
{
	(void)signal;
}

/* SIGUSR1, whose handler does nothing, comes once somebody waits for a lock on the file. */
static inline void pair_interrupt_when_waiting(const char *path)
{
	struct sigaction action = { .sa_handler = pair_ignore };
	long thread = syscall(SYS_gettid);
	pid_t parent = getpid();
	struct stat file;

	sigaction(SIGUSR1, &action, NULL);
	if (stat(path, &file) || fork())
		return;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	alarm(20);
	while (!pair_has_waiter(&file))
		usleep(2000);
	syscall(SYS_tgkill, parent, thread, SIGUSR1);
	_exit(0);
}

/*
 * A child that has the write lock, of the kind that TAKE_() of the pair takes, when this returns; it
 * goes with the program.
 */
#define PAIR_HOLDER(path, take)                                                                    \
	do {                                                                                       \
		int ready[2];                                                                      \
		char byte;                                                                         \
                                                                                                   \
		if (pipe(ready))                                                                   \
			exit(3);                                                                   \
		if (!fork()) {                                                                     \
			int own = open(path, O_RDWR);                                              \
                                                                                                   \
			prctl(PR_SET_PDEATHSIG, SIGKILL);                                          \
			alarm(20);                                                                 \
			take(own);                                                                 \
			if (write(ready[1], "", 1) == 1)                                           \
				pause();                                                           \
			_exit(0);                                                                  \
		}                                                                                  \
		if (read(ready[0], &byte, 1) != 1)                                                 \
			exit(3);                                                                   \
		close(ready[0]);                                                                   \
		close(ready[1]);                                                                   \
	} while (0)

/* A child that has the write lock when this returns; once somebody waits for it, it deletes the file. */
static inline void pair_delete_when_waiting_(const char *path, int ready, int fd)
{
	struct stat file;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	alarm(20);
	if (fstat(fd, &file) || write(ready, "", 1) != 1)
		_exit(3);
	while (!pair_has_waiter(&file))
		usleep(2000);
	unlink(path);
	_exit(0);
}

#define pair_delete_when_waiting(path, take)                                                       \
	do {                                                                                       \
		int ready[2];                                                                      \
		char byte;                                                                         \
                                                                                                   \
		if (pipe(ready))                                                                   \
			exit(3);                                                                   \
		if (!fork()) {                                                                     \
			int own = open(path, O_RDWR);                                              \
                                                                                                   \
			take(own);                                                                 \
			pair_delete_when_waiting_(path, ready[1], own);                            \
		}                                                                                  \
		if (read(ready[0], &byte, 1) != 1)                                                 \
			exit(3);                                                                   \
		close(ready[0]);                                                                   \
		close(ready[1]);                                                                   \
	} while (0)

static inline void pair_quit(int signal)
{
	(void)signal;
	_exit(0);
}

static inline void *pair_thread(void *file)
{
	pair_body(file);
	return NULL;
}

static inline void pair_make(const char *file)
{
#ifdef DIRECTORY
	mkdir(file, 0777);
#else
	FILE *fresh = fopen(file, "ax");

	if (fresh) {
		fputs("sixteen bytes...", fresh);
		fclose(fresh);
	}
#endif
}

int main(int argc, char **argv)
{
	char *file = argc > 1 ? argv[1] : "pair.file";

	pair_make(file);
	signal(SIGTERM, pair_quit);
	alarm(20);
#ifdef STUCK
	pair_end_when_stuck(file);
#endif
#ifdef THREADED
	pthread_t thread;

	if (pthread_create(&thread, NULL, pair_thread, file) || pthread_join(thread, NULL))
		return 3;
#else
	pair_thread(file);
#endif
	return 0;
}

#endif
