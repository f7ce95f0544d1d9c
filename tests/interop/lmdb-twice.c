/* SPDX-License-Identifier: MIT */
/*
 * Opens an LMDB environment twice in one process, which its documentation forbids, since the locks
 * are POSIX locks: closing one of the two releases the lock file's lock, and another process may
 * then take the readers' table for abandoned and start it anew.
 *
 * usage: lmdb-twice DIRECTORY
 */
#include <lmdb.h>
#include <stdio.h>
#include <stdlib.h>

static void must(int error, const char *what)
{
	if (!error)
		return;
	fprintf(stderr, "lmdb-twice: %s: %s\n", what, mdb_strerror(error));
	exit(1);
}

static MDB_env *env_open(const char *directory)
{
	MDB_env *env;

	must(mdb_env_create(&env), "create");
	must(mdb_env_open(env, directory, 0, 0600), directory);
	return env;
}

int main(int argc, char **argv)
{
	MDB_env *first, *second;
	MDB_txn *txn;

	must(argc != 2, "usage: lmdb-twice DIRECTORY");
	first = env_open(argv[1]);
	second = env_open(argv[1]);
	mdb_env_close(second); /* HERE */
	must(mdb_txn_begin(first, NULL, 0, &txn), "begin");
	must(mdb_txn_commit(txn), "commit");
	return 0;
}
