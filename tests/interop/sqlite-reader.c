/* SPDX-License-Identifier: MIT */
/*
 * A bank that keeps its one balance in an SQLite database. In the middle of a transaction it looks
 * at the file's header, to log the page size, with open, read and close: and with that close the
 * kernel takes back the locks that SQLite holds on the file. A second process, which should have
 * been refused, pays in; the first writes what it computed from the old balance; money is lost.
 *
 * Built with -DREPAIRED it asks SQLite's own descriptor for the header, and the second process is
 * told that the database is locked.
 *
 * usage: sqlite-reader DATABASE
 */
#include <fcntl.h>
#include <spawn.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE_SIZE_AT 16 /* two bytes, big endian */

extern char **environ;

static void die(const char *what, sqlite3 *db)
{
	fprintf(stderr, "sqlite-reader: %s: %s\n", what, db ? sqlite3_errmsg(db) : "failed");
	exit(1);
}

static void run(sqlite3 *db, const char *sql)
{
	if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
		die(sql, db);
}

static int balance(sqlite3 *db)
{
	sqlite3_stmt *query;
	int amount;

	if (sqlite3_prepare_v2(db, "SELECT amount FROM balance", -1, &query, NULL) != SQLITE_OK ||
	    sqlite3_step(query) != SQLITE_ROW)
		die("balance", db);
	amount = sqlite3_column_int(query, 0);
	sqlite3_finalize(query);
	return amount;
}

static void balance_set(sqlite3 *db, int amount)
{
	char *sql = sqlite3_mprintf("UPDATE balance SET amount = %d", amount);

	run(db, sql);
	sqlite3_free(sql);
}

static sqlite3 *bank_open(const char *path)
{
	sqlite3 *db;

	if (sqlite3_open(path, &db) != SQLITE_OK)
		die(path, db);
	return db;
}

#ifdef REPAIRED
static unsigned page_size(sqlite3 *db, const char *path)
{
	unsigned char field[2];
	sqlite3_file *file;

	(void)path;
	if (sqlite3_file_control(db, "main", SQLITE_FCNTL_FILE_POINTER, &file) != SQLITE_OK ||
	    file->pMethods->xRead(file, field, sizeof field, PAGE_SIZE_AT) != SQLITE_OK)
		die("header", db);
	return (unsigned)field[0] << 8 | field[1];
}
#else
static unsigned page_size(sqlite3 *db, const char *path)
{
	unsigned char field[2];
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || pread(fd, field, sizeof field, PAGE_SIZE_AT) != (ssize_t)sizeof field)
		die("header", db);
	close(fd); /* HERE */
	return (unsigned)field[0] << 8 | field[1];
}
#endif

/* What the other process does. */
static int pay_in(const char *path, int amount)
{
	sqlite3 *db = bank_open(path);

	if (sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL) != SQLITE_OK) {
		printf("another process: %s\n", sqlite3_errmsg(db));
	} else {
		balance_set(db, balance(db) + amount);
		run(db, "COMMIT");
		printf("another process: paid in %d in the middle of the transaction\n", amount);
	}
	sqlite3_close(db);
	return 0;
}

/* This program again, in a process of its own. */
static void another_process_pays_in(char *path)
{
	char name[] = "sqlite-reader", verb[] = "pay-in";
	char *argv[] = { name, path, verb, NULL };
	int status;
	pid_t pid;

	if (posix_spawn(&pid, "/proc/self/exe", NULL, NULL, argv, environ) ||
	    waitpid(pid, &status, 0) < 0 || status != 0)
		die("the other process", NULL);
}

static void pay_out(sqlite3 *db, char *path, int amount)
{
	int before;

	run(db, "BEGIN IMMEDIATE"); /* nobody else may write from here */
	before = balance(db);
	printf("balance %d, page size %u\n", before, page_size(db, path));
	fflush(stdout);
	another_process_pays_in(path);
	balance_set(db, before - amount);
	run(db, "COMMIT");
	printf("paid out %d, balance %d\n", amount, balance(db));
}

int main(int argc, char **argv)
{
	sqlite3 *db;

	if (argc == 3)
		return pay_in(argv[1], 50);
	if (argc != 2)
		die("usage: sqlite-reader DATABASE", NULL);
	db = bank_open(argv[1]);
	run(db, "CREATE TABLE IF NOT EXISTS balance (amount); DELETE FROM balance;"
		"INSERT INTO balance VALUES (100)");
	pay_out(db, argv[1], 30);
	sqlite3_close(db);
	return 0;
}
