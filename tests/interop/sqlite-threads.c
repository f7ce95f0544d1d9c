/* SPDX-License-Identifier: MIT */
/*
 * One SQLite database, two connections, two threads, one process: the locks of both are the
 * process's. One thread takes a read lock through its descriptor and the other converts or releases
 * it through its own; SQLite keeps the books, and all of that is right.
 */
#include <pthread.h>
#include <sqlite3.h>
#include <stdio.h>

#define ROUNDS 25

struct worker {
	const char *path;
	const char *work; /* done again and again */
	int failed;
};

static void *work(void *data)
{
	struct worker *worker = data;
	sqlite3 *db = NULL;

	worker->failed |= sqlite3_open(worker->path, &db) != SQLITE_OK;
	sqlite3_busy_timeout(db, 20000);
	for (int round = 0; round < ROUNDS; round++)
		worker->failed |= sqlite3_exec(db, worker->work, NULL, NULL, NULL) != SQLITE_OK;
	sqlite3_close(db);
	return NULL;
}

static int set_up(const char *path, const char *journal)
{
	char *statement = sqlite3_mprintf("PRAGMA journal_mode=%s; CREATE TABLE IF NOT EXISTS t (x);"
					  "INSERT INTO t VALUES (1)", journal);
	sqlite3 *db = NULL;
	int failed = sqlite3_open(path, &db) != SQLITE_OK ||
		     sqlite3_exec(db, statement, NULL, NULL, NULL) != SQLITE_OK;

	sqlite3_free(statement);
	sqlite3_close(db);
	return failed;
}

int main(int argc, char **argv)
{
	struct worker writer = {
		.path = argv[1],
		.work = "BEGIN IMMEDIATE; INSERT INTO t SELECT max(x) + 1 FROM t; COMMIT;"
			"BEGIN; SELECT count(*) FROM t; COMMIT",
	};
	struct worker other = writer;
	pthread_t thread;

	if (argc != 3 || set_up(argv[1], argv[2]))
		return 2;
	other.work = "BEGIN; SELECT count(*) FROM t; COMMIT; UPDATE t SET x = x + 1 WHERE x = 1";
	if (pthread_create(&thread, NULL, work, &other))
		return 2;
	work(&writer);
	pthread_join(thread, NULL);
	return writer.failed || other.failed;
}
