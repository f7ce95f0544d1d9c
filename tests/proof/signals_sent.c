/* SPDX-License-Identifier: MIT */
/* Signals that come while locks are taken and released, as many as there can be: see signals.c. */
#define _GNU_SOURCE
#include "signals.h"

#include <pthread.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#define SENT 3000
#define JUMPS 100000
#define TICKS 2000
#define CHANGES 20000

static void in_order(int signal, siginfo_t *info, void *context)
{
	(void)signal, (void)context;
	if (info->si_value.sival_int != handled)
		wrong++;
	handled++;
}

static pthread_t locker;
/* The thread that sends was made: no jump leaves that half done. */
static volatile sig_atomic_t ready;
static int locker_tid;

/* pthread_sigqueue(), which musl has not. */
static void queue(int signal, int value)
{
	siginfo_t info = { .si_signo = signal, .si_code = SI_QUEUE };

	info.si_pid = getpid();
	info.si_uid = getuid();
	info.si_value.sival_int = value;
	syscall(SYS_rt_tgsigqueueinfo, getpid(), locker_tid, signal, &info);
}

/* Three at a time, to this thread: they queue, and must come in order. */
static void *send_real_time(void *unused)
{
	while (!ready)
		;
	for (int i = 0; i < SENT / 10 * 3; i++) {
		while (i % 3 == 0 && handled < i)
			;
		queue(SIGRTMIN + 3, i);
	}
	return unused;
}

static void *send_queued(void *unused)
{
	sigset_t all;

	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, NULL);
	while (!ready)
		;
	for (int i = 0; i < SENT; i++) {
		while (handled < i)
			;
		sigqueue(getpid(), SIGUSR1, (union sigval){ .sival_int = i });
	}
	return unused;
}

static void *send_plain(void *unused)
{
	while (!ready)
		;
	for (int i = 0; i < SENT; i++) {
		while (handled < i)
			;
		pthread_kill(locker, SIGUSR2);
	}
	return unused;
}

static void while_sent(const char *what, void *(*sender)(void *), int count)
{
	pthread_t thread;
	sigset_t mask;

	handled = 0;
	locker = pthread_self();
	locker_tid = (int)syscall(SYS_gettid);
	ready = 0;
	pthread_create(&thread, NULL, sender, NULL);
	ready = 1;
	while (handled < count)
		pair();
	pthread_join(thread, NULL);
	pthread_sigmask(SIG_SETMASK, NULL, &mask);
	printf("%s: %d handled while locking, %d wrong, USR1 blocked %d\n", what, (int)handled,
	       (int)wrong, sigismember(&mask, SIGUSR1));
}

void many(void)
{
	struct sigaction action = info_action(in_order, 0);

	sigaction(SIGUSR1, &action, NULL);
	signal(SIGUSR2, by_number);
	while_sent("queued", send_queued, SENT);
	while_sent("plain", send_plain, SENT);
}

void real_time(void)
{
	struct sigaction action = info_action(in_order, 0);

	sigaction(SIGRTMIN + 3, &action, NULL);
	while_sent("real-time", send_real_time, SENT / 10 * 3);
}

sigjmp_buf before;

static void jump(int signal)
{
	by_number(signal);
	siglongjmp(before, 1);
}

void jumps(void)
{
	static pthread_t thread;
	sigset_t mask;

	install(SIGUSR2, jump, 0);
	handled = 0;
	locker = pthread_self();
	ready = 0;
	pthread_create(&thread, NULL, send_plain, NULL);
	if (sigsetjmp(before, 1) == 0)
		ready = 1;
	unlock();
	while (handled < SENT)
		pair();
	pthread_join(thread, NULL);
	sigprocmask(SIG_SETMASK, NULL, &mask);
	printf("%d jumps out of handlers while locking, %d wrong, blocked %d\n", (int)handled,
	       (int)wrong, sigismember(&mask, SIGUSR2));
}

/* By a timer; one that is too fast leaves no time to jump. */
void timed_jumps(void)
{
	struct itimerval fast = { { 0, 300 }, { 0, 300 } }, none = { { 0, 0 }, { 0, 0 } };

	install(SIGALRM, jump, 0);
	handled = 0;
	if (sigsetjmp(before, 1) == 0)
		setitimer(ITIMER_REAL, &fast, NULL);
	unlock();
	while (handled < TICKS)
		pair();
	signal(SIGALRM, SIG_IGN);
	setitimer(ITIMER_REAL, &none, NULL);
	printf("jumps by a timer: %d, %d wrong\n", handled >= TICKS, (int)wrong);
}

/* 100,000 jumps, and each where the program itself makes it. */
void raised_jumps(void)
{
	install(SIGUSR1, jump, 0);
	handled = 0;
	(void)sigsetjmp(before, 1);
	while (handled < JUMPS) {
		pair();
		raise(SIGUSR1);
	}
	printf("%d jumps out of raise(), %d wrong\n", (int)handled, (int)wrong);
}

/* Whichever is there at the moment is called; none is lost. */
static void *change(void *handler)
{
	for (int i = 0; i < CHANGES; i++)
		install(SIGUSR1, (void (*)(int))handler, i & 1 ? SA_RESTART : 0);
	return NULL;
}

void changing_threads(void)
{
	pthread_t a, b;

	install(SIGUSR1, by_number, 0);
	handled = 0;
	pthread_create(&a, NULL, change, (void *)by_number);
	pthread_create(&b, NULL, change, (void *)other);
	for (int i = 0; i < CHANGES; i++) {
		pair();
		raise(SIGUSR1);
	}
	pthread_join(a, NULL);
	pthread_join(b, NULL);
	printf("%d handled while threads changed the handler\n", (int)handled);
}
