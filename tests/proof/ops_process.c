/* SPDX-License-Identifier: MIT */
/* Other processes and other threads. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "children.h"
#include "slots.h"

#define CHILD_OPS 6
#define RACE_OPS 12
#define RACE_HANDLERS 20

bool released_elsewhere;

enum outcome wait_for(pid_t pid, int flags)
{
	int status;

	while (waitpid(pid, &status, flags) < 0)
		if (errno != EINTR)
			return FAILED;
	released_elsewhere = true;
	return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? DONE : FAILED;
}

void child_begin(void)
{
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (struct slot *slot = slots; slot < slots + SLOTS; slot++)
		slot->inherited = slot->kind != SLOT_FREE;
}

/* The reason of a disagreement goes to the parent. */
void child_check(void)
{
	char reason[REASON_SIZE];

	if (agree(false, reason))
		return;
	disagree("%s", reason);
	calls._exit(1);
}

void be_child(const struct op *op)
{
	uint64_t state = op->seed;

	child_begin();
	for (unsigned i = 0; i < CHILD_OPS; i++) {
		struct op next = op_random(&state, true);

		child_check();
		(void)op_run(&next);
	}
	child_check();
	calls._exit(tally->reason[0] ? 1 : 0);
}

enum outcome do_fork(const struct op *op)
{
	pid_t pid = fork();

	if (pid == 0)
		be_child(op);
	return pid < 0 ? FAILED : wait_for(pid, 0);
}

/* Without the handlers of pthread_atfork. */
enum outcome do_fork_early(const struct op *op)
{
	pid_t pid = op->via % 2 ? _Fork() : (pid_t)calls.syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0, 0);

	if (pid == 0)
		be_child(op);
	return pid < 0 ? FAILED : wait_for(pid, 0);
}

/*
 * In a process that shares this memory but not the descriptors: closes and unlocks, and touches
 * nothing of ours. Its closes release nothing here, its unlock of a shared description does.
 */
static int act_in_shared_memory(const struct op *op)
{
	struct slot *a = slot_used(op->a), *b = slot_used(op->b);
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

	if (!a)
		return 0;
	if (op->seed % 4 == 0)
		(void)calls.flock(b->fd, LOCK_UN);
	if (op->seed % 4 == 1)
		(void)calls.fcntl(b->fd, F_SETLK, (uintptr_t)&lock);
	(void)calls.close(a->fd);
	if (op->seed % 3 == 0)
		(void)calls.dup2(a->fd, b->fd);
	if (op->seed % 3 == 1)
		(void)calls.close_range((unsigned)b->fd, (unsigned)b->fd, 0);
	return 0;
}

/* Called through a pointer, so the compiler does not know: the child writes nothing of this frame. */
enum outcome do_vfork(const struct op *op)
{
	pid_t pid = calls.vfork();

	if (pid == 0)
		_exit(act_in_shared_memory(op));
	return pid < 0 ? FAILED : wait_for(pid, 0);
}

static int clone_body(void *op)
{
	(void)act_in_shared_memory(op);
	return 0;
}

enum outcome do_clone_vm(const struct op *op)
{
	static char stack[64 * 1024] __attribute__((aligned(16)));
	pid_t pid;

	pid = calls.clone(clone_body, stack + sizeof(stack), CLONE_VM | SIGCHLD,
			  (void *)(uintptr_t)op, NULL, NULL, NULL);
	return pid < 0 ? FAILED : wait_for(pid, __WALL);
}

enum outcome do_exec_fails(const struct op *op)
{
	char *argv[] = { NULL };
	char *path = (char *)(uintptr_t)"/nonexistent/program";

	switch (op->via % 3) {
	case 0:
		return outcome_of(calls.execve(path, argv, argv));
	case 1:
		return outcome_of(calls.execv(path, argv));
	default:
		return outcome_of(calls.execvp(path, argv));
	}
}

/* The new program inherits what is not close-on-exec, and unlocks or closes it. */
enum outcome do_exec_child(const struct op *op)
{
	char *argv[] = { (char *)(uintptr_t)"differential",
			 (char *)(uintptr_t)(op->b % 2 ? "--unlock-inherited" : "--close-inherited"),
			 NULL };
	pid_t pid = fork();

	if (pid == 0) {
		(void)calls.execv("/proc/self/exe", argv);
		calls._exit(1);
	}
	return pid < 0 ? FAILED : wait_for(pid, 0);
}

struct racer {
	uint64_t state;
	unsigned first, last;
};

static void *race_along(void *arg)
{
	struct racer *racer = arg;
	unsigned first = window_first, last = window_last;

	window_first = racer->first;
	window_last = racer->last;
	for (unsigned i = 0; i < RACE_OPS; i++) {
		struct op op = op_random(&racer->state, true);

		(void)op_run(&op);
	}
	window_first = first;
	window_last = last;
	return NULL;
}

static int handlers_left;

static void alarm_soon(bool on)
{
	struct itimerval once = { { 0, 0 }, { 0, on ? 100 : 0 } };

	(void)setitimer(ITIMER_REAL, &once, NULL);
}

/*
 * A handler that comes anywhere in the race, and drops what the threads hold on one file. It asks
 * for the next one itself, or on a busy machine nothing but handlers would run.
 */
static void on_alarm(int signal)
{
	struct flock lock = { .l_type = F_RDLCK, .l_whence = SEEK_SET, .l_start = 50, .l_len = 1 };
	int error = errno, fd = calls.open(file_path(0), O_RDWR | O_CLOEXEC, 0);

	(void)signal;
	if (fd >= 0) {
		(void)calls.fcntl(fd, F_SETLK, (uintptr_t)&lock);
		(void)calls.close(fd);
	}
	alarm_soon(__atomic_sub_fetch(&handlers_left, 1, __ATOMIC_RELAXED) > 0);
	errno = error;
}

static void interrupt_race(bool on)
{
	struct sigaction action = { .sa_handler = on_alarm, .sa_flags = SA_RESTART };
	sigset_t alarm;

	handlers_left = RACE_HANDLERS;
	(void)sigemptyset(&alarm);
	(void)sigaddset(&alarm, SIGALRM);
	if (on)
		(void)calls.sigaction(SIGALRM, &action, NULL);
	(void)pthread_sigmask(on ? SIG_UNBLOCK : SIG_BLOCK, &alarm, NULL);
	alarm_soon(on);
}

/* This thread and another one at the same time. Who loses a lock to whom is not foretold. */
enum outcome do_race(const struct op *op)
{
	struct racer mine = { op->seed, 0, SLOTS / 2 - 1 };
	struct racer other = { ~(uint64_t)op->seed, SLOTS / 2, SLOTS - 1 };
	bool interrupted = with_handlers && op->via % 2;
	pthread_t thread;

	late_is_allowed = true;
	if (interrupted)
		interrupt_race(true);
	if (pthread_create(&thread, NULL, race_along, &other))
		return FAILED;
	(void)race_along(&mine);
	(void)pthread_join(thread, NULL);
	if (interrupted)
		interrupt_race(false);
	return DONE;
}
