/* SPDX-License-Identifier: MIT */
/*
 * A program that opens its tdb a second time while it holds a lock on it. tdb knows the files that
 * it has open and refuses, also by another name; but to know the file it has opened it, and with
 * the close of that descriptor the kernel takes back the lock. A second process, which should wait,
 * writes in between.
 *
 * Built with -DREPAIRED it uses the tdb that is open already.
 *
 * usage: tdb-twice FILE OTHER-NAME    (a hard link of FILE, or FILE)
 */
#include <fcntl.h>
#include <errno.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/wait.h>
#include <tdb.h>
#include <unistd.h>

extern char **environ;

static TDB_DATA counter = { (unsigned char *)(size_t) "counter", 7 };

static struct tdb_context *open_counter(const char *path)
{
	return tdb_open(path, 0, TDB_DEFAULT, O_RDWR, 0600);
}

static void store(struct tdb_context *tdb, int value)
{
	TDB_DATA data = { (unsigned char *)&value, sizeof(value) };

	if (tdb_store(tdb, counter, data, TDB_REPLACE))
		exit(1);
}

static int fetch(struct tdb_context *tdb)
{
	TDB_DATA data = tdb_fetch(tdb, counter);
	int value = 0;

	if (data.dsize == sizeof(value))
		memcpy(&value, data.dptr, sizeof(value));
	free(data.dptr);
	return value;
}

/* What a second process does: it does not wait. */
static int add_elsewhere(const char *path)
{
	struct tdb_context *tdb = open_counter(path);

	if (!tdb)
		return 1;
	if (tdb_chainlock_nonblock(tdb, counter)) {
		puts("another process: the counter is locked");
	} else {
		store(tdb, fetch(tdb) + 1);
		tdb_chainunlock(tdb, counter);
		puts("another process: counted in the middle of it");
	}
	return tdb_close(tdb);
}

static void another_process_adds(char *path)
{
	char name[] = "tdb-twice";
	char *argv[] = { name, path, NULL };
	int status;
	pid_t pid;

	fflush(stdout);
	if (posix_spawn(&pid, "/proc/self/exe", NULL, NULL, argv, environ) ||
	    waitpid(pid, &status, 0) < 0 || status != 0)
		exit(1);
}

#ifdef REPAIRED
static void look(struct tdb_context *tdb, const char *name)
{
	(void)name;
	printf("the counter is %d\n", fetch(tdb));
}
#else
static void look(struct tdb_context *tdb, const char *name)
{
	struct tdb_context *again = open_counter(name); /* HERE */

	(void)tdb;
	if (again)
		tdb_close(again);
	else
		printf("a second open: %s\n", strerror(errno));
}
#endif

static void count(struct tdb_context *tdb, char *path, const char *name)
{
	int value;

	if (tdb_chainlock(tdb, counter)) /* TAKEN */
		exit(1);
	value = fetch(tdb);
	look(tdb, name);
	another_process_adds(path);
	store(tdb, value + 1);
	tdb_chainunlock(tdb, counter);
}

int main(int argc, char **argv)
{
	struct tdb_context *tdb;

	if (argc == 2)
		return add_elsewhere(argv[1]);
	if (argc != 3)
		return 2;
	tdb = tdb_open(argv[1], 0, TDB_DEFAULT, O_RDWR | O_CREAT, 0600);
	if (!tdb || (strcmp(argv[1], argv[2]) && link(argv[1], argv[2])))
		return 1;
	store(tdb, 0);
	count(tdb, argv[1], argv[2]);
	printf("counted to %d\n", fetch(tdb));
	return tdb_close(tdb);
}
