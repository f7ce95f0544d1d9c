/* SPDX-License-Identifier: MIT */
/*
 * syscall(): the system calls that some other hook would have seen under their own name are led
 * there, with the real call being syscall() all the same. Programs, libstdc++ among them, use it;
 * allocators do from inside malloc, so nothing here may allocate or wait.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <sys/syscall.h>

#include "hooks.h"
#include "real.h"
#include "shim.h"
#include "signals.h"
#include "watch.h"

#define CALL(number, a, b, c) REAL(syscall)(number, (long)(a), (long)(b), (long)(c), 0, 0, 0)

static int call_close(int fd)
{
	return (int)CALL(SYS_close, fd, 0, 0);
}

static int call_fcntl(int fd, int command, uintptr_t arg)
{
	return (int)CALL(SYS_fcntl, fd, command, arg);
}

static int call_flock(int fd, int operation)
{
	return (int)CALL(SYS_flock, fd, operation, 0);
}

static int call_dup(int fd)
{
	return (int)CALL(SYS_dup, fd, 0, 0);
}

static int call_dup3(int fd, int target, int flags)
{
	return (int)CALL(SYS_dup3, fd, target, flags);
}

static int call_close_range(unsigned first, unsigned last, int flags)
{
	return (int)CALL(SYS_close_range, first, last, flags);
}

static int call_execve(const char *path, char *const *argv, char *const *envp)
{
	return (int)CALL(SYS_execve, path, argv, envp);
}

#ifdef SYS_dup2
static int call_dup2(int fd, int target)
{
	return (int)CALL(SYS_dup2, fd, target, 0);
}
#endif

static bool is_filter(long number, long a)
{
	enum { SET_SECCOMP = 22 };

	return number == SYS_seccomp ? a == 0 || a == 1 : number == SYS_prctl && a == SET_SECCOMP;
}

static void expect_children(long number, long a)
{
	if (number == SYS_clone)
		hf_expect_sharing_children((unsigned long)a);
	else if (number == SYS_clone3 && hf_readable((const void *)a, sizeof(uint64_t)))
		hf_expect_sharing_children(*(const uint64_t *)a);
}

/* Calls with a hook of their own. False: no such. */
static bool lead_on(long number, long a, long b, long c, long *ret)
{
	switch (number) {
	case SYS_close:
		*ret = hf_on_raw_close((int)a, call_close, "syscall(SYS_close)");
		return true;
	case SYS_fcntl:
		*ret = hf_on_fcntl((int)a, (int)b, (uintptr_t)c, call_fcntl, "syscall(SYS_fcntl)");
		return true;
	case SYS_flock:
		*ret = hf_on_flock((int)a, (int)b, call_flock);
		return true;
	case SYS_dup:
		*ret = hf_on_dup((int)a, call_dup);
		return true;
#ifdef SYS_dup2
	case SYS_dup2:
		*ret = hf_on_dup2((int)a, (int)b, call_dup2, "syscall(SYS_dup2)");
		return true;
#endif
	case SYS_dup3:
		*ret = hf_on_dup3((int)a, (int)b, (int)c, call_dup3);
		return true;
	case SYS_close_range:
		*ret = hf_on_close_range((unsigned)a, (unsigned)b, (int)c, call_close_range);
		return true;
	case SYS_execve:
		*ret = hf_on_execve((const char *)a, (char *const *)b, (char *const *)c,
				    call_execve, "syscall(SYS_execve)");
		return true;
	default:
		return false;
	}
}

static bool opens(long number)
{
	switch (number) {
#ifdef SYS_open
	case SYS_open:
	case SYS_creat:
#endif
	case SYS_openat:
	case SYS_openat2:
		return true;
	default:
		return false;
	}
}

/* Names that mean something else afterwards. */
static bool moves_names(long number)
{
	switch (number) {
#ifdef SYS_rename
	case SYS_rename:
	case SYS_link:
	case SYS_symlink:
#endif
#ifdef SYS_renameat
	case SYS_renameat:
#endif
	case SYS_renameat2:
	case SYS_linkat:
	case SYS_symlinkat:
	case SYS_chdir:
	case SYS_fchdir:
	case SYS_chroot:
	case SYS_mount:
	case SYS_umount2:
	case SYS_pivot_root:
	case SYS_setns:
	case SYS_unshare:
		return true;
	default:
		return false;
	}
}

/* What was written or read, and where. */
static void accessed(long number, long a, long b, long c, long d, long ret)
{
	switch (number) {
	case SYS_read:
	case SYS_readv:
		(void)HF_READ((int)a, -1, ret, "syscall");
		break;
	case SYS_pread64:
	case SYS_preadv:
	case SYS_preadv2:
		(void)HF_READ((int)a, d, ret, "syscall");
		break;
	case SYS_write:
	case SYS_writev:
		(void)hf_on_written((int)a, -1, ret, "syscall");
		break;
	case SYS_pwrite64:
	case SYS_pwritev:
	case SYS_pwritev2:
		(void)hf_on_written((int)a, d, ret, "syscall");
		break;
	case SYS_ftruncate:
		(void)hf_on_written((int)a, b, ret, "syscall");
		break;
	case SYS_sendfile:
		(void)hf_on_copied((int)b, (void *)c, hf_on_written((int)a, -1, ret, "syscall"),
				   "syscall");
		break;
	case SYS_copy_file_range:
		(void)hf_on_copied((int)a, (void *)b, hf_on_written((int)c, -1, ret, "syscall"),
				   "syscall");
		break;
	default:
		break;
	}
}

static bool looks(long number)
{
	switch (number) {
#ifdef SYS_stat
	case SYS_stat:
	case SYS_lstat:
#endif
#ifdef SYS_newfstatat
	case SYS_newfstatat:
#endif
	case SYS_fstat:
	case SYS_statx:
		return true;
	default:
		return false;
	}
}

long hf_on_syscall(long number, long a, long b, long c, long d, long e, long f, hf_syscall_fn *real)
{
	bool filter = is_filter(number, a);
	long ret;

	if (lead_on(number, a, b, c, &ret))
		return ret;
	if (filter)
		hf_before_filter();
	else if (number == SYS_rt_sigaction && b)
		hf_sections_mask();
	else
		expect_children(number, a);
	ret = real(number, a, b, c, d, e, f);
	if (filter)
		hf_after_filter(ret);
	else if (number == SYS_rt_sigaction && c && ret == 0)
		*(void **)c = hf_signals_handler(*(void **)c);
	else if (opens(number) && ret >= 0)
		(void)hf_on_new_fd((int)ret);
	else if (moves_names(number))
		(void)hf_on_paths_moved((int)ret);
	else if (looks(number))
		(void)hf_on_looked((int)ret);
	else if (ret >= 0 && (hf_watching() || hf_anything_held()))
		accessed(number, a, b, c, d, ret);
	return ret;
}
