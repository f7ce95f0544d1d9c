/* SPDX-License-Identifier: MIT */
/*
 * The kernel has no flock with a deadline: a signal has to interrupt it. The signal may come just
 * before the system call begins, and would then interrupt nothing: so the timer goes on ringing.
 */
#include "config.h"

#include "flock_wait.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/file.h>
#include <sys/time.h>

#define RING_AGAIN_US 10000

static volatile sig_atomic_t has_rung;

static void ring(int signal)
{
	(void)signal;
	has_rung = 1;
}

static int flock_once(int fd, int operation)
{
	return flock(fd, operation) == 0 ? 0 : -errno;
}

static int flock_until_rung(int fd, int operation)
{
	int status;

	do
		status = flock_once(fd, operation);
	while (status == -EINTR && !has_rung);
	return status == -EINTR ? -ETIMEDOUT : status;
}

static int flock_timed(int fd, int operation, int64_t timeout_ns)
{
	struct sigaction action = { .sa_handler = ring }, old_action;
	struct itimerval timer = {
		.it_value = { .tv_sec = timeout_ns / 1000000000,
			      .tv_usec = timeout_ns % 1000000000 / 1000 + 1 },
		.it_interval = { .tv_usec = RING_AGAIN_US },
	};
	struct itimerval old_timer;
	int status;

	if (timer.it_value.tv_usec >= 1000000) {
		timer.it_value.tv_sec++;
		timer.it_value.tv_usec -= 1000000;
	}
	has_rung = 0;
	sigaction(SIGALRM, &action, &old_action);
	setitimer(ITIMER_REAL, &timer, &old_timer);
	status = flock_until_rung(fd, operation);
	setitimer(ITIMER_REAL, &old_timer, NULL);
	sigaction(SIGALRM, &old_action, NULL);
	return status;
}

int flock_wait(int fd, int operation, int64_t timeout_ns)
{
	int status = flock_once(fd, operation | LOCK_NB);

	if (status != -EWOULDBLOCK)
		return status;
	if (timeout_ns <= 0)
		return -EBUSY;
	if (timeout_ns != INT64_MAX)
		return flock_timed(fd, operation, timeout_ns);
	do
		status = flock_once(fd, operation);
	while (status == -EINTR);
	return status;
}
