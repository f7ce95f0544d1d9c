/* SPDX-License-Identifier: MIT */
/*
 * Runs a command under the checker and waits for it, as transparently as env(1): its descriptors,
 * signal dispositions and mask are those that holdfast was started with.
 *
 * While it runs, SIGINT and SIGQUIT of the terminal are the command's business, which gets them
 * itself; SIGTERM and SIGHUP, which were sent to holdfast alone, are passed on.
 */
#ifndef HF_TOOLS_CHILD_H
#define HF_TOOLS_CHILD_H

#include <stdbool.h>
#include <sys/types.h>

struct child_plan {
	char **argv;	     /* looked up in PATH */
	const char *checker; /* path of the shared object; NULL: run it as it is */
	const char *pool;
	double timeout; /* seconds; 0: none */
};

struct child_end {
	pid_t pid;
	int status; /* as the shell says it: the exit status, or 128 + the signal */
	bool signalled;
	bool timed_out;
};

/* 0; or -errno with *ret_exec telling whether it was the exec that failed. */
int child_run(const struct child_plan *plan, struct child_end *ret, bool *ret_exec);

#endif
