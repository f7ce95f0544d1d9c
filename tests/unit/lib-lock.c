/* SPDX-License-Identifier: MIT */
/* hf_lock between processes: who gets it, who does not, and what is left behind. */
#include "config.h"

#include "lib.h"

TestSuite(lock, .init = folder_setup, .fini = folder_teardown, .timeout = 60);

Test(lock, a_second_process_is_refused_while_the_first_holds_it)
{
	struct child first = child_holding("f", HF_EXCLUSIVE);
	hf_lock *lock = lock_on("f");

	cr_expect_eq(hf_lock_acquire(lock, HF_SHARED, HF_NOWAIT), -EBUSY);
	cr_expect_eq(hf_lock_acquire(lock, HF_EXCLUSIVE, HF_NOWAIT), -EBUSY);
	cr_expect_eq(hf_lock_mode(lock), 0);
	cr_expect_eq(child_finish(&first), 0);
	cr_expect_eq(hf_lock_acquire(lock, HF_EXCLUSIVE, HF_NOWAIT), 0);
	hf_lock_close(lock);
}

Test(lock, readers_share_and_keep_a_writer_out)
{
	struct child reader = child_holding("f", HF_SHARED);
	hf_lock *lock = lock_on("f");

	cr_expect_eq(hf_lock_acquire(lock, HF_EXCLUSIVE, HF_NOWAIT), -EBUSY);
	cr_expect_eq(hf_lock_acquire(lock, HF_SHARED, HF_NOWAIT), 0);
	cr_expect_eq(hf_lock_mode(lock), HF_SHARED);
	cr_expect_eq(try_in_child("f", HF_SHARED), 0);
	cr_expect_eq(child_finish(&reader), 0);
	hf_lock_close(lock);
}

static int try_ten(hf_lock **locks)
{
	int got = 0;
	int i;

	(void)locks;
	for (i = 0; i < 10; i++)
		got += try_in_child("f", HF_EXCLUSIVE) == 0;
	return got;
}

Test(lock, ten_children_fail_while_it_is_held_and_one_succeeds_after_release)
{
	hf_lock *lock = held_on("f", HF_EXCLUSIVE);

	cr_expect_eq(try_ten(&lock), 0);
	cr_expect_eq(hf_lock_release(lock), 0);
	cr_expect_eq(try_in_child("f", HF_EXCLUSIVE), 0);
	hf_lock_close(lock);
}

Test(lock, two_paths_nest)
{
	hf_lock *outer = held_on("a", HF_EXCLUSIVE);
	hf_lock *inner = held_on("b", HF_EXCLUSIVE);

	cr_expect_eq(try_in_child("a", HF_SHARED), -EBUSY);
	cr_expect_eq(try_in_child("b", HF_SHARED), -EBUSY);
	cr_expect_eq(hf_lock_release(inner), 0);
	cr_expect_eq(try_in_child("b", HF_SHARED), 0);
	cr_expect_eq(try_in_child("a", HF_SHARED), -EBUSY);
	hf_lock_close(inner);
	hf_lock_close(outer);
}

Test(lock, a_wait_ends_when_the_holder_releases)
{
	struct child holder = child_holding("f", HF_EXCLUSIVE);
	hf_lock *lock = lock_on("f");
	struct call call;

	call_start(&call, lock, HF_EXCLUSIVE, HF_SEC(50));
	await_waiter("f");
	cr_expect_eq(child_finish(&holder), 0);
	cr_expect_eq(call_result(&call), 0);
	hf_lock_close(lock);
}

Test(lock, a_wait_for_ever_ends_when_the_holder_releases)
{
	struct child holder = child_holding("f", HF_EXCLUSIVE);
	hf_lock *lock = lock_on("f");
	struct call call;

	call_start(&call, lock, HF_SHARED, HF_FOREVER);
	await_waiter("f");
	cr_expect_eq(child_finish(&holder), 0);
	cr_expect_eq(call_result(&call), 0);
	hf_lock_close(lock);
}

Test(lock, a_deadline_is_a_timeout_and_leaves_nothing)
{
	struct child holder = child_holding("f", HF_EXCLUSIVE);
	hf_lock *lock = lock_on("f");
	int fds = count_fds();
	int threads = count_threads();

	cr_expect_eq(hf_lock_acquire(lock, HF_EXCLUSIVE, HF_MSEC(20)), -ETIMEDOUT);
	cr_expect_eq(hf_lock_mode(lock), 0);
	cr_expect_eq(count_fds(), fds);
	cr_expect_eq(count_threads(), threads);
	cr_expect_eq(child_finish(&holder), 0);
	cr_expect_eq(try_in_child("f", HF_EXCLUSIVE), 0);
	hf_lock_close(lock);
}

Test(lock, a_killed_holder_lets_the_waiter_in)
{
	struct child holder = child_holding("f", HF_EXCLUSIVE);
	hf_lock *lock = lock_on("f");
	struct call call;

	call_start(&call, lock, HF_EXCLUSIVE, HF_SEC(50));
	await_waiter("f");
	child_kill(&holder);
	cr_expect_eq(call_result(&call), 0);
	hf_lock_close(lock);
}
