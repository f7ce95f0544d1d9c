/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "alloc.h"

/* After SIGTERM for a timeout, how long until SIGKILL. */
#define GRACE_SECONDS 5

/* What is changed for the time of the wait, and how it was. */
struct signals {
	sigset_t mask;
	struct sigaction interrupt, quit, child;
};

static void take_signals(struct signals *saved, sigset_t *waited)
{
	struct sigaction ignore = { .sa_handler = SIG_IGN }, normal = { .sa_handler = SIG_DFL };

	sigemptyset(waited);
	sigaddset(waited, SIGCHLD);
	sigaddset(waited, SIGTERM);
	sigaddset(waited, SIGHUP);
	sigprocmask(SIG_BLOCK, waited, &saved->mask);
	sigaction(SIGINT, &ignore, &saved->interrupt);
	sigaction(SIGQUIT, &ignore, &saved->quit);
	sigaction(SIGCHLD, &normal, &saved->child);
}

static void give_signals_back(const struct signals *saved)
{
	sigaction(SIGINT, &saved->interrupt, NULL);
	sigaction(SIGQUIT, &saved->quit, NULL);
	sigaction(SIGCHLD, &saved->child, NULL);
	sigprocmask(SIG_SETMASK, &saved->mask, NULL);
}

/* Adds to a list in the environment; what the user put there stays first. */
static void add_to_list(const char *name, const char *item)
{
	const char *old = getenv(name);
	char *list = old && *old ? alloc_format("%s:%s", old, item) : alloc_string(item);

	if (setenv(name, list, 1) < 0)
		alloc_failed();
	free(list);
}

/* gcc's shared ASan refuses to start when another library was loaded before it. */
static void set_environment(const struct child_plan *plan)
{
	add_to_list("LD_PRELOAD", plan->checker);
	add_to_list("ASAN_OPTIONS", "verify_asan_link_order=0");
	if (setenv("HOLDFAST_RUN", plan->pool, 1) < 0)
		alloc_failed();
}

/* In the child: the error of an exec that failed goes up a pipe that a successful one closes. */
static void __attribute__((noreturn)) become(const struct child_plan *plan, int error_pipe)
{
	int error;

	if (plan->checker)
		set_environment(plan);
	execvp(plan->argv[0], plan->argv);
	error = errno;
	while (write(error_pipe, &error, sizeof(error)) < 0 && errno == EINTR)
		;
	_exit(127);
}

static int read_error(int fd)
{
	int error = 0;
	ssize_t n;

	do
		n = read(fd, &error, sizeof(error));
	while (n < 0 && errno == EINTR);
	return n == sizeof(error) ? -error : 0;
}

static int start(const struct child_plan *plan, const struct signals *saved, pid_t *ret)
{
	int pipe_ends[2], error;

	if (pipe2(pipe_ends, O_CLOEXEC) < 0)
		return -errno;
	*ret = fork();
	if (*ret == 0) {
		give_signals_back(saved);
		become(plan, pipe_ends[1]);
	}
	error = *ret < 0 ? -errno : 0;
	close(pipe_ends[1]);
	if (!error)
		error = read_error(pipe_ends[0]);
	close(pipe_ends[0]);
	return error;
}

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* One signal of the set, or 0 after left seconds; left < 0 waits for ever. */
static int next_signal(const sigset_t *waited, double left)
{
	struct timespec t = { .tv_sec = (time_t)left,
			      .tv_nsec = (long)((left - (double)(time_t)left) * 1e9) };
	int ret;

	do
		ret = left < 0 ? sigwaitinfo(waited, NULL) : sigtimedwait(waited, NULL, &t);
	while (ret < 0 && errno == EINTR);
	return ret < 0 ? 0 : ret;
}

static void set_end(struct child_end *end, int status)
{
	end->signalled = WIFSIGNALED(status);
	end->status = end->signalled ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

/* The deadline passed: first politely. Returns the next deadline, or -1 for none. */
static double expire(struct child_end *end)
{
	kill(end->pid, end->timed_out ? SIGKILL : SIGTERM);
	if (end->timed_out)
		return -1;
	end->timed_out = true;
	return seconds() + GRACE_SECONDS;
}

static void wait_for(struct child_end *end, const sigset_t *waited, double timeout)
{
	double deadline = timeout > 0 ? seconds() + timeout : -1;
	int status, signal;

	while (waitpid(end->pid, &status, WNOHANG) != end->pid) {
		double left = deadline < 0 ? -1 : deadline - seconds();

		signal = next_signal(waited, deadline >= 0 && left < 0 ? 0 : left);
		if (signal == SIGTERM || signal == SIGHUP)
			kill(end->pid, signal);
		else if (!signal)
			deadline = expire(end);
	}
	set_end(end, status);
}

int child_run(const struct child_plan *plan, struct child_end *ret, bool *ret_exec)
{
	struct signals saved;
	sigset_t waited;
	int error;

	memset(ret, 0, sizeof(*ret));
	take_signals(&saved, &waited);
	error = start(plan, &saved, &ret->pid);
	*ret_exec = error && ret->pid > 0;
	if (*ret_exec)
		waitpid(ret->pid, NULL, 0);
	if (!error)
		wait_for(ret, &waited, plan->timeout);
	give_signals_back(&saved);
	return error;
}
