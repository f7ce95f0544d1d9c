/* SPDX-License-Identifier: MIT */
/* HF_WRITERS_FIRST: readers that overlap must not starve a writer, and exclusion stays. */
#include "config.h"

#include "lib.h"

#include <sys/mman.h>

#include "lock.h"
#include "sys.h"

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

/* ---- the bound ---- */

/*
 * From the moment that a writer has asked - it has the gate, or sleeps in the queue of its process
 * - no reader is let in before it. So what is counted until it is inside are the readers that were
 * in before, each of them once.
 */
#define STREAMS 4
#define WAITS 5
#define ATTEMPTS 500

static struct shared {
	int granted;
	int stop;
} * shared; /* with the children too */

static struct hf_sys real;
static int asked;  /* what was granted at that moment; -1: it has not come */
static int inside; /* what was granted when the writer was */

static void note_asked(void)
{
	int none = -1;

	(void)__atomic_compare_exchange_n(&asked, &none,
					  __atomic_load_n(&shared->granted, __ATOMIC_SEQ_CST),
					  false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
}

static int note_gate(int fd, int command, struct flock *range)
{
	bool gate = range->l_type == F_WRLCK && range->l_start == INT64_MAX;
	int ret = real.setlk(fd, command, range);

	if (gate && !ret)
		note_asked();
	return ret;
}

static void note_queue(const hf_lock *lock)
{
	hf_held_enter();
	if (lock->file->queue)
		note_asked();
	hf_held_leave();
}

static int read_on(hf_lock *lock, int number)
{
	while (!__atomic_load_n(&shared->stop, __ATOMIC_SEQ_CST)) {
		if (hf_lock_acquire(lock, HF_SHARED, number % 2 ? HF_FOREVER : HF_SEC(50)))
			return 1;
		__atomic_add_fetch(&shared->granted, 1, __ATOMIC_SEQ_CST);
		(void)usleep(500 + (useconds_t)number * 100);
		if (hf_lock_release(lock))
			return 2;
	}
	return 0;
}

struct stream {
	hf_lock *lock;
	int number;
	int result;
	pthread_t thread;
};

static void *read_in_thread(void *arg)
{
	struct stream *stream = arg;

	stream->result = read_on(stream->lock, stream->number);
	return NULL;
}

static int read_in_child(struct child *self, void *arg)
{
	hf_lock *lock;

	(void)self;
	if (hf_lock_open("f", HF_WRITERS_FIRST, &lock))
		return 3;
	return read_on(lock, *(int *)arg);
}

static void *write_once(void *arg)
{
	struct call *call = arg;

	call->result = hf_lock_acquire(call->lock, HF_EXCLUSIVE, HF_SEC(50));
	inside = __atomic_load_n(&shared->granted, __ATOMIC_SEQ_CST);
	if (!call->result)
		call->result = hf_lock_release(call->lock);
	__atomic_store_n(&call->timeout, 0, __ATOMIC_SEQ_CST); /* over */
	return NULL;
}

/* How many readers were let in after it had asked; -1: it did not have to wait. */
static int overtaken_by(hf_lock *writer)
{
	struct call call = { .lock = writer, .timeout = 1 };

	__atomic_store_n(&asked, -1, __ATOMIC_SEQ_CST);
	cr_assert_eq(pthread_create(&call.thread, NULL, write_once, &call), 0);
	while (__atomic_load_n(&call.timeout, __ATOMIC_SEQ_CST)) {
		note_queue(writer);
		sched_yield();
	}
	(void)pthread_join(call.thread, NULL);
	cr_assert_eq(call.result, 0);
	return asked < 0 ? -1 : inside - asked;
}

static void await_readers(void)
{
	while (__atomic_load_n(&shared->granted, __ATOMIC_SEQ_CST) < STREAMS)
		(void)usleep(1000);
}

static void write_beside_streams(hf_lock *writer)
{
	int waits = 0;
	int i;

	await_readers();
	real = hf_sys;
	hf_sys.setlk = note_gate;
	for (i = 0; i < ATTEMPTS && waits < WAITS; i++) {
		int overtaken = overtaken_by(writer);

		waits += overtaken >= 0;
		cr_expect_leq(overtaken, STREAMS);
	}
	hf_sys = real;
	cr_expect_eq(waits, WAITS, "it had to wait");
	__atomic_store_n(&shared->stop, 1, __ATOMIC_SEQ_CST);
}

static void share(void)
{
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		      0);
	cr_assert_neq(shared, MAP_FAILED);
}

Test(writers_first, no_reader_of_another_process_overtakes_a_writer_that_has_asked)
{
	hf_lock *writer = lock_with("f", HF_WRITERS_FIRST);
	struct child readers[STREAMS];
	int i;

	share();
	for (i = 0; i < STREAMS; i++)
		readers[i] = child_start(read_in_child, &i);
	write_beside_streams(writer);
	for (i = 0; i < STREAMS; i++)
		cr_expect_eq(child_finish(&readers[i]), 0);
	hf_lock_close(writer);
}

static void write_beside_threads(bool one_handle)
{
	hf_lock *writer = lock_with("f", HF_WRITERS_FIRST);
	struct stream streams[STREAMS];
	int i;

	share();
	for (i = 0; i < STREAMS; i++) {
		streams[i] = (struct stream){ .number = i, .lock = writer };
		if (!one_handle)
			streams[i].lock = lock_with("f", HF_WRITERS_FIRST);
		cr_assert_eq(pthread_create(&streams[i].thread, NULL, read_in_thread, &streams[i]),
			     0);
	}
	write_beside_streams(writer);
	for (i = 0; i < STREAMS; i++) {
		(void)pthread_join(streams[i].thread, NULL);
		cr_expect_eq(streams[i].result, 0);
		if (!one_handle)
			hf_lock_close(streams[i].lock);
	}
	hf_lock_close(writer);
}

Test(writers_first, no_reader_of_another_thread_overtakes_a_writer_that_has_asked)
{
	write_beside_threads(false);
}

Test(writers_first, no_reader_on_the_same_handle_overtakes_a_writer_that_has_asked)
{
	write_beside_threads(true);
}
