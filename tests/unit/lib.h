/* SPDX-License-Identifier: MIT */
/*
 * What the tests of the lock library share: a folder of their own, children that hold locks, threads
 * that try, and events to wait for.
 *
 * A child must not assert: a failing assertion in a forked child hangs Criterion. It _exit()s with a
 * status, and the test asserts that.
 */
#ifndef TESTS_UNIT_LIB_H
#define TESTS_UNIT_LIB_H

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "holdfast.h"

/* For TestSuite(.init, .fini): an empty current folder, removed afterwards. */
void folder_setup(void);
void folder_teardown(void);

/* Opened, or opened and taken, or the test fails. */
hf_lock *lock_on(const char *path);
hf_lock *lock_with(const char *path, unsigned flags);
hf_lock *held_on(const char *path, hf_mode mode);

/* ---- children ---- */

struct child {
	pid_t pid;
	int from; /* the child's tell() comes out here */
	int to;	  /* a byte here: the child's await_go() returns */
};

typedef int child_fn(struct child *self, void *arg);

/* Forks; the child runs fn and exits with what it returns. */
struct child child_start(child_fn *fn, void *arg);

/* Within a child: says one byte to the test; sleeps until the test says go on, or is gone. */
void tell(struct child *self, char what);
void await_go(struct child *self);

/* What the child told; 0 when it ended without a word. */
char child_told(struct child *child);

/* Lets it go on. */
void child_go(struct child *child);

/* The same, and its status: exit code, or 128 + signal. */
int child_finish(struct child *child);

/* SIGKILL, and gone. */
void child_kill(struct child *child);

/* A child that holds path (range start, length) until finished, when it is held. */
struct child child_holding(const char *path, hf_mode mode);
struct child child_holding_range(const char *path, hf_mode mode, uint64_t start, uint64_t length);

/* A child that is waiting for path, and holds it once it tells 'h'; its status is acquire's. */
struct child child_waiting(const char *path, hf_mode mode);

/* The result of an acquire, made in a child of its own that then ends. */
int try_in_child(const char *path, hf_mode mode);

/* Returns when some process is waiting for a lock on path's file (as /proc/locks says). */
void await_waiter(const char *path);

/* ---- threads ---- */

/* The result of one call made in a thread of its own, which is over on return. */
int in_thread(int (*fn)(void *), void *arg);

/* acquire, release and so on, with these arguments, as a thread's one call. */
struct call {
	hf_lock *lock;
	hf_mode mode;
	int64_t timeout;
	int result;
	pthread_t thread;
};

int acquire_in_thread(hf_lock *lock, hf_mode mode, int64_t timeout);
int release_in_thread(hf_lock *lock);

/* An acquire that goes on in a thread of its own; call_result() joins it. */
void call_start(struct call *call, hf_lock *lock, hf_mode mode, int64_t timeout);
int call_result(struct call *call);

/* ---- small things ---- */

void write_file(const char *path, const char *text);
int count_fds(void);
int count_threads(void);

/* Until no more are left: the kernel lists one that was joined a moment longer. */
void await_threads(int count);
bool has_ofd_locks(void);

#endif
