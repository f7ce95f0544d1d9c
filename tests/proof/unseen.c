/* SPDX-License-Identifier: MIT */
/*
 * Loses a POSIX lock by a path that no interposed function sees: unseen PATH FILE.
 *
 * Exit status 77: this machine cannot go that way.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <linux/io_uring.h>
#include <pwd.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define CANNOT 77

static long inline_syscall3(long number, long a, long b, long c)
{
#if defined(__x86_64__)
	long ret;

	__asm__ volatile("syscall"
			 : "=a"(ret)
			 : "a"(number), "D"(a), "S"(b), "d"(c)
			 : "rcx", "r11", "memory");
	return ret;
#else
	(void)number, (void)a, (void)b, (void)c;
	exit(CANNOT);
#endif
}

static void by_inline_syscall(const char *file)
{
	inline_syscall3(SYS_close, open(file, O_RDONLY), 0, 0);
}

/* What ctypes.CDLL("libc.so.6") does: the symbol is looked up in libc alone. */
static void by_libc_handle(const char *file)
{
	void *libc = dlopen("libc.so.6", RTLD_NOW);
	int (*libc_close)(int) = libc ? (int (*)(int))dlsym(libc, "close") : NULL;

	if (!libc_close)
		exit(CANNOT);
	libc_close(open(file, O_RDONLY));
}

/* libc opens and closes /etc/passwd inside itself. */
static void by_getpwnam(const char *file)
{
	if (strcmp(file, "/etc/passwd") || !getpwnam("root"))
		exit(CANNOT);
}

static void by_localtime(const char *file)
{
	char zone[4096];
	time_t now = 0;

	snprintf(zone, sizeof(zone), ":%s", file);
	setenv("TZ", zone, 1);
	tzset();
	(void)localtime(&now);
}

/* One OP_CLOSE through a ring of one entry, made without liburing. */
static void by_io_uring(const char *file)
{
	struct io_uring_params params = { 0 };
	struct io_uring_sqe *sqe;
	unsigned char *ring;
	unsigned *tail;
	long uring = syscall(SYS_io_uring_setup, 1, &params);

	if (uring < 0)
		exit(CANNOT);
	ring = mmap(NULL, params.sq_off.array + 4096, PROT_READ | PROT_WRITE, MAP_SHARED,
		    (int)uring, IORING_OFF_SQ_RING);
	sqe = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, (int)uring, IORING_OFF_SQES);
	if (ring == MAP_FAILED || sqe == MAP_FAILED)
		exit(CANNOT);
	memset(sqe, 0, sizeof(*sqe));
	sqe->opcode = IORING_OP_CLOSE;
	sqe->fd = open(file, O_RDONLY);
	*(unsigned *)(ring + params.sq_off.array) = 0;
	tail = (unsigned *)(ring + params.sq_off.tail);
	__atomic_store_n(tail, *tail + 1, __ATOMIC_RELEASE);
	if (syscall(SYS_io_uring_enter, (int)uring, 1, 1, IORING_ENTER_GETEVENTS, NULL, 0) != 1)
		exit(CANNOT);
}

static const struct {
	const char *name;
	void (*lose)(const char *file);
} paths[] = {
	{ "inline-syscall", by_inline_syscall },
	{ "libc-handle", by_libc_handle },
	{ "getpwnam", by_getpwnam },
	{ "localtime", by_localtime },
	{ "io_uring", by_io_uring },
};

/* The descriptor that took the lock: that is a release, by whatever path. 0, unless it fails. */
static int release_by_inline_syscall(const char *file, int fd)
{
	struct flock unlock = { .l_type = F_UNLCK };
	int in_its_place, again;

	inline_syscall3(SYS_close, fd, 0, 0);
	in_its_place = open("/dev/null", O_RDONLY);
	again = open(file, O_RDONLY);
	return in_its_place != fd || fcntl(again, F_SETLK, &unlock) < 0;
}

int main(int argc, char **argv)
{
	struct flock lock = { .l_type = F_RDLCK }, unlock = { .l_type = F_UNLCK };
	int fd;

	if (argc != 3)
		return 2;
	fd = open(argv[2], O_RDONLY);
	if (fd < 0 || fcntl(fd, F_SETLK, &lock) < 0)
		return 2;
	if (!strcmp(argv[1], "release"))
		return release_by_inline_syscall(argv[2], fd);
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
		if (!strcmp(paths[i].name, argv[1]))
			paths[i].lose(argv[2]);
	return fcntl(fd, F_SETLK, &unlock) < 0;
}
