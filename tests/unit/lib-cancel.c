/* SPDX-License-Identifier: MIT */
/* What ends a wait and what does not: hf_lock_cancel(), and pthread_cancel() by the program. */
#include "config.h"

#include "lib.h"

#include "sys.h"

static struct hf_sys real;

static void setup(void)
{
	folder_setup();
	real = hf_sys;
}

TestSuite(cancel, .init = setup, .fini = folder_teardown, .timeout = 60);

/* ---- pthread_cancel ---- */

/* What a thread does that has a cancellation pending; the line where it was last seen, or went
 * wrong. */
struct doomed {
	hf_rwlock *busy_rwlock;
	int line;
	int wrong;
};

/* The library's calls may be cancelled, this test's own may not. */
#define STEP(condition)                                                                            \
	do {                                                                                       \
		int ignored_;                                                                      \
		bool good_;                                                                        \
                                                                                                   \
		doomed->line = __LINE__;                                                           \
		(void)pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, &ignored_);                    \
		good_ = (condition);                                                               \
		(void)pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &ignored_);                   \
		if (!good_ && !doomed->wrong)                                                      \
			doomed->wrong = __LINE__;                                                  \
	} while (0)

#define CLOSE(lock) STEP((hf_lock_close(lock), true))

static int see_holder(const struct hf_holder *holder, void *arg)
{
	(void)holder;
	(void)arg;
	return 0;
}

static int be_told(hf_lock *lock, hf_mode mode, void *arg)
{
	(void)mode;
	pthread_testcancel(); /* as much that a program may do here would */
	return hf_lock_each_holder(lock, HF_EXCLUSIVE, see_holder, arg);
}

static int nothing(void *arg)
{
	(void)arg;
	return 5;
}

static void use_one_lock(struct doomed *doomed)
{
	hf_lock *lock = NULL, *other = NULL;
	int fds = count_fds();

	STEP(hf_lock_open("f", HF_RECHECK_PATH, &lock) == 0);
	STEP(hf_lock_acquire(lock, HF_SHARED, HF_NOWAIT) == 0);
	STEP(hf_lock_convert(lock, HF_EXCLUSIVE, HF_SEC(1)) == 0);
	STEP(hf_lock_verify(lock) == 0);
	STEP(hf_lock_each_holder(lock, HF_SHARED, see_holder, NULL) == 0);
	STEP(hf_lock_open_at(AT_FDCWD, "./f", 0, &other) == 0);
	STEP(hf_lock_convert(lock, HF_SHARED, HF_FOREVER) == 0);
	CLOSE(other); /* without OFD locks its descriptor stays open until the release */
	STEP(hf_lock_release(lock) == 0);
	(void)unlink("f");
	STEP(hf_lock_acquire(lock, HF_EXCLUSIVE, HF_NOWAIT) == 0);
	CLOSE(lock);
	if (count_fds() != fds)
		doomed->wrong = __LINE__;
}

static void wait_in_vain(struct doomed *doomed)
{
	hf_lock *lock = NULL;

	STEP(hf_lock_open_range("busy", HF_CANCELLABLE, 0, 0, &lock) == 0);
	STEP(hf_lock_on_wait(lock, be_told, NULL) == 0);
	STEP(hf_lock_acquire(lock, HF_EXCLUSIVE, HF_NOWAIT) == -EBUSY);
	STEP(hf_lock_acquire(lock, HF_EXCLUSIVE, HF_MSEC(5)) == -ETIMEDOUT);
	STEP(hf_lock_acquire(lock, HF_SHARED, HF_SEC(50)) == 0);
	STEP(hf_lock_convert(lock, HF_EXCLUSIVE, HF_MSEC(5)) == -ETIMEDOUT);
	CLOSE(lock);
}

static void use_the_rest(struct doomed *doomed)
{
	hf_lock *first = NULL, *second = NULL;
	hf_lockset *set = NULL;
	int fd = open("g", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	int result = 0;

	STEP(hf_with_lock("f", HF_EXCLUSIVE, HF_SEC(1), nothing, NULL, &result) == 0 &&
	     result == 5);
	STEP(hf_lock_open("a/b/f", HF_PARENTS, &first) == 0);
	STEP(hf_lock_open_fd(fd, 0, &second) == 0);
	STEP(hf_lockset_new(&set) == 0);
	STEP(hf_lockset_add(set, first, HF_EXCLUSIVE) == 0);
	STEP(hf_lockset_add(set, second, HF_SHARED) == 0);
	STEP(hf_lockset_acquire(set, HF_SEC(1)) == 0);
	STEP(hf_lockset_release(set) == 0);
	hf_lockset_free(set);
	CLOSE(first);
	CLOSE(second);
	STEP(hf_rwlock_acquire(doomed->busy_rwlock, HF_EXCLUSIVE, HF_MSEC(5)) == -ETIMEDOUT);
	STEP(hf_rwlock_acquire(doomed->busy_rwlock, HF_SHARED, HF_FOREVER) == 0);
	STEP(hf_rwlock_release(doomed->busy_rwlock, HF_SHARED) == 0);
}

static void *use_everything(void *arg)
{
	struct doomed *doomed = arg;
	int ignored;

	(void)pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &ignored);
	(void)pthread_cancel(pthread_self());
	use_one_lock(doomed);
	wait_in_vain(doomed);
	use_the_rest(doomed);
	doomed->line = 0;
	(void)pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, &ignored);
	pthread_testcancel();
	return NULL;
}

static int hold_shared(struct child *self, void *arg)
{
	hf_lock *lock;

	(void)arg;
	if (hf_lock_open("busy", 0, &lock) || hf_lock_acquire(lock, HF_SHARED, HF_NOWAIT))
		return 1;
	tell(self, 'h');
	await_go(self);
	return 0;
}

Test(cancel, no_function_is_a_cancellation_point)
{
	struct child holder = child_start(hold_shared, NULL);
	struct doomed doomed = { .wrong = 0 };
	pthread_t thread;
	void *ret;

	cr_assert_eq(child_told(&holder), 'h');
	cr_assert_eq(hf_rwlock_new(&doomed.busy_rwlock), 0);
	cr_assert_eq(hf_rwlock_acquire(doomed.busy_rwlock, HF_SHARED, HF_NOWAIT), 0);
	cr_assert_eq(pthread_create(&thread, NULL, use_everything, &doomed), 0);
	(void)pthread_join(thread, &ret);
	cr_expect_eq(doomed.line, 0, "cancelled in line %d", doomed.line);
	cr_expect_eq(doomed.wrong, 0, "wrong in line %d", doomed.wrong);
	cr_expect_eq(ret, PTHREAD_CANCELED, "but it was cancelled in the end");
	cr_expect_eq(child_finish(&holder), 0);
	cr_expect_eq(hf_rwlock_release(doomed.busy_rwlock, HF_SHARED), 0);
	hf_rwlock_free(doomed.busy_rwlock);
}

static int cancel_point(hf_lock *lock, hf_mode mode, void *arg)
{
	(void)lock;
	(void)mode;
	pthread_testcancel();
	return *(int *)arg;
}

struct upgrader {
	hf_lock *lock;
	int result;
};

static void *upgrade_in_vain(void *arg)
{
	struct upgrader *upgrader = arg;
	int answer = -17;
	int ret = hf_lock_acquire(upgrader->lock, HF_SHARED, HF_NOWAIT);

	if (!ret)
		ret = hf_lock_on_wait(upgrader->lock, cancel_point, &answer);
	(void)pthread_cancel(pthread_self());
	upgrader->result = ret ? ret : hf_lock_convert(upgrader->lock, HF_EXCLUSIVE, HF_SEC(50));
	return NULL;
}

Test(cancel, a_callback_of_a_thread_that_waits_for_another_is_not_cancelled)
{
	struct upgrader upgrader = { .lock = held_on("f", HF_SHARED) };
	pthread_t thread;

	cr_assert_eq(pthread_create(&thread, NULL, upgrade_in_vain, &upgrader), 0);
	(void)pthread_join(thread, NULL);
	cr_expect_eq(upgrader.result, -17);
	cr_expect_eq(hf_lock_convert(upgrader.lock, HF_EXCLUSIVE, HF_NOWAIT), -EBUSY,
		     "it stays a reader, and nobody is upgrading");
	hf_lock_close(upgrader.lock);
	cr_expect_eq(try_in_child("f", HF_EXCLUSIVE), 0);
}

/* ---- hf_lock_cancel ---- */

static void *cancel_when_waiting(void *arg)
{
	while (hf_lock_cancel(arg) == -ESRCH)
		(void)usleep(1000);
	return NULL;
}

Test(cancel, an_upgrade_can_be_cancelled_and_stays_shared)
{
	struct child reader = child_holding("f", HF_SHARED);
	hf_lock *lock = held_on("f", HF_SHARED);
	pthread_t thread;

	cr_assert_eq(pthread_create(&thread, NULL, cancel_when_waiting, lock), 0);
	cr_expect_eq(hf_lock_convert(lock, HF_EXCLUSIVE, HF_SEC(50)), -ECANCELED);
	(void)pthread_join(thread, NULL);
	cr_expect_eq(hf_lock_mode(lock), HF_SHARED);
	cr_expect_eq(try_in_child("f", HF_SHARED), 0);
	cr_expect_eq(child_finish(&reader), 0);
	cr_expect_eq(try_in_child("f", HF_EXCLUSIVE), -EBUSY, "the shared hold is still there");
	hf_lock_close(lock);
}

Test(cancel, a_wait_for_ever_on_a_plain_handle_goes_on)
{
	struct child holder = child_holding("f", HF_EXCLUSIVE);
	hf_lock *lock = lock_on("f");
	struct call call;

	call_start(&call, lock, HF_EXCLUSIVE, HF_FOREVER);
	await_waiter("f");
	cr_expect_eq(hf_lock_cancel(lock), -ESRCH);
	cr_expect_eq(child_finish(&holder), 0);
	cr_expect_eq(call_result(&call), 0);
	hf_lock_close(lock);
}

Test(cancel, a_lockset_that_waits_is_cancelled_by_its_member_and_holds_none)
{
	struct child holder = child_holding("b", HF_EXCLUSIVE);
	hf_lock *first = lock_on("a");
	hf_lock *second = lock_on("b");
	hf_lockset *set;
	pthread_t thread;

	cr_assert_eq(hf_lockset_new(&set), 0);
	cr_assert_eq(hf_lockset_add(set, first, HF_EXCLUSIVE), 0);
	cr_assert_eq(hf_lockset_add(set, second, HF_EXCLUSIVE), 0);
	cr_assert_eq(pthread_create(&thread, NULL, cancel_when_waiting, second), 0);
	cr_expect_eq(hf_lockset_acquire(set, HF_SEC(50)), -ECANCELED);
	(void)pthread_join(thread, NULL);
	cr_expect_eq(hf_lock_mode(first), 0);
	cr_expect_eq(try_in_child("a", HF_EXCLUSIVE), 0);
	cr_expect_eq(child_finish(&holder), 0);
	hf_lockset_free(set);
	hf_lock_close(second);
	hf_lock_close(first);
}

/* ---- the helper thread ---- */

static int helpers;
static size_t helper_stack;

static int count_helper(pthread_t *ret, const pthread_attr_t *attr, void *(*run)(void *), void *arg)
{
	helpers++;
	(void)pthread_attr_getstacksize(attr, &helper_stack);
	return real.thread(ret, attr, run, arg);
}

static int release_holder(hf_lock *lock, hf_mode mode, void *arg)
{
	(void)lock;
	(void)mode;
	child_go(arg);
	return 0;
}

static int helpers_for(hf_lock *lock, int64_t timeout, int expected)
{
	struct child holder = child_holding("f", HF_EXCLUSIVE);
	int before = helpers;

	cr_assert_eq(hf_lock_on_wait(lock, expected ? NULL : release_holder, &holder), 0);
	cr_expect_eq(hf_lock_acquire(lock, HF_SHARED, timeout), expected);
	if (!expected)
		cr_expect_eq(hf_lock_release(lock), 0);
	cr_expect_eq(child_finish(&holder), 0);
	return helpers - before;
}

Test(cancel, a_helper_thread_is_made_only_for_a_wait_that_may_be_given_up)
{
	hf_lock *plain = lock_on("f");
	hf_lock *cancellable = lock_with("f", HF_CANCELLABLE);

	hf_sys.thread = count_helper;
	cr_expect_eq(hf_lock_acquire(plain, HF_EXCLUSIVE, HF_SEC(50)), 0);
	cr_expect_eq(hf_lock_release(plain), 0);
	cr_expect_eq(helpers, 0, "it was free");
	cr_expect_eq(helpers_for(plain, HF_NOWAIT, -EBUSY), 0);
	cr_expect_eq(helpers_for(plain, HF_FOREVER, 0), 0);
	cr_expect_eq(helpers_for(plain, HF_MSEC(5), -ETIMEDOUT), 1);
	cr_expect_eq(helpers_for(cancellable, HF_FOREVER, 0), 1);
	cr_expect_lt(helper_stack, (size_t)1 << 20, "a small one");
	hf_lock_close(cancellable);
	hf_lock_close(plain);
}
