/* SPDX-License-Identifier: MIT */
/*
 * The run folder of `holdfast check`: a folder of mode 0711 with a name that nobody can guess, and
 * in it the pool file, which processes of any user may open once they are told its name.
 *
 * The pool is allocated here, not in the checked programs: on a full disk it is the command that
 * says so, not a program that dies of SIGBUS.
 */
#ifndef HF_TOOLS_RUNDIR_H
#define HF_TOOLS_RUNDIR_H

#include <stdbool.h>

struct rundir {
	char *path;
	char *pool;
	bool kept;
};

/*
 * Makes the folder under $TMPDIR, or as keep (which must not exist yet, or be empty) when that is
 * not NULL, and the pool in it. 0, or -errno with ret->path naming what could not be made; nothing
 * is left behind then.
 */
int rundir_make(const char *keep, struct rundir *ret);

/* After the run: removes the folder, or makes a kept one readable and no longer writable by others.
 */
void rundir_finish(struct rundir *rundir);

void rundir_free(struct rundir *rundir);

#endif
