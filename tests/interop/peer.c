/* SPDX-License-Identifier: MIT */
/*
 * The two C sides of tests/interop/peers.sh, which speak as fasteners-peer.py does:
 *
 *   peer holdfast|posix try|wait|hold PATH shared|exclusive [SECONDS]
 *   peer holdfast who PATH shared|exclusive
 *
 * who prints "KIND PID" for each that hf_lock_each_holder() tells of. Otherwise
 *
 * holdfast takes an hf_lock; posix a whole-file lock with fcntl(F_SETLK), as SQLite-style programs
 * do.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "holdfast.h"

static int lock_holdfast(const char *path, int exclusive, double seconds)
{
	hf_lock *lock;
	int ret = hf_lock_open(path, 0, &lock);

	if (ret)
		return ret;
	return hf_lock_acquire(lock, exclusive ? HF_EXCLUSIVE : HF_SHARED,
			       (int64_t)(seconds * 1e9));
}

static double now(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Polls, as there is no other way without a signal. */
static int lock_posix(const char *path, int exclusive, double seconds)
{
	struct flock range = { .l_type = exclusive ? F_WRLCK : F_RDLCK, .l_whence = SEEK_SET };
	double deadline = now() + seconds;
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);

	while (fd >= 0 && fcntl(fd, F_SETLK, &range)) {
		if (errno != EAGAIN && errno != EACCES)
			return -errno;
		if (now() >= deadline)
			return -EBUSY;
		(void)usleep(2000);
	}
	return fd < 0 ? -errno : 0;
}

static int print_holder(const struct hf_holder *holder, void *arg)
{
	static const char *const kinds[] = { "", "posix", "ofd", "flock" };

	(void)arg;
	(void)printf("%s %d\n", kinds[holder->kind], (int)holder->pid);
	return 0;
}

static int print_holders(const char *path, int exclusive)
{
	hf_lock *lock;
	int ret = hf_lock_open(path, HF_READONLY | HF_NO_CREATE, &lock);

	if (!ret)
		ret = hf_lock_each_holder(lock, exclusive ? HF_EXCLUSIVE : HF_SHARED, print_holder,
					  NULL);
	if (ret)
		(void)fprintf(stderr, "peer: %s: %s\n", path, hf_strerror(ret));
	return ret != 0;
}

static int take(const char *kind, const char *path, int exclusive, double seconds)
{
	return strcmp(kind, "posix") ? lock_holdfast(path, exclusive, seconds)
				     : lock_posix(path, exclusive, seconds);
}

int main(int argc, char **argv)
{
	int waits, holds, ret;
	char ignored;

	if (argc < 5)
		return 2;
	if (!strcmp(argv[2], "who"))
		return print_holders(argv[3], !strcmp(argv[4], "exclusive"));
	waits = !strcmp(argv[2], "wait");
	holds = !strcmp(argv[2], "hold");
	ret = take(argv[1], argv[3], !strcmp(argv[4], "exclusive"),
		   waits && argc > 5 ? strtod(argv[5], NULL) : 0);
	if (ret && ret != -EBUSY && ret != -ETIMEDOUT) {
		(void)fprintf(stderr, "peer: %s: %s\n", argv[3], hf_strerror(ret));
		return 1;
	}
	(void)puts(ret ? "busy" : holds ? "held" : "got");
	(void)fflush(stdout);
	if (!ret && holds)
		while (read(STDIN_FILENO, &ignored, 1) > 0)
			;
	return 0;
}
