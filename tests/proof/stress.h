/* SPDX-License-Identifier: MIT */
/*
 * Storms: what a program does to itself thousands of times - jumping out of calls, cancelling its
 * threads, handling signals, making children - while it locks.
 *
 *   stress.c          the scenarios by name, and the judgement that ends each
 *   stress_jump.c     siglongjmp out of calls
 *   stress_cancel.c   threads that are cancelled
 *   stress_handler.c  handlers that lock and close
 *   stress_child.c    children made while locks are held
 *
 * What is printed is the same in every run, so that a run under the checker can be compared with
 * one without it. After a storm the program unlocks what it may still hold, asks the kernel whether
 * all is gone, and then loses one lock: a checker whose beliefs went wrong in the storm finds
 * something else than this one loss.
 */
#ifndef STRESS_H
#define STRESS_H

#include <fcntl.h>
#include <stdbool.h>
#include <sys/types.h>

enum waiting { WAIT_POSIX, WAIT_OFD, WAIT_LOCKF, WAIT_FLOCK, WAIT_COUNT };

/* What went wrong, and no more of this run. */
void die(const char *what);

/* That file of the folder that was given; made if it is not there. */
int open_file(const char *name);

/* The whole file, by F_SETLK or the like. */
int lock_posix(int fd, int command, short type);

/* Waits for the whole file; releases it. */
int wait_for(enum waiting by, int fd);
int release(enum waiting by, int fd);

/* How many locks the kernel lists under that descriptor. */
unsigned locks_listed(int fd);

/* Another process that holds the file by POSIX lock and flock until it is released. */
void hold_elsewhere(const char *name);
void release_elsewhere(void);

/* The clock's signal, that often; 0 ends it. */
void every(long microseconds, void (*handler)(int));

/* Nothing of the storm is left of the file: then the program loses a lock on it. */
void judge(const char *name);

void jump_waiting(enum waiting by, long count);
void jump_anywhere(long count);
void jump_threads(long count);
void cancel_waiting(long count);
void cancel_between(long count);
void cancel_pending(long count);
void handle_signals(long count);
void make_children(long count);

#endif
