/* SPDX-License-Identifier: MIT */
/*
 * A name that led to another file comes to mean the one that is locked, by every way that a process
 * has; then it is opened and closed, and the lock is gone.
 *
 * usage: paths FOLDER WAY    (the folder is empty)
 *        paths FOLDER bad-addresses
 *        paths --list
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static void must(int ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "paths: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void make(const char *name)
{
	int fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	must(fd >= 0 && close(fd) == 0, name);
}

/* Where its lock may be lost: what report wants to see in the stack. */
static void open_and_close(const char *name)
{
	int fd = open(name, O_RDONLY | O_CLOEXEC);

	must(fd >= 0 && close(fd) == 0, name);
}

/* Each leaves a name of the held file in "name", or in "folder/name". */

static void by_rename(void)
{
	must(rename("held", "name") == 0, "rename");
}

static void by_renameat(void)
{
	must(renameat(AT_FDCWD, "held", AT_FDCWD, "name") == 0, "renameat");
}

static void by_exchange(void)
{
	must(renameat2(AT_FDCWD, "held", AT_FDCWD, "name", RENAME_EXCHANGE) == 0, "renameat2");
}

static void by_link(void)
{
	must(unlink("name") == 0 && link("held", "name") == 0, "link");
}

static void by_linkat(void)
{
	must(unlinkat(AT_FDCWD, "name", 0) == 0 &&
		     linkat(AT_FDCWD, "held", AT_FDCWD, "name", 0) == 0,
	     "linkat");
}

static void by_symlink(void)
{
	must(unlink("name") == 0 && symlink("held", "name") == 0, "symlink");
}

static void by_symlink_of_folder(void)
{
	must(mkdir("other", 0700) == 0 && link("held", "other/name") == 0, "other");
	must(unlink("folder") == 0 && symlink("other", "folder") == 0, "symlink");
}

static void by_folder(void)
{
	must(mkdir("other", 0700) == 0 && link("held", "other/name") == 0, "other");
	must(unlink("folder") == 0 && rename("other", "folder") == 0, "rename");
}

static void by_chdir(void)
{
	must(mkdir("there", 0700) == 0 && link("held", "there/name") == 0, "there");
	open_and_close("name"); /* since the link, it leads elsewhere again */
	must(chdir("there") == 0, "chdir");
}

static void by_system_call(void)
{
	must(syscall(SYS_renameat2, AT_FDCWD, "held", AT_FDCWD, "name", 0) == 0, "renameat2");
}

static const struct way {
	const char *name;
	void (*lead)(void);
	const char *path;
} ways[] = {
	{ "rename", by_rename, "name" },
	{ "renameat", by_renameat, "name" },
	{ "exchange", by_exchange, "name" },
	{ "link", by_link, "name" },
	{ "linkat", by_linkat, "name" },
	{ "symlink", by_symlink, "name" },
	{ "symlink-of-folder", by_symlink_of_folder, "folder/name" },
	{ "folder", by_folder, "folder/name" },
	{ "chdir", by_chdir, "name" },
	{ "system-call", by_system_call, "name" },
};

#define WAYS (sizeof(ways) / sizeof(ways[0]))

static int lock_held(void)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	int fd = open("held", O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	must(fd >= 0 && fcntl(fd, F_SETLK, &lock) == 0, "lock");
	return fd;
}

/* A string that does not end before its memory does. */
static char *endless(void)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	char *two = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	must(two != MAP_FAILED && munmap(two + page, page) == 0, "memory");
	memset(two, 'a', page);
	return two + page - 8;
}

static void must_fault(int ret)
{
	must(ret < 0 && errno == EFAULT, "not refused with EFAULT");
}

static void try_bad_addresses(void)
{
	char *bad[] = { NULL, (char *)8, endless() };
	int fd = lock_held();

	make("name");
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		must_fault(unlink(bad[i]));
		must_fault(unlinkat(AT_FDCWD, bad[i], 0));
		must_fault(rename("name", bad[i]));
		must_fault(renameat(AT_FDCWD, "name", AT_FDCWD, bad[i]));
	}
	must(close(fd) == 0, "close");
}

static void try_way(const struct way *way)
{
	int fd;

	make("name");
	must(mkdir("first", 0700) == 0 && symlink("first", "folder") == 0, "folder");
	make("folder/name");
	fd = lock_held();
	for (int i = 0; i < 3; i++) /* known to lead elsewhere */
		open_and_close(way->path);
	way->lead();
	open_and_close(way->path);
	must(pwrite(fd, "x", 1, 0) == 1, "write");
}

int main(int argc, char **argv)
{
	if (argc == 2)
		for (size_t i = 0; i < WAYS; i++)
			puts(ways[i].name);
	if (argc != 3)
		return argc != 2;
	must(chdir(argv[1]) == 0, argv[1]);
	if (!strcmp(argv[2], "bad-addresses")) {
		try_bad_addresses();
		return 0;
	}
	for (size_t i = 0; i < WAYS; i++)
		if (!strcmp(ways[i].name, argv[2])) {
			try_way(&ways[i]);
			return 0;
		}
	return 1;
}
