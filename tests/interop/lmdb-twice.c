/* SPDX-License-Identifier: MIT */
/*
 * A program that opens its LMDB environment a second time in the same process, which LMDB's manual
 * forbids: a helper that only counts entries opens, reads and closes it, while the main program
 * reads. That LMDB is in use, and by which living readers, it marks by POSIX locks on its lock
 * file; closing the second environment drops them. The next process finds nobody there and starts
 * the table of readers anew: nothing keeps writers from the pages that are being read.
 *
 * Built with -DREPAIRED the helper is given the environment that is open already.
 *
 * usage: lmdb-twice FOLDER
 */
#include <lmdb.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static void must(int error, const char *what)
{
	if (!error)
		return;
	fprintf(stderr, "lmdb-twice: %s: %s\n", what, mdb_strerror(error));
	exit(1);
}

static MDB_env *open_environment(const char *path)
{
	MDB_env *env;

	must(mdb_env_create(&env), "create");
	must(mdb_env_open(env, path, 0, 0600), path);
	return env;
}

static MDB_dbi put(MDB_env *env, const char *text)
{
	MDB_val key = { 1, (void *)(size_t) "k" }, value = { 5, (void *)(size_t)text };
	MDB_txn *txn;
	MDB_dbi dbi;

	must(mdb_txn_begin(env, NULL, 0, &txn), "begin");
	must(mdb_dbi_open(txn, NULL, 0, &dbi), "database");
	must(mdb_put(txn, dbi, &key, &value, 0), "put");
	must(mdb_txn_commit(txn), "commit");
	return dbi;
}

/* LMDB keeps its readers' locks until the environment is closed. */
static MDB_txn *begin_to_read(MDB_env *env)
{
	MDB_txn *txn;

	must(mdb_txn_begin(env, NULL, MDB_RDONLY, &txn), "read"); /* TAKEN */
	return txn;
}

#ifdef REPAIRED
static size_t count_entries(MDB_env *env, const char *path)
{
	MDB_stat stat;

	(void)path;
	must(mdb_env_stat(env, &stat), "stat");
	return stat.ms_entries;
}
#else
static size_t count_entries(MDB_env *env, const char *path)
{
	MDB_env *again = open_environment(path);
	MDB_stat stat;

	(void)env;
	must(mdb_env_stat(again, &stat), "stat");
	mdb_env_close(again); /* HERE */
	return stat.ms_entries;
}
#endif

/* What another process sees. */
static int look_for_readers(const char *path)
{
	MDB_env *env = open_environment(path);
	MDB_envinfo info;

	must(mdb_env_info(env, &info), "info");
	printf("another process: %u readers\n", info.me_numreaders);
	mdb_env_close(env);
	return 0;
}

/* This program again, in a process of its own. */
static void another_process_looks(char *path)
{
	char name[] = "lmdb-twice", verb[] = "look";
	char *argv[] = { name, path, verb, NULL };
	int status;
	pid_t pid;

	fflush(stdout);
	if (posix_spawn(&pid, "/proc/self/exe", NULL, NULL, argv, environ) ||
	    waitpid(pid, &status, 0) < 0 || status != 0)
		exit(1);
}

int main(int argc, char **argv)
{
	MDB_env *env;
	MDB_txn *txn;

	if (argc == 3)
		return look_for_readers(argv[1]);
	if (argc != 2)
		return 2;
	env = open_environment(argv[1]);
	put(env, "value");
	txn = begin_to_read(env);
	printf("%zu entries\n", count_entries(env, argv[1]));
	another_process_looks(argv[1]);
	mdb_txn_abort(txn);
	put(env, "other");
	mdb_env_close(env);
	return 0;
}
