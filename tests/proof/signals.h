/* SPDX-License-Identifier: MIT */
#ifndef SIGNALS_H
#define SIGNALS_H

#include <setjmp.h>
#include <signal.h>

extern volatile sig_atomic_t handled, wrong;
extern sigjmp_buf before;

/* Locks and unlocks the file. unlock: after a jump out of a handler that left it locked, or not. */
void pair(void);
void unlock(void);

void by_number(int signal);
void other(int signal);
struct sigaction info_action(void (*handler)(int, siginfo_t *, void *), int flags);
void install(int signal, void (*handler)(int), int flags);

/* Signals that come while the file is locked and unlocked. */
void many(void);
void real_time(void);
void jumps(void);
void timed_jumps(void);
void raised_jumps(void);
void changing_threads(void);

#endif
