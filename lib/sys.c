/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "sys.h"

#include <errno.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define KCMP_FILE 0 /* linux/kcmp.h is not everywhere */

static int outcome(int result)
{
	return result < 0 ? -errno : result;
}

static int sys_openat(int dirfd, const char *path, int flags, mode_t mode)
{
	return outcome(openat(dirfd, path, flags, mode));
}

static int sys_close(int fd)
{
	return outcome(close(fd));
}

static int sys_dup(int fd)
{
	return outcome(fcntl(fd, F_DUPFD_CLOEXEC, 3));
}

static int sys_dup3(int from, int to)
{
	return outcome(dup3(from, to, O_CLOEXEC));
}

static int sys_fstat(int fd, struct stat *ret)
{
#if defined(__x86_64__) && defined(__LP64__) && defined(SYS_fstat)
	/* glibc's fstat goes through the slower newfstatat; here both fill the same struct. */
	return outcome((int)syscall(SYS_fstat, fd, ret));
#else
	return outcome(fstat(fd, ret));
#endif
}

static int sys_fstatat(int dirfd, const char *path, struct stat *ret, int flags)
{
	return outcome(fstatat(dirfd, path, ret, flags));
}

static int sys_mkdirat(int dirfd, const char *path, mode_t mode)
{
	return outcome(mkdirat(dirfd, path, mode));
}

static int sys_setlk(int fd, int command, struct flock *range)
{
	return outcome(fcntl(fd, command, range));
}

static int sys_same_description(int fd, int other)
{
	pid_t self = getpid();
	int ret = outcome((int)syscall(SYS_kcmp, self, self, KCMP_FILE, fd, other));

	return ret < 0 ? ret : ret == 0;
}

static ssize_t sys_read(int fd, void *buffer, size_t size)
{
	ssize_t count = read(fd, buffer, size);

	return count < 0 ? -errno : count;
}

static int sys_thread(pthread_t *ret, const pthread_attr_t *attr, void *(*run)(void *), void *arg)
{
	return -pthread_create(ret, attr, run, arg);
}

static uint64_t sys_now(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

struct hf_sys hf_sys = {
#define HF_SYS(TYPE, NAME, PARAMETERS, ARGUMENTS) .NAME = sys_##NAME,
#include "sys.def"
};
