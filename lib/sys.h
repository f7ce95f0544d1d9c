/* SPDX-License-Identifier: MIT */
/*
 * Every system call the library makes, behind one table, so that a test can make each of them fail.
 *
 * All return a result >= 0 or -errno. openat, close, read and a
 * waiting setlk are cancellation points of libc: callers disable cancellation around them.
 */
#ifndef HF_SYS_H
#define HF_SYS_H

#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

struct hf_sys {
	int (*openat)(int dirfd, const char *path, int flags, mode_t mode);
	int (*close)(int fd);
	int (*dup)(int fd);	       /* F_DUPFD_CLOEXEC */
	int (*dup3)(int from, int to); /* with O_CLOEXEC */
	int (*fstat)(int fd, struct stat *ret);
	int (*fstatat)(int dirfd, const char *path, struct stat *ret, int flags);
	int (*mkdirat)(int dirfd, const char *path, mode_t mode);
	int (*setlk)(int fd, int command, struct flock *range);
	int (*same_description)(int fd, int other); /* kcmp: 1, 0, or why it cannot tell */
	ssize_t (*read)(int fd, void *buffer, size_t size);
	int (*thread)(pthread_t *ret, const pthread_attr_t *attr, void *(*run)(void *), void *arg);
	uint64_t (*now)(void); /* ns, CLOCK_MONOTONIC */
};

extern struct hf_sys hf_sys;

static inline int hf_cancel_off(void)
{
	int before;

	(void)pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &before);
	return before;
}

static inline void hf_cancel_restore(int before)
{
	int ignored;

	(void)pthread_setcancelstate(before, &ignored);
}

#endif
