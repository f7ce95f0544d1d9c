/* SPDX-License-Identifier: MIT */
/* HF_WRITERS_FIRST: readers that overlap must not starve a writer, and exclusion stays. */
#include "config.h"

#include "lib.h"

TestSuite(writers_first, .init = folder_setup, .fini = folder_teardown, .timeout = 60);

struct reader {
	unsigned flags;
	int number;
};

/* Readers that overlap: each takes the lock again before the other has released. */
static int read_for_ever(struct child *self, void *arg)
{
	struct reader *reader = arg;
	hf_lock *lock;
	char ignored;

	if (hf_lock_open("f", reader->flags, &lock))
		return 1;
	(void)fcntl(self->from, F_SETFL, O_NONBLOCK);
	(void)usleep((useconds_t)reader->number * 3000);
	for (;;) {
		if (hf_lock_acquire(lock, HF_SHARED, HF_FOREVER))
			return 2;
		tell(self, 'r');
		(void)usleep(10000);
		(void)hf_lock_release(lock);
		if (read(self->from, &ignored, 1) == 1)
			return 0;
	}
}

#define READERS 4

static int write_beside_readers(unsigned flags, int64_t timeout)
{
	struct child readers[READERS];
	struct reader arg = { .flags = flags };
	hf_lock *lock = lock_with("f", flags);
	int i, ret;

	for (i = 0; i < READERS; i++) {
		arg.number = i;
		readers[i] = child_start(read_for_ever, &arg);
	}
	for (i = 0; i < READERS; i++)
		cr_assert_eq(child_told(&readers[i]), 'r');
	ret = hf_lock_acquire(lock, HF_EXCLUSIVE, timeout);
	if (!ret)
		(void)hf_lock_release(lock);
	for (i = 0; i < READERS; i++)
		cr_expect_eq(child_finish(&readers[i]), 0);
	hf_lock_close(lock);
	return ret;
}

Test(writers_first, a_stream_of_readers_does_not_starve_a_writer)
{
	cr_expect_eq(write_beside_readers(HF_WRITERS_FIRST, HF_SEC(50)), 0);
}

Test(writers_first, a_new_reader_queues_behind_a_waiting_writer)
{
	hf_lock *old = lock_with("f", HF_WRITERS_FIRST);
	hf_lock *late = lock_with("f", HF_WRITERS_FIRST);
	hf_lock *writer = lock_with("f", HF_WRITERS_FIRST | HF_ANY_THREAD);
	struct call writing, reading;

	cr_assert_eq(hf_lock_acquire(old, HF_SHARED, HF_NOWAIT), 0);
	cr_expect_eq(acquire_in_thread(late, HF_SHARED, HF_NOWAIT), 0, "no writer yet");
	hf_lock_close(late);
	late = lock_with("f", HF_WRITERS_FIRST);
	call_start(&writing, writer, HF_EXCLUSIVE, HF_SEC(50));
	while (acquire_in_thread(late, HF_SHARED, HF_NOWAIT) == 0) {
		hf_lock_close(late);
		late = lock_with("f", HF_WRITERS_FIRST);
	}
	call_start(&reading, late, HF_SHARED, HF_SEC(50));
	cr_expect_eq(hf_lock_release(old), 0);
	cr_expect_eq(call_result(&writing), 0);
	cr_expect_eq(hf_lock_mode(writer), HF_EXCLUSIVE);
	cr_expect_eq(hf_lock_release(writer), 0);
	cr_expect_eq(call_result(&reading), 0);
	hf_lock_close(writer);
	hf_lock_close(late);
	hf_lock_close(old);
}

Test(writers_first, excludes_those_who_know_nothing_of_it)
{
	hf_lock *lock = lock_with("f", HF_WRITERS_FIRST);
	hf_lock *last;

	cr_expect_eq(hf_lock_acquire(lock, HF_SHARED, HF_NOWAIT), 0);
	cr_expect_eq(try_in_child("f", HF_EXCLUSIVE), -EBUSY);
	cr_expect_eq(try_in_child("f", HF_SHARED), 0);
	cr_expect_eq(hf_lock_convert(lock, HF_EXCLUSIVE, HF_NOWAIT), 0);
	cr_expect_eq(try_in_child("f", HF_SHARED), -EBUSY);
	cr_expect_eq(hf_lock_convert(lock, HF_SHARED, HF_NOWAIT), 0);
	cr_expect_eq(try_in_child("f", HF_SHARED), 0);
	cr_expect_eq(try_in_child("f", HF_EXCLUSIVE), -EBUSY);
	cr_assert_eq(hf_lock_open_range("f", HF_NO_RECHECK, INT64_MAX, 1, &last), 0);
	cr_expect_eq(acquire_in_thread(last, HF_EXCLUSIVE, HF_NOWAIT), has_ofd_locks() ? 0 : -EBUSY,
		     "a reader leaves the gate open for writers of other processes");
	hf_lock_close(last);
	cr_expect_eq(hf_lock_release(lock), 0);
	cr_expect_eq(try_in_child("f", HF_EXCLUSIVE), 0);
	hf_lock_close(lock);
}

Test(writers_first, a_writer_that_gives_up_leaves_the_gate_open)
{
	struct child reader = child_holding("f", HF_SHARED);
	hf_lock *writer = lock_with("f", HF_WRITERS_FIRST);
	hf_lock *late = lock_with("f", HF_WRITERS_FIRST);

	cr_expect_eq(hf_lock_acquire(writer, HF_EXCLUSIVE, HF_MSEC(20)), -ETIMEDOUT);
	cr_expect_eq(hf_lock_acquire(late, HF_SHARED, HF_NOWAIT), 0);
	cr_expect_eq(hf_lock_release(late), 0);
	cr_expect_eq(child_finish(&reader), 0);
	cr_expect_eq(try_in_child("f", HF_EXCLUSIVE), 0);
	hf_lock_close(late);
	hf_lock_close(writer);
}
