/* SPDX-License-Identifier: MIT */
/*
 * Loses a lock by closing another descriptor of the file, in a situation in which a report is
 * easily lost.
 *
 * usage: survivor FILE before|after|inside SITUATION [DIRECTORY]
 *
 * "before": the lock is lost before the situation comes. "after": it comes between taking the lock
 * and losing it. "inside": the lock is taken and lost in it.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define NOBODY 65534

static const char *file, *directory;
static char **arguments;
static int locked, other;
static int lost; /* the lock is gone already: nothing of it need be kept */

static void must(int ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "survivor: %s: %s\n", what, strerror(errno));
	exit(3);
}

static void be_killed(void)
{
	kill(getpid(), SIGKILL);
}

static void segfault(void)
{
	raise(SIGSEGV);
}

static void stop_at_once(void)
{
	_exit(0);
}

/* As daemons do: all but the two descriptors that this is about. */
static void close_everything(void)
{
	for (int fd = 3; fd < 1024; fd++)
		if (fd != locked && fd != other)
			close(fd);
}

/* The lowest number that the way of closing may close. */
static int first_to_close(void)
{
	return lost ? 0 : (locked > other ? locked : other) + 1;
}

static void close_from(void)
{
	closefrom(first_to_close());
}

static void close_a_range(void)
{
	must(close_range((unsigned)first_to_close(), ~0u, 0) == 0, "close_range");
}

static void replace_everything(void)
{
	int null = open("/dev/null", O_RDWR);

	for (int fd = 0; fd < 1024; fd++)
		if (lost || (fd != locked && fd != other))
			must(dup2(null, fd) == fd || fd == null, "dup2");
}

static void change_root(void)
{
	must(chroot(directory) == 0 && chdir("/") == 0, "chroot");
}

static void become_nobody(void)
{
	must(setgid(NOBODY) == 0 && setuid(NOBODY) == 0, "setuid");
}

static void limit_to_nothing(int resource)
{
	struct rlimit none = { 0, 0 };

	must(setrlimit(resource, &none) == 0, "setrlimit");
}

static void forbid_files(void)
{
	limit_to_nothing(RLIMIT_FSIZE);
}

static void forbid_memory(void)
{
	limit_to_nothing(RLIMIT_AS);
}

static void forbid_processes(void)
{
	limit_to_nothing(RLIMIT_NPROC);
}

static void forbid_descriptors(void)
{
	limit_to_nothing(RLIMIT_NOFILE);
}

/* The directory is a small file system of its own, where the recording lies as well. */
static void fill_disk(void)
{
	static char block[65536];
	char path[4096];
	int fd;

	snprintf(path, sizeof path, "%s/ballast", directory);
	fd = open(path, O_CREAT | O_WRONLY, 0600);
	must(fd >= 0, path);
	for (size_t size = sizeof block; size > 0; size /= 2)
		while (write(fd, block, size) > 0)
			;
	must(errno == ENOSPC, "the disk does not fill");
}

/* From here on only read, write, exit and sigreturn are allowed; even exit_group kills. */
static void enter_seccomp(void)
{
	must(prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT) == 0, "seccomp");
	syscall(SYS_exit, 0);
}

/* The filter kills for everything but what use_what_is_allowed() does. */
static void enter_filter(void)
{
#define ALLOW(name)                                                                                \
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_##name, 0, 1),                                     \
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		ALLOW(close),
		ALLOW(close_range),
		ALLOW(dup),
		ALLOW(dup3),
		ALLOW(exit_group),
		ALLOW(fcntl),
		ALLOW(flock),
		ALLOW(ftruncate),
		ALLOW(linkat),
		ALLOW(openat),
		ALLOW(pwrite64),
		ALLOW(renameat),
		ALLOW(rt_sigaction),
		ALLOW(unlinkat),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
	};
	struct sock_fprog program = { sizeof(filter) / sizeof(filter[0]), filter };

	must(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
		     prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0,
	     "seccomp filter");
}

static void on_signal(int signal)
{
	(void)signal;
}

/* Each of these is one system call; the checker must not add any. */
static void use_what_is_allowed(void)
{
	struct flock whole = { .l_type = F_RDLCK, .l_whence = SEEK_SET };
	struct sigaction action = { .sa_handler = on_signal };
	int fd = open(file, O_RDWR | O_CLOEXEC), copy = dup(fd);

	must(fd >= 0 && copy >= 0 && dup3(fd, copy, O_CLOEXEC) == copy, "dup");
	must(fcntl(fd, F_SETLKW, &whole) == 0 && fcntl(fd, F_GETLK, &whole) == 0, "fcntl");
	must(flock(fd, LOCK_EX) == 0 && flock(fd, LOCK_UN) == 0, "flock");
	must(pwrite(fd, "x", 1, 0) == 1 && ftruncate(fd, 0) == 0, "write");
	must(linkat(AT_FDCWD, "no such", AT_FDCWD, "file", 0) < 0, "link");
	must(renameat(AT_FDCWD, "no such", AT_FDCWD, "file") < 0, "rename");
	must(unlinkat(AT_FDCWD, "no such", 0) < 0, "unlink");
	must(sigaction(SIGUSR1, &action, NULL) == 0, "sigaction");
	must(close(copy) == 0 && close_range((unsigned)fd, (unsigned)fd, 0) == 0, "close");
}

/* Other users, other mounts, and whoever is made from now on has other process numbers. */
static void enter_namespaces(void)
{
	must(unshare(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID) == 0, "unshare");
}

static void stop_abruptly(void)
{
	abort();
}

static void stop_quickly(void)
{
	quick_exit(4);
}

/* Loses the lock in a new program of another user. */
static void exec_as_nobody(void)
{
	char order[] = "after", situation[] = "nothing";

	become_nobody();
	arguments[2] = order;
	arguments[3] = situation;
	execv("/proc/self/exe", arguments);
	must(0, "exec");
}

static void do_nothing(void)
{
}

static const struct situation {
	const char *name;
	void (*enter)(void);
} situations[] = {
	{ "nothing", do_nothing },
	{ "SIGKILL", be_killed },
	{ "SIGSEGV", segfault },
	{ "_exit", stop_at_once },
	{ "abort", stop_abruptly },
	{ "quick_exit", stop_quickly },
	{ "close-everything", close_everything },
	{ "closefrom", close_from },
	{ "close_range", close_a_range },
	{ "dup2-over-everything", replace_everything },
	{ "chroot", change_root },
	{ "setuid", become_nobody },
	{ "setuid-exec", exec_as_nobody },
	{ "RLIMIT_FSIZE", forbid_files },
	{ "RLIMIT_NOFILE", forbid_descriptors },
	{ "RLIMIT_AS", forbid_memory },
	{ "RLIMIT_NPROC", forbid_processes },
	{ "namespaces", enter_namespaces },
	{ "full-disk", fill_disk },
	{ "seccomp", enter_seccomp },
	{ "seccomp-filter", enter_filter },
};

static const struct situation *situation_named(const char *name)
{
	for (size_t i = 0; i < sizeof situations / sizeof *situations; i++)
		if (!strcmp(situations[i].name, name))
			return &situations[i];
	errno = EINVAL;
	must(0, name);
	return NULL;
}

int main(int argc, char **argv)
{
	struct flock whole = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	const struct situation *situation;

	errno = EINVAL;
	must(argc >= 4, "usage: survivor FILE before|after|inside SITUATION [DIRECTORY]");
	file = argv[1];
	situation = situation_named(argv[3]);
	directory = argc > 4 ? argv[4] : "/";
	arguments = argv;
	locked = open(file, O_RDWR);
	other = open(file, O_RDONLY);
	must(locked >= 0 && other >= 0, file);
	if (!strcmp(argv[2], "inside"))
		situation->enter();
	must(fcntl(locked, F_SETLK, &whole) == 0, "lock");
	if (!strcmp(argv[2], "after"))
		situation->enter();
	close(other);
	lost = 1;
	if (!strcmp(argv[2], "before"))
		situation->enter();
	if (situation->enter == enter_filter)
		use_what_is_allowed();
	return 0;
}
