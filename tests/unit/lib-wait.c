/* SPDX-License-Identifier: MIT */
/* Waiting: deadlines, cancelling, signals, fairness, and what must not be left behind. */
#include "config.h"

#include "lib.h"

#include <sys/resource.h>
#include <sys/time.h>
#include <time.h>

#include "sys.h"

TestSuite(waiting, .init = folder_setup, .fini = folder_teardown, .timeout = 100);

static int64_t now(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

Test(waiting, a_deadline_is_never_early)
{
	struct child holder = child_holding("f", HF_EXCLUSIVE);
	hf_lock *lock = lock_on("f");
	int64_t start = now();

	cr_expect_eq(hf_lock_acquire(lock, HF_SHARED, HF_MSEC(30)), -ETIMEDOUT);
	cr_expect_geq(now() - start, HF_MSEC(30));
	cr_expect_eq(hf_lock_acquire(lock, HF_SHARED, 1), -ETIMEDOUT);
	cr_expect_eq(hf_lock_acquire(lock, HF_SHARED, 0), -EBUSY);
	cr_expect_eq(hf_lock_acquire(lock, HF_SHARED, -1), -EINVAL);
	cr_expect_eq(child_finish(&holder), 0);
	cr_expect_eq(hf_lock_acquire(lock, HF_SHARED, HF_FOREVER - 1), 0, "as good as for ever");
	hf_lock_close(lock);
}

Test(waiting, a_range_is_waited_for_like_a_file)
{
	struct child holder = child_holding_range("f", HF_EXCLUSIVE, 10, 10);
	hf_lock *lock;
	struct call call;

	cr_assert_eq(hf_lock_open_range("f", 0, 15, 10, &lock), 0);
	cr_expect_eq(hf_lock_acquire(lock, HF_EXCLUSIVE, HF_MSEC(5)), -ETIMEDOUT);
	call_start(&call, lock, HF_EXCLUSIVE, HF_SEC(50));
	await_waiter("f");
	cr_expect_eq(child_finish(&holder), 0);
	cr_expect_eq(call_result(&call), 0);
	hf_lock_close(lock);
}

/* ---- cancel ---- */

static void cancel_when_waiting(hf_lock *lock)
{
	while (hf_lock_cancel(lock) == -ESRCH)
		(void)usleep(1000);
}

Test(waiting, cancel_ends_a_wait_with_a_deadline)
{
	struct child holder = child_holding("f", HF_EXCLUSIVE);
	hf_lock *lock = lock_on("f");
	struct call call;

	cr_expect_eq(hf_lock_cancel(lock), -ESRCH);
	call_start(&call, lock, HF_EXCLUSIVE, HF_SEC(50));
	cancel_when_waiting(lock);
	cr_expect_eq(call_result(&call), -ECANCELED);
	cr_expect_eq(hf_lock_cancel(lock), -ESRCH);
	cr_expect_eq(child_finish(&holder), 0);
	cr_expect_eq(try_in_child("f", HF_EXCLUSIVE), 0, "nothing was left behind");
	cr_expect_eq(hf_lock_acquire(lock, HF_EXCLUSIVE, HF_SEC(1)), 0, "later waits are not");
	hf_lock_close(lock);
}

Test(waiting, cancel_ends_a_wait_for_ever_on_a_cancellable_handle)
{
	struct child holder = child_holding("f", HF_EXCLUSIVE);
	hf_lock *lock = lock_with("f", HF_CANCELLABLE);
	struct call call;

	call_start(&call, lock, HF_SHARED, HF_FOREVER);
	cancel_when_waiting(lock);
	cr_expect_eq(call_result(&call), -ECANCELED);
	cr_expect_eq(child_finish(&holder), 0);
	hf_lock_close(lock);
}

Test(waiting, cancel_ends_a_wait_for_another_thread)
{
	hf_lock *lock = held_on("f", HF_EXCLUSIVE);
	struct call call;

	call_start(&call, lock, HF_EXCLUSIVE, HF_FOREVER);
	cancel_when_waiting(lock);
	cr_expect_eq(call_result(&call), -ECANCELED);
	cr_expect_eq(hf_lock_mode(lock), HF_EXCLUSIVE);
	hf_lock_close(lock);
}

struct canceller {
	hf_lock *lock;
	bool stop;
};

static void *cancel_much(void *arg)
{
	struct canceller *canceller = arg;

	while (!__atomic_load_n(&canceller->stop, __ATOMIC_RELAXED)) {
		(void)hf_lock_cancel(canceller->lock);
		(void)sched_yield();
	}
	return NULL;
}

/* Takes and gives it all the time, so that grants and cancels meet. */
static int flicker(struct child *self, void *arg)
{
	hf_lock *lock;

	(void)arg;
	if (hf_lock_open("f", 0, &lock))
		return 1;
	(void)fcntl(self->from, F_SETFL, O_NONBLOCK);
	tell(self, 'h');
	for (;;) {
		char ignored;
		int i;

		for (i = 0; i < 20; i++) {
			if (hf_lock_acquire(lock, HF_EXCLUSIVE, HF_FOREVER))
				return 2;
			(void)usleep((useconds_t)i * 10);
			(void)hf_lock_release(lock);
		}
		if (read(self->from, &ignored, 1) == 1)
			return 0;
	}
}

#define CANCELS 20000

Test(waiting, twenty_thousand_cancelled_waits_leave_no_lock_behind)
{
	struct child other = child_start(flicker, NULL);
	struct canceller canceller = { .lock = lock_on("f") };
	int threads = count_threads();
	int granted = 0, given_up = 0, wrong = 0;
	pthread_t thread;

	cr_assert_eq(child_told(&other), 'h');
	cr_assert_eq(pthread_create(&thread, NULL, cancel_much, &canceller), 0);
	while (given_up < CANCELS && granted < 40 * CANCELS) {
		int ret = hf_lock_acquire(canceller.lock, HF_EXCLUSIVE,
					  given_up % 4 ? 1 + given_up * 7 % 200000 : HF_SEC(50));

		granted += ret == 0;
		given_up += ret == -ECANCELED || ret == -ETIMEDOUT;
		wrong += ret != 0 && ret != -ECANCELED && ret != -ETIMEDOUT;
		if (ret == 0)
			wrong += hf_lock_release(canceller.lock) != 0;
	}
	__atomic_store_n(&canceller.stop, true, __ATOMIC_RELAXED);
	(void)pthread_join(thread, NULL);
	cr_expect_eq(wrong, 0);
	cr_expect_eq(given_up, CANCELS, "given up %d, granted %d", given_up, granted);
	cr_expect_eq(child_finish(&other), 0);
	await_threads(threads);
	cr_expect_eq(try_in_child("f", HF_EXCLUSIVE), 0);
	hf_lock_close(canceller.lock);
}

/* ---- nothing of the program is touched ---- */

static volatile sig_atomic_t signals_seen;

static void see_signal(int number)
{
	(void)number;
	signals_seen++;
}

Test(waiting, a_storm_of_signals_neither_ends_nor_prolongs_a_wait)
{
	struct child holder = child_holding("f", HF_EXCLUSIVE);
	struct itimerval every = { { 0, 500 }, { 0, 500 } };
	struct itimerval off = { { 0, 0 }, { 0, 0 } };
	struct sigaction action = { .sa_handler = see_signal }; /* no SA_RESTART */
	hf_lock *lock = lock_on("f");
	struct call call;
	int result;

	cr_assert_eq(sigaction(SIGALRM, &action, NULL), 0);
	cr_assert_eq(setitimer(ITIMER_REAL, &every, NULL), 0);
	result = hf_lock_acquire(lock, HF_EXCLUSIVE, HF_MSEC(50));
	call_start(&call, lock, HF_EXCLUSIVE, HF_FOREVER);
	await_waiter("f");
	(void)usleep(20000);
	child_go(&holder);
	cr_expect_eq(call_result(&call), 0);
	cr_assert_eq(setitimer(ITIMER_REAL, &off, NULL), 0);
	cr_expect_eq(result, -ETIMEDOUT);
	cr_expect_gt(signals_seen, 10);
	cr_expect_eq(child_finish(&holder), 0);
	hf_lock_close(lock);
}

struct surroundings {
	struct sigaction actions[65];
	sigset_t mask;
	struct itimerval timers[3];
};

static void look_around(struct surroundings *ret)
{
	int i;

	memset(ret, 0, sizeof(*ret));
	for (i = 1; i <= 64; i++)
		(void)sigaction(i, NULL, &ret->actions[i]);
	(void)pthread_sigmask(SIG_BLOCK, NULL, &ret->mask);
	for (i = 0; i < 3; i++)
		(void)getitimer((__itimer_which_t)i, &ret->timers[i]);
}

static void expect_same(const struct surroundings *before, const struct surroundings *after)
{
	int i;

	for (i = 1; i <= 64; i++) {
		cr_expect_eq(before->actions[i].sa_handler, after->actions[i].sa_handler);
		cr_expect_eq(before->actions[i].sa_flags, after->actions[i].sa_flags);
		cr_expect_eq(sigismember(&before->mask, i), sigismember(&after->mask, i));
	}
	cr_expect_eq(memcmp(before->timers, after->timers, sizeof(before->timers)), 0);
}

Test(waiting, handlers_masks_timers_and_stderr_are_left_alone)
{
	struct child holder = child_holding("f", HF_EXCLUSIVE);
	hf_lock *lock = lock_on("f");
	struct surroundings before, after;
	int saved = dup(STDERR_FILENO);
	int out = open("stderr", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	struct stat st;

	look_around(&before);
	(void)dup2(out, STDERR_FILENO);
	cr_expect_eq(hf_lock_acquire(lock, HF_EXCLUSIVE, HF_MSEC(10)), -ETIMEDOUT);
	(void)dup2(saved, STDERR_FILENO);
	look_around(&after);
	expect_same(&before, &after);
	cr_expect_eq(fstat(out, &st), 0);
	cr_expect_eq(st.st_size, 0);
	cr_expect_eq(child_finish(&holder), 0);
	hf_lock_close(lock);
}

static sigset_t helper_mask;

static int note_mask(int fd, int command, struct flock *range)
{
	if (command == F_OFD_SETLKW || command == F_SETLKW)
		(void)pthread_sigmask(SIG_BLOCK, NULL, &helper_mask);
	return fcntl(fd, command, range) < 0 ? -errno : 0;
}

Test(waiting, the_helper_thread_blocks_every_signal)
{
	struct child holder = child_holding("f", HF_EXCLUSIVE);
	hf_lock *lock = lock_on("f");
	int i;

	hf_sys.setlk = note_mask;
	cr_expect_eq(hf_lock_acquire(lock, HF_EXCLUSIVE, HF_MSEC(20)), -ETIMEDOUT);
	for (i = 1; i < 32; i++)
		cr_expect(i == SIGKILL || i == SIGSTOP || sigismember(&helper_mask, i) == 1,
			  "signal %d", i);
	cr_expect_eq(child_finish(&holder), 0);
	hf_lock_close(lock);
}

Test(waiting, a_thread_cancelled_by_the_program_finishes_its_wait)
{
	struct child holder = child_holding("f", HF_EXCLUSIVE);
	hf_lock *lock = lock_with("f", HF_ANY_THREAD);
	struct call call;

	call_start(&call, lock, HF_EXCLUSIVE, HF_SEC(50));
	await_waiter("f");
	(void)pthread_cancel(call.thread);
	cr_expect_eq(child_finish(&holder), 0);
	cr_expect_eq(call_result(&call), 0);
	cr_expect_eq(hf_lock_mode(lock), HF_EXCLUSIVE);
	hf_lock_close(lock);
}

/* ---- with nothing to spare ---- */

static int wait_without_descriptors(struct child *self, void *arg)
{
	struct rlimit none = { 0, 0 };
	hf_lock *lock;

	(void)self;
	(void)arg;
	if (hf_lock_open("f", 0, &lock) || setrlimit(RLIMIT_NOFILE, &none))
		return 99;
	return -hf_lock_acquire(lock, HF_EXCLUSIVE, HF_MSEC(20));
}

Test(waiting, an_exhausted_descriptor_table_aborts_nothing)
{
	struct child holder = child_holding("f", HF_EXCLUSIVE);
	struct child waiter = child_start(wait_without_descriptors, NULL);

	cr_expect_eq(child_finish(&waiter), ETIMEDOUT);
	cr_expect_eq(child_finish(&holder), 0);
}

static int wait_in_chroot(struct child *self, void *arg)
{
	hf_lock *lock;

	(void)self;
	(void)arg;
	if (mkdir("jail", 0700) || hf_lock_open("f", 0, &lock) || chroot("jail") || chdir("/"))
		return 99;
	return -hf_lock_acquire(lock, HF_EXCLUSIVE, HF_MSEC(20));
}

Test(waiting, a_chroot_aborts_nothing)
{
	struct child holder, waiter;

	if (geteuid() != 0)
		cr_skip("needs root, to chroot");
	holder = child_holding("f", HF_EXCLUSIVE);
	waiter = child_start(wait_in_chroot, NULL);
	cr_expect_eq(child_finish(&waiter), ETIMEDOUT);
	cr_expect_eq(child_finish(&holder), 0);
}

static int no_thread(pthread_t *ret, const pthread_attr_t *attr, void *(*run)(void *), void *arg)
{
	(void)ret;
	(void)attr;
	(void)run;
	(void)arg;
	return -EAGAIN;
}

/* The helper's stack has to hold a copy of this. */
static _Thread_local char ballast[512 * 1024];
static int helpers;

static int count_helpers(pthread_t *ret, const pthread_attr_t *attr, void *(*run)(void *),
			 void *arg)
{
	int error = pthread_create(ret, attr, run, arg);

	helpers += !error;
	return -error;
}

Test(waiting, a_program_with_much_thread_local_data_gets_its_helper_too)
{
	struct child holder = child_holding("f", HF_EXCLUSIVE);
	hf_lock *lock = lock_on("f");

	ballast[sizeof(ballast) - 1] = 1;
	hf_sys.thread = count_helpers;
	cr_expect_eq(hf_lock_acquire(lock, HF_EXCLUSIVE, HF_MSEC(10)), -ETIMEDOUT);
	cr_expect_eq(helpers, 1);
	cr_expect_eq(child_finish(&holder), 0);
	hf_lock_close(lock);
}

Test(waiting, without_a_thread_to_be_had_the_lock_is_polled)
{
	struct child holder = child_holding("f", HF_EXCLUSIVE);
	hf_lock *lock = lock_on("f");
	struct call call;

	hf_sys.thread = no_thread;
	cr_expect_eq(hf_lock_acquire(lock, HF_EXCLUSIVE, HF_MSEC(10)), -ETIMEDOUT);
	call_start(&call, lock, HF_EXCLUSIVE, HF_SEC(50));
	cancel_when_waiting(lock);
	cr_expect_eq(call_result(&call), -ECANCELED);
	call_start(&call, lock, HF_EXCLUSIVE, HF_SEC(50));
	cr_expect_eq(child_finish(&holder), 0);
	cr_expect_eq(call_result(&call), 0);
	hf_lock_close(lock);
}

/* ---- the callback ---- */

struct announcement {
	int count;
	int answer;
};

static int announce(hf_lock *lock, hf_mode mode, void *arg)
{
	struct announcement *announcement = arg;

	announcement->count += lock && mode == HF_EXCLUSIVE;
	return announcement->answer;
}

Test(waiting, a_wait_is_announced_once_and_can_be_refused)
{
	struct announcement heard = { 0, 0 };
	struct child holder = child_holding("f", HF_EXCLUSIVE);
	hf_lock *lock = lock_on("f");

	cr_expect_eq(hf_lock_on_wait(lock, announce, &heard), 0);
	cr_expect_eq(hf_lock_acquire(lock, HF_EXCLUSIVE, HF_NOWAIT), -EBUSY);
	cr_expect_eq(heard.count, 0, "nobody waits");
	cr_expect_eq(hf_lock_acquire(lock, HF_EXCLUSIVE, HF_MSEC(10)), -ETIMEDOUT);
	cr_expect_eq(heard.count, 1);
	heard.answer = -42;
	cr_expect_eq(hf_lock_acquire(lock, HF_EXCLUSIVE, HF_SEC(50)), -42);
	cr_expect_eq(heard.count, 2);
	cr_expect_eq(hf_lock_on_wait(lock, NULL, NULL), 0);
	cr_expect_eq(child_finish(&holder), 0);
	cr_expect_eq(hf_lock_acquire(lock, HF_EXCLUSIVE, HF_NOWAIT), 0);
	hf_lock_close(lock);
}

Test(waiting, whatever_the_callback_returns_ends_the_attempt)
{
	static const int answers[] = { -EAGAIN, -EINVAL, -ESTALE, -EBUSY, -ETIMEDOUT, 1, 17 };
	struct announcement heard = { 0, 0 };
	struct child holder = child_holding("f", HF_EXCLUSIVE);
	hf_lock *lock = lock_on("f");
	hf_lockset *set;
	size_t i;

	cr_assert_eq(hf_lockset_new(&set), 0);
	cr_assert_eq(hf_lockset_add(set, lock, HF_EXCLUSIVE), 0);
	cr_assert_eq(hf_lock_on_wait(lock, announce, &heard), 0);
	for (i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
		heard.answer = answers[i];
		cr_expect_eq(hf_lock_acquire(lock, HF_EXCLUSIVE, HF_MSEC(200)), answers[i]);
		cr_expect_eq(hf_lockset_acquire(set, HF_MSEC(200)), answers[i]);
	}
	cr_expect_eq(heard.count, (int)i * 2);
	cr_expect_eq(child_finish(&holder), 0);
	cr_expect_eq(hf_lockset_acquire(set, HF_NOWAIT), 0);
	hf_lockset_free(set);
	hf_lock_close(lock);
}

static int count_holders(const struct hf_holder *holder, void *arg)
{
	*(int *)arg += holder->pid == getpid();
	return 0;
}

static int ask_who(hf_lock *lock, hf_mode mode, void *arg)
{
	return hf_lock_each_holder(lock, mode, count_holders, arg);
}

Test(waiting, the_callback_may_ask_who_it_is_when_another_thread_holds_it)
{
	hf_lock *lock = held_on("f", HF_EXCLUSIVE);
	int holders = 0;

	cr_assert_eq(hf_lock_on_wait(lock, ask_who, &holders), 0);
	cr_expect_eq(acquire_in_thread(lock, HF_SHARED, HF_MSEC(5)), -ETIMEDOUT);
	cr_expect_eq(holders, 1);
	hf_lock_close(lock);
}
