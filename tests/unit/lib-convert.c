/* SPDX-License-Identifier: MIT */
/* hf_lock_convert: down at once, up by waiting, and never two on the way up. */
#include "config.h"

#include "lib.h"

TestSuite(convert, .init = folder_setup, .fini = folder_teardown, .timeout = 60);

Test(convert, a_downgrade_lets_readers_in_and_keeps_writers_out)
{
	hf_lock *lock = held_on("f", HF_EXCLUSIVE);

	cr_expect_eq(hf_lock_convert(lock, HF_SHARED, HF_NOWAIT), 0);
	cr_expect_eq(hf_lock_mode(lock), HF_SHARED);
	cr_expect_eq(try_in_child("f", HF_SHARED), 0);
	cr_expect_eq(try_in_child("f", HF_EXCLUSIVE), -EBUSY);
	hf_lock_close(lock);
}

Test(convert, an_upgrade_alone_is_immediate)
{
	hf_lock *lock = held_on("f", HF_SHARED);

	cr_expect_eq(hf_lock_convert(lock, HF_EXCLUSIVE, HF_NOWAIT), 0);
	cr_expect_eq(hf_lock_mode(lock), HF_EXCLUSIVE);
	cr_expect_eq(try_in_child("f", HF_SHARED), -EBUSY);
	cr_expect_eq(hf_lock_release(lock), 0);
	cr_expect_eq(try_in_child("f", HF_EXCLUSIVE), 0);
	hf_lock_close(lock);
}

Test(convert, an_upgrade_that_fails_keeps_the_shared_hold)
{
	struct child reader = child_holding("f", HF_SHARED);
	hf_lock *lock = held_on("f", HF_SHARED);

	cr_expect_eq(hf_lock_convert(lock, HF_EXCLUSIVE, HF_NOWAIT), -EBUSY);
	cr_expect_eq(hf_lock_convert(lock, HF_EXCLUSIVE, HF_MSEC(20)), -ETIMEDOUT);
	cr_expect_eq(hf_lock_mode(lock), HF_SHARED);
	cr_expect_eq(child_finish(&reader), 0);
	cr_expect_eq(try_in_child("f", HF_EXCLUSIVE), -EBUSY, "the shared lock is still there");
	cr_expect_eq(try_in_child("f", HF_SHARED), 0, "and is no more than shared");
	hf_lock_close(lock);
}

/* When the upgrade is about to wait, and not earlier. */
static int let_go(hf_lock *lock, hf_mode mode, void *arg)
{
	(void)lock;
	(void)mode;
	child_go(arg);
	return 0;
}

Test(convert, an_upgrade_waits_for_the_other_reader)
{
	struct child reader = child_holding("f", HF_SHARED);
	hf_lock *lock = held_on("f", HF_SHARED);

	cr_assert_eq(hf_lock_on_wait(lock, let_go, &reader), 0);
	cr_expect_eq(hf_lock_convert(lock, HF_EXCLUSIVE, HF_SEC(50)), 0);
	cr_expect_eq(child_finish(&reader), 0);
	cr_expect_eq(try_in_child("f", HF_SHARED), -EBUSY);
	hf_lock_close(lock);
}

Test(convert, a_waiting_writer_does_not_get_in_before_an_upgrade)
{
	struct child reader = child_holding("f", HF_SHARED);
	hf_lock *lock = held_on("f", HF_SHARED);
	struct child writer = child_waiting("f", HF_EXCLUSIVE);

	cr_assert_eq(hf_lock_on_wait(lock, let_go, &reader), 0);
	cr_expect_eq(hf_lock_convert(lock, HF_EXCLUSIVE, HF_SEC(50)), 0);
	cr_expect_eq(child_finish(&reader), 0);
	cr_expect_eq(hf_lock_verify(lock), 0);
	cr_expect_eq(hf_lock_release(lock), 0);
	cr_expect_eq(child_told(&writer), 'h');
	cr_expect_eq(child_finish(&writer), 0);
	hf_lock_close(lock);
}

Test(convert, a_waiting_writer_does_not_get_in_at_a_downgrade)
{
	hf_lock *lock = held_on("f", HF_EXCLUSIVE);
	struct child writer = child_waiting("f", HF_EXCLUSIVE);

	cr_expect_eq(hf_lock_convert(lock, HF_SHARED, HF_NOWAIT), 0);
	cr_expect_eq(hf_lock_verify(lock), 0);
	cr_expect_eq(try_in_child("f", HF_SHARED), 0);
	await_waiter("f"); /* it still is one */
	cr_expect_eq(hf_lock_release(lock), 0);
	cr_expect_eq(child_finish(&writer), 0);
	hf_lock_close(lock);
}

static int replace_and_let_go(hf_lock *lock, hf_mode mode, void *arg)
{
	write_file("new", "");
	(void)rename("new", "f");
	return let_go(lock, mode, arg);
}

Test(convert, an_upgrade_that_waited_on_a_replaced_file_is_told_and_stays_shared)
{
	struct child reader = child_holding("f", HF_SHARED);
	hf_lock *lock = held_on("f", HF_SHARED);

	cr_assert_eq(hf_lock_on_wait(lock, replace_and_let_go, &reader), 0);
	cr_expect_eq(hf_lock_convert(lock, HF_EXCLUSIVE, HF_SEC(50)), -ESTALE);
	cr_expect_eq(child_finish(&reader), 0);
	cr_expect_eq(hf_lock_mode(lock), HF_SHARED);
	cr_expect_eq(hf_lock_release(lock), 0);
	cr_expect_eq(hf_lock_acquire(lock, HF_EXCLUSIVE, HF_NOWAIT), 0, "on the new file");
	hf_lock_close(lock);
}

Test(convert, a_failed_upgrade_with_writers_first_leaves_the_gate_open)
{
	struct child reader = child_holding("f", HF_SHARED);
	hf_lock *lock = lock_with("f", HF_WRITERS_FIRST);
	hf_lock *late = lock_with("f", HF_WRITERS_FIRST);

	cr_assert_eq(hf_lock_acquire(lock, HF_SHARED, HF_NOWAIT), 0);
	cr_expect_eq(hf_lock_convert(lock, HF_EXCLUSIVE, HF_NOWAIT), -EBUSY);
	cr_expect_eq(acquire_in_thread(late, HF_SHARED, HF_NOWAIT), 0);
	hf_lock_close(late);
	late = lock_with("f", HF_WRITERS_FIRST);
	cr_expect_eq(hf_lock_convert(lock, HF_EXCLUSIVE, HF_MSEC(5)), -ETIMEDOUT);
	cr_expect_eq(acquire_in_thread(late, HF_SHARED, HF_NOWAIT), 0);
	cr_expect_eq(child_finish(&reader), 0);
	hf_lock_close(late);
	cr_expect_eq(hf_lock_convert(lock, HF_EXCLUSIVE, HF_NOWAIT), 0);
	hf_lock_close(lock);
}

struct upgrade {
	hf_lock *lock;
	int64_t timeout;
	int ready; /* a pipe's end, told when the shared lock is held */
	int go;
};

static int take_and_upgrade(void *arg)
{
	struct upgrade *upgrade = arg;
	char ignored;
	int ret = hf_lock_acquire(upgrade->lock, HF_SHARED, HF_NOWAIT);

	if (ret || write(upgrade->ready, "h", 1) != 1 || read(upgrade->go, &ignored, 1) < 0)
		return ret ? ret : -EIO;
	ret = hf_lock_convert(upgrade->lock, HF_EXCLUSIVE, upgrade->timeout);
	(void)hf_lock_release(upgrade->lock);
	return ret;
}

struct running {
	struct upgrade upgrade;
	pthread_t thread;
	int result;
};

static void *run_upgrade(void *arg)
{
	struct running *running = arg;

	running->result = take_and_upgrade(&running->upgrade);
	return NULL;
}

/* Returns when somebody is upgrading: a short attempt is then refused instead of timing out. */
static void await_upgrade(hf_lock *lock)
{
	while (hf_lock_convert(lock, HF_EXCLUSIVE, HF_NOWAIT) == -EBUSY)
		(void)usleep(1000);
}

/* Two threads hold shared; the first waits to upgrade, then this one asks too. */
static void second_upgrader_is_refused(hf_lock *first, hf_lock *second)
{
	int ready[2], go[2];
	char ignored;
	struct running running = { .upgrade = { .lock = first, .timeout = HF_SEC(50) } };

	cr_assert_eq(pipe2(ready, O_CLOEXEC), 0);
	cr_assert_eq(pipe2(go, O_CLOEXEC), 0);
	running.upgrade.ready = ready[1];
	running.upgrade.go = go[0];
	cr_assert_eq(pthread_create(&running.thread, NULL, run_upgrade, &running), 0);
	cr_assert_eq(read(ready[0], &ignored, 1), 1);
	cr_assert_eq(hf_lock_acquire(second, HF_SHARED, HF_NOWAIT), 0);
	(void)close(go[1]);
	await_upgrade(second);
	cr_expect_eq(hf_lock_convert(second, HF_EXCLUSIVE, HF_FOREVER), -EDEADLK);
	cr_expect_eq(hf_lock_mode(second), HF_SHARED);
	cr_expect_eq(hf_lock_release(second), 0);
	(void)pthread_join(running.thread, NULL);
	cr_expect_eq(running.result, 0);
}

Test(convert, the_second_upgrader_is_refused_with_two_handles)
{
	hf_lock *first = lock_on("f");
	hf_lock *second = lock_on("f");

	second_upgrader_is_refused(first, second);
	hf_lock_close(second);
	hf_lock_close(first);
}

Test(convert, the_second_upgrader_is_refused_with_one_handle)
{
	hf_lock *lock = lock_on("f");

	second_upgrader_is_refused(lock, lock);
	hf_lock_close(lock);
}

static int upgrade_in_child(struct child *self, void *arg)
{
	hf_lock *lock;
	int ret;

	(void)arg;
	if (hf_lock_open("f", 0, &lock) || hf_lock_acquire(lock, HF_SHARED, HF_NOWAIT))
		return 99;
	tell(self, 'h');
	await_go(self);
	ret = hf_lock_convert(lock, HF_EXCLUSIVE, HF_SEC(50));
	return -ret;
}

Test(convert, the_second_upgrader_of_two_processes_is_refused)
{
	struct child child = child_start(upgrade_in_child, NULL);
	hf_lock *lock = lock_on("f");

	cr_assert_eq(child_told(&child), 'h');
	cr_assert_eq(hf_lock_acquire(lock, HF_SHARED, HF_NOWAIT), 0);
	child_go(&child);
	await_waiter("f");
	(void)usleep(20000); /* asleep in the call, so that /proc shows it */
	cr_expect_eq(hf_lock_convert(lock, HF_EXCLUSIVE, HF_SEC(50)), -EDEADLK);
	cr_expect_eq(hf_lock_mode(lock), HF_SHARED);
	cr_expect_eq(hf_lock_release(lock), 0);
	cr_expect_eq(child_finish(&child), 0, "the first gets it");
	hf_lock_close(lock);
}

Test(convert, a_waiting_writer_is_not_taken_for_an_upgrader)
{
	hf_lock *lock = held_on("f", HF_SHARED);
	struct child reader = child_holding("f", HF_SHARED);
	struct child writer = child_waiting("f", HF_EXCLUSIVE);

	cr_expect_eq(hf_lock_convert(lock, HF_EXCLUSIVE, HF_MSEC(10)), -ETIMEDOUT);
	cr_expect_eq(child_finish(&reader), 0);
	cr_expect_eq(hf_lock_release(lock), 0);
	cr_expect_eq(child_finish(&writer), 0);
	hf_lock_close(lock);
}

Test(convert, what_is_not_held_cannot_be_converted)
{
	hf_lock *lock = lock_on("f");

	cr_expect_eq(hf_lock_convert(lock, HF_SHARED, HF_NOWAIT), -EPERM);
	cr_expect_eq(hf_lock_acquire(lock, HF_SHARED, HF_NOWAIT), 0);
	cr_expect_eq(hf_lock_convert(lock, HF_SHARED, HF_NOWAIT), 0);
	cr_expect_eq(hf_lock_convert(lock, (hf_mode)7, HF_NOWAIT), -EINVAL);
	cr_expect_eq(hf_lock_convert(lock, HF_EXCLUSIVE, -1), -EINVAL);
	hf_lock_close(lock);
}

Test(convert, a_removed_file_is_told_and_the_mode_stays)
{
	hf_lock *lock = held_on("f", HF_SHARED);

	cr_assert_eq(unlink("f"), 0);
	cr_expect_eq(hf_lock_convert(lock, HF_EXCLUSIVE, HF_NOWAIT), -ESTALE);
	cr_expect_eq(hf_lock_mode(lock), HF_SHARED);
	cr_expect_eq(hf_lock_release(lock), 0);
	cr_expect_eq(hf_lock_acquire(lock, HF_EXCLUSIVE, HF_NOWAIT), 0, "on the new file");
	cr_assert_eq(unlink("f"), 0);
	cr_expect_eq(hf_lock_convert(lock, HF_SHARED, HF_NOWAIT), -ESTALE);
	cr_expect_eq(hf_lock_mode(lock), HF_EXCLUSIVE);
	hf_lock_close(lock);
}

Test(convert, a_read_only_handle_cannot_become_exclusive)
{
	hf_lock *lock;

	hf_lock_close(lock_on("f"));
	lock = lock_with("f", HF_READONLY);
	cr_expect_eq(hf_lock_acquire(lock, HF_EXCLUSIVE, HF_NOWAIT), -EBADF);
	cr_expect_eq(hf_lock_acquire(lock, HF_SHARED, HF_NOWAIT), 0);
	cr_expect_eq(hf_lock_convert(lock, HF_EXCLUSIVE, HF_FOREVER), -EBADF);
	cr_expect_eq(hf_lock_mode(lock), HF_SHARED);
	hf_lock_close(lock);
}
