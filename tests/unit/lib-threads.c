/* SPDX-License-Identifier: MIT */
/* hf_lock between the threads of one process, and a thread against itself. */
#include "config.h"

#include "lib.h"

TestSuite(threads, .init = folder_setup, .fini = folder_teardown, .timeout = 60);

Test(threads, two_handles_exclude_each_other)
{
	hf_lock *first = held_on("f", HF_EXCLUSIVE);
	hf_lock *second = lock_on("f");

	cr_expect_eq(acquire_in_thread(second, HF_SHARED, HF_NOWAIT), -EBUSY);
	cr_expect_eq(acquire_in_thread(second, HF_EXCLUSIVE, HF_MSEC(10)), -ETIMEDOUT);
	cr_expect_eq(hf_lock_release(first), 0);
	cr_expect_eq(acquire_in_thread(second, HF_EXCLUSIVE, HF_NOWAIT), 0);
	cr_expect_eq(hf_lock_acquire(first, HF_SHARED, HF_NOWAIT), -EBUSY);
	hf_lock_close(second);
	hf_lock_close(first);
}

Test(threads, two_handles_wait_for_each_other)
{
	hf_lock *first = held_on("f", HF_EXCLUSIVE);
	hf_lock *second = lock_on("f");
	struct call timed;

	call_start(&timed, second, HF_EXCLUSIVE, HF_SEC(50));
	(void)usleep(20000);
	cr_expect_eq(hf_lock_release(first), 0);
	cr_expect_eq(call_result(&timed), 0);
	hf_lock_close(second);
	hf_lock_close(first);
}

Test(threads, one_handle_has_many_shared_owners_and_the_last_one_unlocks)
{
	hf_lock *lock = held_on("f", HF_SHARED);
	struct call other;

	call_start(&other, lock, HF_SHARED, HF_NOWAIT);
	cr_expect_eq(call_result(&other), 0);
	cr_expect_eq(hf_lock_release(lock), 0);
	cr_expect_eq(try_in_child("f", HF_EXCLUSIVE), -EBUSY, "the other thread still holds it");
	hf_lock_close(lock);
	cr_expect_eq(try_in_child("f", HF_EXCLUSIVE), 0);
}

Test(threads, one_handle_has_one_exclusive_owner)
{
	hf_lock *lock = held_on("f", HF_EXCLUSIVE);
	struct call waiting;

	cr_expect_eq(acquire_in_thread(lock, HF_EXCLUSIVE, HF_NOWAIT), -EBUSY);
	cr_expect_eq(acquire_in_thread(lock, HF_SHARED, HF_MSEC(5)), -ETIMEDOUT);
	call_start(&waiting, lock, HF_EXCLUSIVE, HF_FOREVER);
	(void)usleep(10000);
	cr_expect_eq(hf_lock_release(lock), 0);
	cr_expect_eq(call_result(&waiting), 0);
	cr_expect_eq(hf_lock_mode(lock), 0, "this thread holds nothing");
	cr_expect_eq(try_in_child("f", HF_SHARED), -EBUSY);
	hf_lock_close(lock);
}

Test(threads, the_same_thread_again_is_told_at_once)
{
	hf_lock *lock = held_on("f", HF_EXCLUSIVE);
	hf_lock *other = lock_on("./f");

	cr_expect_eq(hf_lock_acquire(lock, HF_EXCLUSIVE, HF_FOREVER), -EDEADLK);
	cr_expect_eq(hf_lock_acquire(lock, HF_SHARED, HF_FOREVER), -EDEADLK);
	cr_expect_eq(hf_lock_acquire(other, HF_SHARED, HF_FOREVER), -EDEADLK);
	cr_expect_eq(hf_lock_mode(lock), HF_EXCLUSIVE);
	cr_expect_eq(hf_lock_mode(other), 0);
	cr_expect_eq(try_in_child("f", HF_SHARED), -EBUSY);
	hf_lock_close(other);
	hf_lock_close(lock);
}

Test(threads, shared_twice_by_one_thread_is_reentry_too)
{
	hf_lock *lock = held_on("f", HF_SHARED);
	hf_lock *other = lock_on("f");

	cr_expect_eq(hf_lock_acquire(lock, HF_SHARED, HF_NOWAIT), -EDEADLK);
	cr_expect_eq(hf_lock_acquire(other, HF_EXCLUSIVE, HF_NOWAIT), -EDEADLK);
	hf_lock_close(other);
	hf_lock_close(lock);
}

Test(threads, reentry_is_found_behind_every_spelling)
{
	hf_lock *lock = held_on("f", HF_EXCLUSIVE);
	char path[256];
	hf_lock *by_link, *by_symlink, *by_path;

	cr_assert_eq(link("f", "hard"), 0);
	cr_assert_eq(symlink("f", "soft"), 0);
	cr_assert_not_null(getcwd(path, sizeof(path) - 3));
	by_link = lock_on("hard");
	by_symlink = lock_with("soft", HF_FOLLOW);
	by_path = lock_on(strcat(path, "/f"));
	cr_expect_eq(hf_lock_acquire(by_link, HF_EXCLUSIVE, HF_FOREVER), -EDEADLK);
	cr_expect_eq(hf_lock_acquire(by_symlink, HF_SHARED, HF_FOREVER), -EDEADLK);
	cr_expect_eq(hf_lock_acquire(by_path, HF_EXCLUSIVE, HF_SEC(1)), -EDEADLK);
	hf_lock_close(by_path);
	hf_lock_close(by_symlink);
	hf_lock_close(by_link);
	hf_lock_close(lock);
}

Test(threads, ranges_that_do_not_overlap_are_no_reentry)
{
	hf_lock *low, *high, *across;

	cr_assert_eq(hf_lock_open_range("f", 0, 0, 10, &low), 0);
	cr_assert_eq(hf_lock_open_range("f", 0, 10, 10, &high), 0);
	cr_assert_eq(hf_lock_open_range("f", 0, 9, 2, &across), 0);
	cr_expect_eq(hf_lock_acquire(low, HF_EXCLUSIVE, HF_NOWAIT), 0);
	cr_expect_eq(hf_lock_acquire(high, HF_EXCLUSIVE, HF_NOWAIT), 0);
	cr_expect_eq(hf_lock_acquire(across, HF_SHARED, HF_FOREVER), -EDEADLK);
	cr_expect_eq(acquire_in_thread(across, HF_SHARED, HF_NOWAIT), -EBUSY);
	cr_expect_eq(hf_lock_release(low), 0);
	cr_expect_eq(hf_lock_release(high), 0);
	cr_expect_eq(acquire_in_thread(across, HF_EXCLUSIVE, HF_NOWAIT), 0);
	hf_lock_close(across);
	hf_lock_close(high);
	hf_lock_close(low);
}

Test(threads, shared_ranges_that_overlap_are_unlocked_one_by_one)
{
	hf_lock *low, *high;
	hf_lock *probe_low, *probe_mid, *probe_high;

	cr_assert_eq(hf_lock_open_range("f", 0, 0, 20, &low), 0);
	cr_assert_eq(hf_lock_open_range("f", 0, 10, 20, &high), 0);
	cr_assert_eq(hf_lock_open_range("f", 0, 0, 10, &probe_low), 0);
	cr_assert_eq(hf_lock_open_range("f", 0, 10, 10, &probe_mid), 0);
	cr_assert_eq(hf_lock_open_range("f", 0, 20, 10, &probe_high), 0);
	cr_expect_eq(hf_lock_acquire(low, HF_SHARED, HF_NOWAIT), 0);
	cr_expect_eq(acquire_in_thread(high, HF_SHARED, HF_NOWAIT), 0);
	cr_expect_eq(hf_lock_release(low), 0);
	cr_expect_eq(hf_lock_acquire(probe_low, HF_EXCLUSIVE, HF_NOWAIT), 0);
	cr_expect_eq(hf_lock_acquire(probe_mid, HF_EXCLUSIVE, HF_NOWAIT), -EBUSY);
	cr_expect_eq(hf_lock_acquire(probe_high, HF_EXCLUSIVE, HF_NOWAIT), -EBUSY);
	hf_lock_close(probe_low);
	hf_lock_close(probe_mid);
	hf_lock_close(probe_high);
	hf_lock_close(high);
	hf_lock_close(low);
}

Test(threads, release_of_what_is_not_held_is_refused)
{
	hf_lock *lock = lock_on("f");

	cr_expect_eq(hf_lock_release(lock), -EPERM);
	cr_expect_eq(hf_lock_acquire(lock, HF_SHARED, HF_NOWAIT), 0);
	cr_expect_eq(release_in_thread(lock), -EPERM, "another thread's");
	cr_expect_eq(hf_lock_mode(lock), HF_SHARED);
	cr_expect_eq(hf_lock_release(lock), 0);
	cr_expect_eq(hf_lock_release(lock), -EPERM);
	hf_lock_close(lock);
}

Test(threads, with_any_thread_another_thread_releases)
{
	hf_lock *lock = lock_with("f", HF_ANY_THREAD);

	cr_expect_eq(acquire_in_thread(lock, HF_EXCLUSIVE, HF_NOWAIT), 0);
	cr_expect_eq(hf_lock_mode(lock), HF_EXCLUSIVE);
	cr_expect_eq(hf_lock_release(lock), 0);
	cr_expect_eq(hf_lock_mode(lock), 0);
	cr_expect_eq(try_in_child("f", HF_EXCLUSIVE), 0);
	hf_lock_close(lock);
}

Test(threads, with_any_thread_a_second_acquire_waits)
{
	hf_lock *lock = lock_with("f", HF_ANY_THREAD);

	cr_expect_eq(hf_lock_acquire(lock, HF_EXCLUSIVE, HF_NOWAIT), 0);
	cr_expect_eq(hf_lock_acquire(lock, HF_EXCLUSIVE, HF_NOWAIT), -EBUSY);
	cr_expect_eq(hf_lock_acquire(lock, HF_EXCLUSIVE, HF_MSEC(5)), -ETIMEDOUT);
	cr_expect_eq(hf_lock_release(lock), 0);
	hf_lock_close(lock);
}

Test(threads, a_thread_that_ended_holding_leaves_the_lock_to_close)
{
	hf_lock *lock = lock_on("f");

	cr_expect_eq(acquire_in_thread(lock, HF_EXCLUSIVE, HF_NOWAIT), 0);
	cr_expect_eq(acquire_in_thread(lock, HF_EXCLUSIVE, HF_NOWAIT), -EBUSY,
		     "a later thread is not taken for the one that ended");
	hf_lock_close(lock);
	cr_expect_eq(try_in_child("f", HF_EXCLUSIVE), 0);
}

/* ---- many threads, one invariant ---- */

#define THREADS 20
#define ROUNDS 50

struct arena {
	hf_lock *locks[THREADS]; /* one handle each, or all the same */
	int readers;
	int writers;
	int wrong;
};

struct fighter {
	struct arena *arena;
	int number;
	hf_mode mode;
	pthread_t thread;
};

static void check_alone(struct arena *arena, hf_mode mode)
{
	int *mine = mode == HF_EXCLUSIVE ? &arena->writers : &arena->readers;
	int here = __atomic_add_fetch(mine, 1, __ATOMIC_SEQ_CST);

	if (mode == HF_EXCLUSIVE && (here != 1 || __atomic_load_n(&arena->readers, __ATOMIC_SEQ_CST)))
		__atomic_store_n(&arena->wrong, 1, __ATOMIC_SEQ_CST);
	if (mode == HF_SHARED && __atomic_load_n(&arena->writers, __ATOMIC_SEQ_CST))
		__atomic_store_n(&arena->wrong, 1, __ATOMIC_SEQ_CST);
	sched_yield();
	__atomic_sub_fetch(mine, 1, __ATOMIC_SEQ_CST);
}

static void *fight(void *arg)
{
	struct fighter *me = arg;
	hf_lock *lock = me->arena->locks[me->number];
	int i;

	for (i = 0; i < ROUNDS; i++) {
		if (hf_lock_acquire(lock, me->mode, i % 2 ? HF_FOREVER : HF_SEC(50)))
			__atomic_store_n(&me->arena->wrong, 1, __ATOMIC_SEQ_CST);
		check_alone(me->arena, me->mode);
		if (hf_lock_release(lock))
			__atomic_store_n(&me->arena->wrong, 1, __ATOMIC_SEQ_CST);
	}
	return NULL;
}

static int run_fight(struct arena *arena, int writers)
{
	struct fighter fighters[THREADS];
	int i;

	for (i = 0; i < THREADS; i++) {
		fighters[i] = (struct fighter){ .arena = arena, .number = i };
		fighters[i].mode = i < writers ? HF_EXCLUSIVE : HF_SHARED;
		cr_assert_eq(pthread_create(&fighters[i].thread, NULL, fight, &fighters[i]), 0);
	}
	for (i = 0; i < THREADS; i++)
		(void)pthread_join(fighters[i].thread, NULL);
	return arena->wrong;
}

static void fight_with(bool one_handle, int writers)
{
	struct arena arena = { .wrong = 0 };
	int i;

	for (i = 0; i < THREADS; i++)
		arena.locks[i] = one_handle && i ? arena.locks[0] : lock_on("f");
	cr_expect_eq(run_fight(&arena, writers), 0);
	for (i = 0; i < (one_handle ? 1 : THREADS); i++)
		hf_lock_close(arena.locks[i]);
	cr_expect_eq(try_in_child("f", HF_EXCLUSIVE), 0);
}

Test(threads, twenty_writers_on_handles_of_their_own_are_never_two_inside)
{
	fight_with(false, THREADS);
}

Test(threads, twenty_writers_on_one_handle_are_never_two_inside)
{
	fight_with(true, THREADS);
}

Test(threads, readers_are_never_beside_a_writer_with_handles_of_their_own)
{
	fight_with(false, 5);
}

Test(threads, readers_are_never_beside_a_writer_on_one_handle)
{
	fight_with(true, 5);
}
