/* SPDX-License-Identifier: MIT */
/* hf_lockset: several locks, all or none. */
#include "config.h"

#include "lib.h"

#include "sys.h"

TestSuite(lockset, .init = folder_setup, .fini = folder_teardown, .timeout = 60);

#define MEMBERS 3

static hf_lockset *set;
static hf_lock *locks[MEMBERS];

static void make_set(hf_mode mode)
{
	static const char *const names[MEMBERS] = { "a", "b", "c" };
	int i;

	cr_assert_eq(hf_lockset_new(&set), 0);
	for (i = 0; i < MEMBERS; i++) {
		locks[i] = lock_on(names[i]);
		cr_assert_eq(hf_lockset_add(set, locks[i], mode), 0);
	}
}

static void drop_set(void)
{
	int i;

	hf_lockset_free(set);
	for (i = 0; i < MEMBERS; i++)
		hf_lock_close(locks[i]);
}

Test(lockset, all_members_are_taken_and_given)
{
	make_set(HF_EXCLUSIVE);
	cr_expect_eq(hf_lockset_release(set), -EPERM);
	cr_expect_eq(hf_lockset_acquire(set, HF_NOWAIT), 0);
	cr_expect_eq(hf_lockset_acquire(set, HF_FOREVER), -EDEADLK);
	cr_expect_eq(hf_lockset_add(set, locks[0], HF_SHARED), -EBUSY);
	cr_expect_eq(try_in_child("a", HF_SHARED), -EBUSY);
	cr_expect_eq(try_in_child("b", HF_SHARED), -EBUSY);
	cr_expect_eq(try_in_child("c", HF_SHARED), -EBUSY);
	cr_expect_eq(hf_lockset_release(set), 0);
	cr_expect_eq(try_in_child("a", HF_EXCLUSIVE), 0);
	cr_expect_eq(try_in_child("b", HF_EXCLUSIVE), 0);
	cr_expect_eq(try_in_child("c", HF_EXCLUSIVE), 0);
	drop_set();
}

static void none_is_held(void)
{
	int i;

	for (i = 0; i < MEMBERS; i++)
		cr_expect_eq(hf_lock_mode(locks[i]), 0);
}

Test(lockset, one_that_is_busy_means_none)
{
	static const char *const names[MEMBERS] = { "a", "b", "c" };
	int i;

	make_set(HF_EXCLUSIVE);
	for (i = 0; i < MEMBERS; i++) {
		struct child holder = child_holding(names[i], HF_SHARED);

		cr_expect_eq(hf_lockset_acquire(set, HF_NOWAIT), -EBUSY);
		none_is_held();
		cr_expect_eq(hf_lockset_acquire(set, HF_MSEC(10)), -ETIMEDOUT);
		none_is_held();
		cr_expect_eq(child_finish(&holder), 0);
	}
	cr_expect_eq(hf_lockset_acquire(set, HF_NOWAIT), 0);
	drop_set();
	cr_expect_eq(try_in_child("b", HF_EXCLUSIVE), 0, "freed is released");
}

Test(lockset, members_have_modes_of_their_own)
{
	make_set(HF_SHARED);
	cr_expect_eq(hf_lockset_add(set, locks[1], HF_EXCLUSIVE), 0);
	cr_expect_eq(hf_lockset_acquire(set, HF_NOWAIT), 0);
	cr_expect_eq(hf_lock_mode(locks[0]), HF_SHARED);
	cr_expect_eq(hf_lock_mode(locks[1]), HF_EXCLUSIVE, "the stronger of two");
	cr_expect_eq(try_in_child("a", HF_SHARED), 0);
	cr_expect_eq(try_in_child("b", HF_SHARED), -EBUSY);
	drop_set();
}

Test(lockset, overlapping_ranges_are_merged)
{
	hf_lock *low, *high, *far, *probe;

	cr_assert_eq(hf_lockset_new(&set), 0);
	cr_assert_eq(hf_lock_open_range("f", 0, 10, 10, &low), 0);
	cr_assert_eq(hf_lock_open_range("f", 0, 15, 20, &high), 0);
	cr_assert_eq(hf_lock_open_range("f", 0, 50, 5, &far), 0);
	cr_assert_eq(hf_lock_open_range("f", 0, 10, 25, &probe), 0);
	cr_expect_eq(hf_lockset_add(set, far, HF_SHARED), 0);
	cr_expect_eq(hf_lockset_add(set, high, HF_EXCLUSIVE), 0);
	cr_expect_eq(hf_lockset_add(set, low, HF_SHARED), 0);
	cr_expect_eq(hf_lockset_acquire(set, HF_NOWAIT), 0);
	cr_expect_eq(hf_lock_mode(high), HF_EXCLUSIVE);
	cr_expect_eq(hf_lock_mode(low), 0, "the other handle has its bytes");
	cr_expect_eq(hf_lock_mode(far), HF_SHARED);
	cr_expect_eq(acquire_in_thread(probe, HF_SHARED, HF_NOWAIT), -EBUSY);
	cr_expect_eq(hf_lock_acquire(low, HF_SHARED, HF_NOWAIT), -EDEADLK);
	cr_expect_eq(hf_lockset_release(set), 0);
	cr_expect_eq(acquire_in_thread(probe, HF_EXCLUSIVE, HF_NOWAIT), 0);
	hf_lockset_free(set);
	hf_lock_close(low);
	hf_lock_close(high);
	hf_lock_close(far);
	hf_lock_close(probe);
}

Test(lockset, a_replaced_member_is_taken_where_it_is_now)
{
	make_set(HF_EXCLUSIVE);
	cr_assert_eq(unlink("b"), 0);
	cr_expect_eq(hf_lockset_acquire(set, HF_NOWAIT), 0);
	cr_expect_eq(try_in_child("a", HF_SHARED), -EBUSY);
	cr_expect_eq(try_in_child("b", HF_SHARED), -EBUSY);
	cr_expect_eq(try_in_child("c", HF_SHARED), -EBUSY);
	drop_set();
}

Test(lockset, a_member_that_this_thread_holds_is_told)
{
	make_set(HF_EXCLUSIVE);
	cr_assert_eq(hf_lock_acquire(locks[2], HF_SHARED, HF_NOWAIT), 0);
	cr_expect_eq(hf_lockset_acquire(set, HF_FOREVER), -EDEADLK);
	cr_expect_eq(hf_lock_mode(locks[0]), 0);
	cr_expect_eq(hf_lock_mode(locks[2]), HF_SHARED);
	cr_expect_eq(hf_lock_release(locks[2]), 0);
	cr_expect_eq(hf_lockset_acquire(set, HF_NOWAIT), 0);
	drop_set();
}

Test(lockset, the_empty_set_and_bad_arguments)
{
	cr_assert_eq(hf_lockset_new(&set), 0);
	cr_expect_eq(hf_lockset_acquire(set, HF_NOWAIT), 0);
	cr_expect_eq(hf_lockset_release(set), 0);
	cr_expect_eq(hf_lockset_acquire(set, -1), -EINVAL);
	cr_expect_eq(hf_lockset_acquire(NULL, 0), -EINVAL);
	cr_expect_eq(hf_lockset_add(set, NULL, HF_SHARED), -EINVAL);
	cr_expect_eq(hf_lockset_new(NULL), -EINVAL);
	hf_lockset_free(set);
	hf_lockset_free(NULL);
}

static int release_set(void *arg)
{
	return hf_lockset_release(arg);
}

Test(lockset, another_thread_gives_up_nothing_of_it)
{
	make_set(HF_EXCLUSIVE);
	cr_expect_eq(hf_lockset_acquire(set, HF_NOWAIT), 0);
	cr_expect_eq(in_thread(release_set, set), -EPERM);
	cr_expect_eq(hf_lock_mode(locks[0]), HF_EXCLUSIVE);
	cr_expect_eq(try_in_child("b", HF_SHARED), -EBUSY);
	cr_expect_eq(hf_lockset_release(set), 0);
	drop_set();
}

Test(lockset, another_thread_gives_up_what_any_thread_may)
{
	hf_lock *lock = lock_with("f", HF_ANY_THREAD);

	cr_assert_eq(hf_lockset_new(&set), 0);
	cr_assert_eq(hf_lockset_add(set, lock, HF_EXCLUSIVE), 0);
	cr_expect_eq(hf_lockset_acquire(set, HF_NOWAIT), 0);
	cr_expect_eq(in_thread(release_set, set), 0);
	cr_expect_eq(try_in_child("f", HF_EXCLUSIVE), 0);
	hf_lockset_free(set);
	hf_lock_close(lock);
}

/* ---- one order ---- */

static struct hf_sys real;
static int asked[8];
static int asked_count;

static int note_fd(int fd, int command, struct flock *range)
{
	if (range->l_type != F_UNLCK && asked_count < 8)
		asked[asked_count++] = fd;
	return real.setlk(fd, command, range);
}

static ino_t inode_of(int fd)
{
	struct stat st;

	cr_assert_eq(fstat(fd, &st), 0);
	return st.st_ino;
}

Test(lockset, members_are_taken_in_the_order_of_their_inodes_and_bytes)
{
	static const char *const names[MEMBERS] = { "a", "b", "c" };
	hf_lock *ranges[2 * MEMBERS];
	int i;

	cr_assert_eq(hf_lockset_new(&set), 0);
	for (i = 0; i < 2 * MEMBERS; i++) {
		const char *name = names[i % MEMBERS];

		cr_assert_eq(hf_lock_open_range(name, 0, i < MEMBERS ? 10 : 0, 5, &ranges[i]), 0);
		cr_assert_eq(hf_lockset_add(set, ranges[i], HF_EXCLUSIVE), 0);
	}
	real = hf_sys;
	hf_sys.setlk = note_fd;
	cr_expect_eq(hf_lockset_acquire(set, HF_NOWAIT), 0);
	hf_sys = real;
	cr_expect_eq(asked_count, 2 * MEMBERS);
	for (i = 1; i < asked_count; i++)
		cr_expect_leq(inode_of(asked[i - 1]), inode_of(asked[i]));
	for (i = 0; i < 2 * MEMBERS; i += 2)
		cr_expect(asked[i + 1] == hf_lock_fd(ranges[0]) ||
				  asked[i + 1] == hf_lock_fd(ranges[1]) ||
				  asked[i + 1] == hf_lock_fd(ranges[2]),
			  "the bytes from 10 come second");
	hf_lockset_free(set);
	for (i = 0; i < 2 * MEMBERS; i++)
		hf_lock_close(ranges[i]);
}

#define ROUNDS 100

/* Half of the processes name the files in one order, half in the other. */
static int take_pairs(struct child *self, void *arg)
{
	bool backwards = *(bool *)arg;
	hf_lock *first, *second;
	hf_lockset *pair;
	int i;

	(void)self;
	if (hf_lock_open(backwards ? "b" : "a", 0, &first) ||
	    hf_lock_open(backwards ? "a" : "b", 0, &second) || hf_lockset_new(&pair) ||
	    hf_lockset_add(pair, first, HF_EXCLUSIVE) || hf_lockset_add(pair, second, HF_EXCLUSIVE))
		return 1;
	for (i = 0; i < ROUNDS; i++)
		if (hf_lockset_acquire(pair, HF_SEC(50)) || hf_lockset_release(pair))
			return 2;
	return 0;
}

Test(lockset, opposite_orders_do_not_deadlock)
{
	struct child children[6];
	bool backwards;
	int i;

	for (i = 0; i < 6; i++) {
		backwards = i % 2;
		children[i] = child_start(take_pairs, &backwards);
	}
	for (i = 0; i < 6; i++)
		cr_expect_eq(child_finish(&children[i]), 0);
}

/* ---- one deadline over all: what the waits for the members end at, as the linker lets us see ----
 */

static struct timespec ends[8];
static int end_count;

int __real_pthread_cond_timedwait(pthread_cond_t *cond, pthread_mutex_t *mutex,
				  const struct timespec *end);
int __wrap_pthread_cond_timedwait(pthread_cond_t *cond, pthread_mutex_t *mutex,
				  const struct timespec *end);

int __wrap_pthread_cond_timedwait(pthread_cond_t *cond, pthread_mutex_t *mutex,
				  const struct timespec *end)
{
	int number = __atomic_fetch_add(&end_count, 1, __ATOMIC_SEQ_CST);

	if (number < 8)
		ends[number] = *end;
	return __real_pthread_cond_timedwait(cond, mutex, end);
}

static void *acquire_set(void *result)
{
	*(int *)result = hf_lockset_acquire(set, HF_SEC(50));
	cr_expect_eq(hf_lockset_release(set), 0);
	return NULL;
}

Test(lockset, the_waits_for_all_members_end_at_one_moment)
{
	struct child first = child_holding("a", HF_EXCLUSIVE);
	struct child second = child_holding("b", HF_EXCLUSIVE);
	struct stat a, b;
	pthread_t thread;
	bool in_order;
	int result = -1;

	cr_assert_eq(stat("a", &a), 0);
	cr_assert_eq(stat("b", &b), 0);
	in_order = a.st_ino < b.st_ino;
	make_set(HF_EXCLUSIVE);
	cr_assert_eq(pthread_create(&thread, NULL, acquire_set, &result), 0);
	await_waiter(in_order ? "a" : "b");
	cr_expect_eq(child_finish(in_order ? &first : &second), 0);
	await_waiter(in_order ? "b" : "a");
	cr_expect_eq(child_finish(in_order ? &second : &first), 0);
	(void)pthread_join(thread, NULL);
	cr_expect_eq(result, 0);
	cr_assert_geq(end_count, 2);
	for (int i = 1; i < end_count && i < 8; i++) {
		cr_expect_eq(ends[i].tv_sec, ends[0].tv_sec);
		cr_expect_eq(ends[i].tv_nsec, ends[0].tv_nsec);
	}
	drop_set();
}
