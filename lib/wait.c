/* SPDX-License-Identifier: MIT */
/*
 * Cancelling a thread that sleeps in the kernel for a lock can lose a lock that was granted in the
 * same instant: the call has succeeded, and its result is thrown away with the thread. So after the
 * join the same lock is asked for once more without blocking, on the same description. That either
 * confirms a grant or says busy, whatever happened.
 *
 * The helper's cancellation is asynchronous around the call, because not every C library makes
 * F_OFD_SETLKW a cancellation point. Nothing but the system call happens in there.
 *
 * pthread_cancel loads libgcc_s when it is first used, and ends the process where it cannot: in a
 * chroot, or with no descriptor left. The library is linked with it, so that it is there already.
 */
#include "config.h"

#include "wait.h"

#include <dlfcn.h>
#include <errno.h>
#include <limits.h> /* PTHREAD_STACK_MIN */
#include <sched.h>
#include <signal.h>
#include <unistd.h>

#include "held.h"
#include "holdfast-annotate.h"
#include "lock.h"
#include "setlk.h"
#include "sys.h"

#define POLL_MIN UINT64_C(1000000)
#define POLL_MAX UINT64_C(20000000)
#define STACK_SIZE (64u * 1024)
#define PAGE 4096u /* the least there is: stacks are made of whole ones */
#define JOIN_SPINS 2000

void hf_attempt_init(struct hf_attempt *attempt, struct hf_lock *lock, hf_mode mode,
		     int64_t timeout)
{
	*attempt = (struct hf_attempt){ .lock = lock, .mode = mode, .timeout = timeout };
}

uint64_t hf_deadline_after(int64_t timeout)
{
	/* Far beyond any uptime, and short enough for every time_t of 64 bits. */
	if (timeout >= INT64_MAX / 2)
		return UINT64_MAX;
	return hf_sys.now() + (uint64_t)timeout;
}

static void set_deadline(struct hf_attempt *attempt)
{
	if (attempt->begun)
		return;
	if (!attempt->deadline)
		attempt->deadline = hf_deadline_after(attempt->timeout);
	hf_held_enter();
	attempt->cancels = attempt->lock->cancels;
	hf_held_leave();
	attempt->begun = true;
}

int hf_attempt_begin(struct hf_attempt *attempt)
{
	struct hf_lock *lock = attempt->lock;
	int ret;

	if (attempt->timeout == HF_NOWAIT)
		return -EBUSY;
	set_deadline(attempt);
	if (attempt->announced || !lock->on_wait)
		return 0;
	attempt->announced = true;
	ret = lock->on_wait(lock, attempt->mode, lock->on_wait_arg);
	attempt->refused = ret != 0;
	return ret;
}

bool hf_attempt_is_over(const struct hf_attempt *attempt)
{
	return attempt->deadline && attempt->deadline != UINT64_MAX &&
	       hf_sys.now() >= attempt->deadline;
}

/* Sleeps until something changes, at the latest until a moment before the deadline. */
static int sleep_until(struct hf_attempt *attempt, uint64_t moment)
{
	struct hf_lock *lock = attempt->lock;
	int ret;

	if (moment > attempt->deadline)
		moment = attempt->deadline;
	attempt->waited = true;
	lock->waiters++;
	if (lock->cancels == attempt->cancels)
		(void)hf_file_sleep(lock->file, moment);
	ret = lock->cancels != attempt->cancels ? -ECANCELED : 0;
	lock->waiters--;
	return ret || !hf_attempt_is_over(attempt) ? ret : -ETIMEDOUT;
}

int hf_attempt_sleep(struct hf_attempt *attempt)
{
	return sleep_until(attempt, UINT64_MAX);
}

/* ---- the helper thread ---- */

/*
 * On the stack when a helper is cancelled. AddressSanitizer marks what lies between a function's
 * variables and takes the marks away when it returns; a cancelled one never does, and the end of
 * the thread would then trip over them.
 */
#if defined(__GNUC__)
#define MAY_BE_CANCELLED __attribute__((noinline, no_sanitize_address))
#else
#define MAY_BE_CANCELLED
#endif

struct helper {
	struct hf_file *file;
	int fd;
	int command;
	struct flock range;
	int result; /* with done and cpu, guarded by the held mutex */
	int cpu;    /* where it ends, or -1 */
	bool done;
	bool upgrades;
};

MAY_BE_CANCELLED static int block(int fd, int command, struct flock range)
{
	struct flock request;
	int ret;

	do {
		request = range;
		ret = hf_sys.setlk(fd, command, &request);
	} while (ret == -EINTR);
	return ret;
}

MAY_BE_CANCELLED static void *run_helper(void *arg)
{
	struct helper *helper = arg;
	int ret, ignored;

	if (helper->upgrades && holdfast_annotate_guarded)
		holdfast_annotate_guarded(helper->fd);
	/* NOLINTNEXTLINE(cert-pos47-c): it does nothing but wait */
	(void)pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, &ignored);
	ret = block(helper->fd, helper->command, helper->range);
	(void)pthread_setcanceltype(PTHREAD_CANCEL_DEFERRED, &ignored);
	(void)pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &ignored);
	hf_held_enter();
	helper->result = ret;
	helper->cpu = sched_getcpu();
	helper->done = true;
	hf_held_leave();
	/* Outside, so that who wakes need not sleep again for the mutex. It joins before it goes
	 * on. */
	(void)pthread_cond_broadcast(&helper->file->changed);
	return NULL;
}

/*
 * The stack holds the program's thread-local data too, which can be large, and glibc alone knows
 * how large. It tells through a function that is not for everybody and so is looked up by name, as
 * other run-time systems do. It counts 16 KiB and a page beyond that. A larger stack costs time
 * when it counts: glibc gives what a thread left unused beyond 16 KiB back to the kernel when it
 * ends, with its caller waiting for that.
 */
static size_t stack_size(const pthread_attr_t *attr)
{
	long least = sysconf(_SC_THREAD_STACK_MIN);
	size_t (*minimum)(const pthread_attr_t *);

	*(void **)&minimum = dlsym(RTLD_DEFAULT, "__pthread_get_minstack");
	if (minimum)
		return (minimum(attr) - PAGE) / PAGE * PAGE;
	return STACK_SIZE + (least > 0 ? (size_t)least : (size_t)PTHREAD_STACK_MIN);
}

/* With every signal blocked from its first instruction, and none ever blocked in the caller. */
static int start_helper(struct helper *helper, pthread_t *ret)
{
	pthread_attr_t attr;
	sigset_t all;
	int error;

	(void)sigfillset(&all);
	if (pthread_attr_init(&attr))
		return -ENOMEM;
	(void)pthread_attr_setstacksize(&attr, stack_size(&attr));
#ifdef HAVE_PTHREAD_ATTR_SETSIGMASK_NP
	error = -pthread_attr_setsigmask_np(&attr, &all);
	if (!error)
		error = hf_sys.thread(ret, &attr, run_helper, helper);
#else
	/* The new thread inherits the mask; it is this thread's for the length of one call. */
	sigset_t before;

	(void)pthread_sigmask(SIG_BLOCK, &all, &before);
	error = hf_sys.thread(ret, &attr, run_helper, helper);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
#endif
	(void)pthread_attr_destroy(&attr);
	return error;
}

/* Until the helper has its answer, or the deadline or a cancel comes first. */
static int await_helper(struct hf_attempt *attempt, const struct helper *helper)
{
	int ret = 0;

	hf_held_enter();
	while (!helper->done && !ret)
		ret = sleep_until(attempt, UINT64_MAX);
	hf_held_leave();
	return ret;
}

/*
 * A helper that is done has a few microseconds left: less than a sleep and a wakeup would take, if
 * it has a processor of its own to end on.
 */
static void join_helper(pthread_t thread, int cpu)
{
#ifdef HAVE_PTHREAD_TRYJOIN_NP
	int i;

	for (i = 0; i < JOIN_SPINS && cpu != sched_getcpu(); i++)
		if (pthread_tryjoin_np(thread, NULL) != EBUSY)
			return;
#endif
	(void)pthread_join(thread, NULL);
}

static int stop_helper(struct helper *helper, pthread_t thread)
{
	bool done;

	hf_held_enter();
	done = helper->done;
	hf_held_leave();
	if (!done)
		(void)pthread_cancel(thread);
	join_helper(thread, done ? helper->cpu : -1);
	return helper->done ? helper->result : -EBUSY;
}

/* Where no thread can be had. */
static int poll_granted(struct hf_attempt *attempt, const struct hf_claim *claim, short type,
			uint64_t start, uint64_t end)
{
	uint64_t pause = POLL_MIN;
	int ret, given_up;

	for (;;) {
		hf_held_enter();
		given_up = sleep_until(attempt, hf_sys.now() + pause);
		hf_held_leave();
		if (given_up == -ECANCELED)
			return given_up;
		ret = hf_setlk(claim, type, start, end);
		if (ret != -EBUSY)
			return ret;
		if (given_up)
			return given_up;
		pause = pause * 2 < POLL_MAX ? pause * 2 : POLL_MAX;
	}
}

static int wait_helped(struct hf_attempt *attempt, const struct hf_claim *claim, short type,
		       uint64_t start, uint64_t end)
{
	struct helper helper = {
		.file = claim->lock->file,
		.fd = claim->lock->fd,
		.command = hf_setlkw_command(claim),
		.range = hf_flock_of(type, start, end),
		.upgrades = claim->upgrading,
	};
	pthread_t thread;
	int given_up, ret;

	if (start_helper(&helper, &thread))
		return poll_granted(attempt, claim, type, start, end);
	given_up = await_helper(attempt, &helper);
	ret = stop_helper(&helper, thread);
	if (given_up == -ECANCELED || ret != -EBUSY)
		return ret == -EBUSY ? given_up : ret;
	ret = hf_setlk(claim, type, start, end);
	return ret == -EBUSY ? given_up : ret;
}

int hf_wait_granted(struct hf_attempt *attempt, const struct hf_claim *claim, short type,
		    uint64_t start, uint64_t end)
{
	attempt->waited = true;
	if (attempt->deadline == UINT64_MAX && !(attempt->lock->flags & HF_CANCELLABLE))
		return block(claim->lock->fd, hf_setlkw_command(claim),
			     hf_flock_of(type, start, end));
	return wait_helped(attempt, claim, type, start, end);
}
