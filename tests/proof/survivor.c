/* SPDX-License-Identifier: MIT */
/*
 * Loses a lock by closing another descriptor of the file, in a situation in which a report is easily
 * lost.
 *
 * usage: survivor FILE before|after SITUATION [DIRECTORY]
 *
 * "after": the situation comes first and the lock is lost in it. "before": the lock is lost first.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define NOBODY 65534

static const char *file, *directory;
static char **arguments;
static int locked, other;

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
	{ "close-everything", close_everything },
	{ "chroot", change_root },
	{ "setuid", become_nobody },
	{ "setuid-exec", exec_as_nobody },
	{ "RLIMIT_FSIZE", forbid_files },
	{ "RLIMIT_NOFILE", forbid_descriptors },
	{ "full-disk", fill_disk },
	{ "seccomp", enter_seccomp },
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
	must(argc >= 4, "usage: survivor FILE before|after SITUATION [DIRECTORY]");
	file = argv[1];
	situation = situation_named(argv[3]);
	directory = argc > 4 ? argv[4] : "/";
	arguments = argv;
	locked = open(file, O_RDWR);
	other = open(file, O_RDONLY);
	must(locked >= 0 && other >= 0, file);
	must(fcntl(locked, F_SETLK, &whole) == 0, "lock");
	if (!strcmp(argv[2], "after"))
		situation->enter();
	close(other);
	if (!strcmp(argv[2], "before"))
		situation->enter();
	return 0;
}
