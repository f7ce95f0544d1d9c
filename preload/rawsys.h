/* SPDX-License-Identifier: MIT */
/*
 * System calls for the checker's own use, made without libc.
 *
 * Three reasons: libc's wrappers set errno, which a hook must leave as the real call left it; many
 * of them are interposed by the checker itself; and some are cancellation points. So nothing here
 * touches errno, and a call returns what the kernel returned: a result, or -errno.
 *
 * Structures are the kernel's. On the two architectures below struct stat, struct statfs and
 * struct flock of glibc and musl have the same layout as the kernel's; the signal mask has not, it
 * is 64 bits here.
 */
#ifndef HF_PRELOAD_RAWSYS_H
#define HF_PRELOAD_RAWSYS_H

#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <time.h>

struct statfs;
struct rlimit;

#if defined(__x86_64__) && !defined(__ILP32__)

static inline long raw_syscall6(long number, long a, long b, long c, long d, long e, long f)
{
	register long r10 __asm__("r10") = d;
	register long r8 __asm__("r8") = e;
	register long r9 __asm__("r9") = f;
	long ret;

	__asm__ volatile("syscall"
			 : "=a"(ret)
			 : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
			 : "rcx", "r11", "memory");
	return ret;
}

static inline long raw_syscall3(long number, long a, long b, long c)
{
	long ret;

	__asm__ volatile("syscall"
			 : "=a"(ret)
			 : "a"(number), "D"(a), "S"(b), "d"(c)
			 : "rcx", "r11", "memory");
	return ret;
}

#elif defined(__aarch64__)

static inline long raw_syscall6(long number, long a, long b, long c, long d, long e, long f)
{
	register long x8 __asm__("x8") = number;
	register long x0 __asm__("x0") = a;
	register long x1 __asm__("x1") = b;
	register long x2 __asm__("x2") = c;
	register long x3 __asm__("x3") = d;
	register long x4 __asm__("x4") = e;
	register long x5 __asm__("x5") = f;

	__asm__ volatile("svc 0"
			 : "+r"(x0)
			 : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5)
			 : "memory");
	return x0;
}

static inline long raw_syscall3(long number, long a, long b, long c)
{
	return raw_syscall6(number, a, b, c, 0, 0, 0);
}

#else
#error "the checker makes its system calls itself, and knows how on x86-64 and aarch64 only"
#endif

static inline int raw_openat(int dir, const char *path, int flags, mode_t mode)
{
	return (int)raw_syscall6(SYS_openat, dir, (long)path, flags, (long)mode, 0, 0);
}

static inline int raw_close(int fd)
{
	return (int)raw_syscall3(SYS_close, fd, 0, 0);
}

/* The address, or -errno as a small negative number: see raw_is_error(). */
static inline void *raw_mmap(void *address, size_t size, int prot, int flags, int fd, off_t offset)
{
	return (void *)raw_syscall6(SYS_mmap, (long)address, (long)size, prot, flags, fd, offset);
}

static inline int raw_is_error(const void *address)
{
	return (unsigned long)address >= -4095UL;
}

static inline int raw_munmap(void *address, size_t size)
{
	return (int)raw_syscall3(SYS_munmap, (long)address, (long)size, 0);
}

static inline int raw_madvise(void *address, size_t size, int advice)
{
	return (int)raw_syscall3(SYS_madvise, (long)address, (long)size, advice);
}

static inline int raw_unlinkat(int dir, const char *path, int flags)
{
	return (int)raw_syscall3(SYS_unlinkat, dir, (long)path, flags);
}

static inline int raw_ftruncate(int fd, off_t size)
{
	return (int)raw_syscall3(SYS_ftruncate, fd, size, 0);
}

static inline int raw_fallocate(int fd, int mode, off_t offset, off_t size)
{
	return (int)raw_syscall6(SYS_fallocate, fd, mode, offset, size, 0, 0);
}

static inline int raw_fstat(int fd, struct stat *ret)
{
	return (int)raw_syscall3(SYS_fstat, fd, (long)ret, 0);
}

static inline int raw_fstatat(int dir, const char *path, struct stat *ret, int flags)
{
	return (int)raw_syscall6(SYS_newfstatat, dir, (long)path, (long)ret, flags, 0, 0);
}

static inline int raw_statx(int fd, const char *path, int flags, unsigned mask, struct statx *ret)
{
	return (int)raw_syscall6(SYS_statx, fd, (long)path, flags, mask, (long)ret, 0);
}

static inline int raw_faccessat(int dir, const char *path, int mode)
{
	return (int)raw_syscall3(SYS_faccessat, dir, (long)path, mode);
}

static inline int raw_fstatfs(int fd, struct statfs *ret)
{
	return (int)raw_syscall3(SYS_fstatfs, fd, (long)ret, 0);
}

static inline int raw_statfs(const char *path, struct statfs *ret)
{
	return (int)raw_syscall3(SYS_statfs, (long)path, (long)ret, 0);
}

static inline ssize_t raw_readlinkat(int dir, const char *path, char *text, size_t size)
{
	return raw_syscall6(SYS_readlinkat, dir, (long)path, (long)text, (long)size, 0, 0);
}

static inline ssize_t raw_read(int fd, void *data, size_t size)
{
	return raw_syscall3(SYS_read, fd, (long)data, (long)size);
}

static inline ssize_t raw_pread(int fd, void *data, size_t size, off_t offset)
{
	return raw_syscall6(SYS_pread64, fd, (long)data, (long)size, offset, 0, 0);
}

static inline ssize_t raw_write(int fd, const void *data, size_t size)
{
	return raw_syscall3(SYS_write, fd, (long)data, (long)size);
}

static inline off_t raw_lseek(int fd, off_t offset, int whence)
{
	return raw_syscall3(SYS_lseek, fd, offset, whence);
}

static inline long raw_getdents64(int fd, void *entries, size_t size)
{
	return raw_syscall3(SYS_getdents64, fd, (long)entries, (long)size);
}

/* argument is an int, a long or a pointer, as the command wants it. */
static inline int raw_fcntl(int fd, int command, long argument)
{
	return (int)raw_syscall3(SYS_fcntl, fd, command, argument);
}

static inline int raw_flock(int fd, int operation)
{
	return (int)raw_syscall3(SYS_flock, fd, operation, 0);
}

static inline int raw_getpid(void)
{
	return (int)raw_syscall3(SYS_getpid, 0, 0, 0);
}

static inline int raw_getppid(void)
{
	return (int)raw_syscall3(SYS_getppid, 0, 0, 0);
}

static inline int raw_gettid(void)
{
	return (int)raw_syscall3(SYS_gettid, 0, 0, 0);
}

static inline int raw_tgkill(int pid, int tid, int signal)
{
	return (int)raw_syscall3(SYS_tgkill, pid, tid, signal);
}

/* info is sent as it is, which the kernel allows to no other process. */
static inline int raw_tgsigqueueinfo(int pid, int tid, int signal, const void *info)
{
	return (int)raw_syscall6(SYS_rt_tgsigqueueinfo, pid, tid, signal, (long)info, 0, 0);
}

/* The kernel's own mask: bit n - 1 is signal n. Either pointer may be NULL. */
static inline int raw_sigprocmask(int how, const uint64_t *mask, uint64_t *old)
{
	return (int)raw_syscall6(SYS_rt_sigprocmask, how, (long)mask, (long)old, sizeof(*mask), 0,
				 0);
}

static inline int raw_futex(uint32_t *word, int operation, uint32_t value,
			    const struct timespec *timeout)
{
	return (int)raw_syscall6(SYS_futex, (long)word, operation, (long)value, (long)timeout, 0,
				 0);
}

static inline int raw_prlimit(int resource, const struct rlimit *limit, struct rlimit *old)
{
	return (int)raw_syscall6(SYS_prlimit64, 0, resource, (long)limit, (long)old, 0, 0);
}

/* type is KCMP_FILE and the like; 0 is "the same". */
static inline int raw_kcmp(int pid, int other_pid, int type, unsigned long a, unsigned long b)
{
	return (int)raw_syscall6(SYS_kcmp, pid, other_pid, type, (long)a, (long)b, 0);
}

#endif
