/* SPDX-License-Identifier: MIT */
/* hf_rwlock, the reader-writer lock between threads. */
#include "config.h"

#include "lib.h"

static hf_rwlock *rwlock;

static void setup(void)
{
	cr_assert_eq(hf_rwlock_new(&rwlock), 0);
}

static void teardown(void)
{
	hf_rwlock_free(rwlock);
}

TestSuite(rwlock, .init = setup, .fini = teardown, .timeout = 60);

/* acquire in a thread of its own that then ends; what it got it gives back first. */
struct visit {
	hf_mode mode;
	int64_t timeout;
};

static int visit(void *arg)
{
	struct visit *visit = arg;
	int ret = hf_rwlock_acquire(rwlock, visit->mode, visit->timeout);

	if (!ret)
		ret = hf_rwlock_release(rwlock, visit->mode);
	return ret;
}

static int try_elsewhere(hf_mode mode, int64_t timeout)
{
	struct visit arg = { mode, timeout };

	return in_thread(visit, &arg);
}

static int take(hf_mode mode)
{
	return hf_rwlock_acquire(rwlock, mode, HF_NOWAIT);
}

static int give(hf_mode mode)
{
	return hf_rwlock_release(rwlock, mode);
}

Test(rwlock, readers_share_and_a_writer_is_alone)
{
	cr_expect_eq(take(HF_SHARED), 0);
	cr_expect_eq(try_elsewhere(HF_SHARED, HF_NOWAIT), 0);
	cr_expect_eq(try_elsewhere(HF_EXCLUSIVE, HF_NOWAIT), -EBUSY);
	cr_expect_eq(give(HF_SHARED), 0);
	cr_expect_eq(take(HF_EXCLUSIVE), 0);
	cr_expect_eq(try_elsewhere(HF_SHARED, HF_NOWAIT), -EBUSY);
	cr_expect_eq(try_elsewhere(HF_EXCLUSIVE, HF_MSEC(5)), -ETIMEDOUT);
	cr_expect_eq(give(HF_EXCLUSIVE), 0);
	cr_expect_eq(try_elsewhere(HF_EXCLUSIVE, HF_NOWAIT), 0);
}

Test(rwlock, both_modes_reenter_and_are_counted)
{
	cr_expect_eq(take(HF_SHARED), 0);
	cr_expect_eq(take(HF_SHARED), 0);
	cr_expect_eq(give(HF_SHARED), 0);
	cr_expect_eq(try_elsewhere(HF_EXCLUSIVE, HF_NOWAIT), -EBUSY);
	cr_expect_eq(give(HF_SHARED), 0);
	cr_expect_eq(take(HF_EXCLUSIVE), 0);
	cr_expect_eq(take(HF_EXCLUSIVE), 0);
	cr_expect_eq(give(HF_EXCLUSIVE), 0);
	cr_expect_eq(try_elsewhere(HF_SHARED, HF_NOWAIT), -EBUSY);
	cr_expect_eq(give(HF_EXCLUSIVE), 0);
	cr_expect_eq(try_elsewhere(HF_EXCLUSIVE, HF_NOWAIT), 0);
}

Test(rwlock, a_writer_may_read_and_write_again_inside)
{
	cr_expect_eq(take(HF_EXCLUSIVE), 0);
	cr_expect_eq(take(HF_SHARED), 0);
	cr_expect_eq(take(HF_EXCLUSIVE), 0);
	cr_expect_eq(hf_rwlock_is_reader(rwlock), 1);
	cr_expect_eq(hf_rwlock_is_writer(rwlock), 1);
	cr_expect_eq(give(HF_EXCLUSIVE), 0);
	cr_expect_eq(give(HF_SHARED), 0);
	cr_expect_eq(hf_rwlock_is_reader(rwlock), 0);
	cr_expect_eq(try_elsewhere(HF_SHARED, HF_NOWAIT), -EBUSY);
	cr_expect_eq(give(HF_EXCLUSIVE), 0);
	cr_expect_eq(hf_rwlock_owner(rwlock), 0);
}

Test(rwlock, releasing_the_writing_first_leaves_a_reader)
{
	cr_expect_eq(take(HF_EXCLUSIVE), 0);
	cr_expect_eq(take(HF_SHARED), 0);
	cr_expect_eq(give(HF_EXCLUSIVE), 0);
	cr_expect_eq(hf_rwlock_owner(rwlock), HF_SHARED);
	cr_expect_eq(try_elsewhere(HF_SHARED, HF_NOWAIT), 0);
	cr_expect_eq(try_elsewhere(HF_EXCLUSIVE, HF_NOWAIT), -EBUSY);
	cr_expect_eq(take(HF_EXCLUSIVE), -EDEADLK);
	cr_expect_eq(give(HF_SHARED), 0);
	cr_expect_eq(try_elsewhere(HF_EXCLUSIVE, HF_NOWAIT), 0);
}

Test(rwlock, an_upgrade_is_refused_and_the_reader_stays_one)
{
	cr_expect_eq(take(HF_SHARED), 0);
	cr_expect_eq(hf_rwlock_acquire(rwlock, HF_EXCLUSIVE, HF_FOREVER), -EDEADLK);
	cr_expect_eq(hf_rwlock_is_reader(rwlock), 1);
	cr_expect_eq(try_elsewhere(HF_EXCLUSIVE, HF_NOWAIT), -EBUSY);
	cr_expect_eq(give(HF_SHARED), 0);
}

static int release_elsewhere(void *arg)
{
	return hf_rwlock_release(rwlock, *(hf_mode *)arg);
}

Test(rwlock, what_is_not_held_cannot_be_released)
{
	hf_mode shared = HF_SHARED, exclusive = HF_EXCLUSIVE;

	cr_expect_eq(give(HF_SHARED), -EPERM);
	cr_expect_eq(give(HF_EXCLUSIVE), -EPERM);
	cr_expect_eq(take(HF_EXCLUSIVE), 0);
	cr_expect_eq(give(HF_SHARED), -EPERM);
	cr_expect_eq(in_thread(release_elsewhere, &exclusive), -EPERM);
	cr_expect_eq(in_thread(release_elsewhere, &shared), -EPERM);
	cr_expect_eq(give(HF_EXCLUSIVE), 0);
}

Test(rwlock, bad_arguments_are_refused)
{
	cr_expect_eq(hf_rwlock_acquire(NULL, HF_SHARED, 0), -EINVAL);
	cr_expect_eq(hf_rwlock_acquire(rwlock, (hf_mode)9, 0), -EINVAL);
	cr_expect_eq(hf_rwlock_acquire(rwlock, HF_SHARED, -1), -EINVAL);
	cr_expect_eq(hf_rwlock_release(rwlock, (hf_mode)0), -EINVAL);
	cr_expect_eq(hf_rwlock_new(NULL), -EINVAL);
	hf_rwlock_free(NULL);
}

static void *wait_to_write(void *arg)
{
	int *ret = arg;

	*ret = hf_rwlock_acquire(rwlock, HF_EXCLUSIVE, HF_SEC(50));
	if (!*ret)
		(void)hf_rwlock_release(rwlock, HF_EXCLUSIVE);
	return NULL;
}

static void await_pending_writer(void)
{
	while (!hf_rwlock_has_pending_writers(rwlock))
		(void)usleep(1000);
}

Test(rwlock, new_readers_queue_behind_a_waiting_writer_and_old_ones_reenter)
{
	pthread_t writer;
	int written = -1;

	cr_expect_eq(take(HF_SHARED), 0);
	cr_assert_eq(pthread_create(&writer, NULL, wait_to_write, &written), 0);
	await_pending_writer();
	cr_expect_eq(try_elsewhere(HF_SHARED, HF_NOWAIT), -EBUSY);
	cr_expect_eq(try_elsewhere(HF_SHARED, HF_MSEC(5)), -ETIMEDOUT);
	cr_expect_eq(take(HF_SHARED), 0, "re-entering needs no queue");
	cr_expect_eq(give(HF_SHARED), 0);
	cr_expect_eq(give(HF_SHARED), 0);
	(void)pthread_join(writer, NULL);
	cr_expect_eq(written, 0);
	cr_expect_eq(hf_rwlock_has_pending_writers(rwlock), 0);
}

Test(rwlock, a_waiting_writer_does_not_get_in_between_writing_and_reading_on)
{
	pthread_t writer;
	int written = -1;

	cr_expect_eq(take(HF_EXCLUSIVE), 0);
	cr_expect_eq(take(HF_SHARED), 0);
	cr_assert_eq(pthread_create(&writer, NULL, wait_to_write, &written), 0);
	await_pending_writer();
	cr_expect_eq(give(HF_EXCLUSIVE), 0);
	cr_expect_eq(hf_rwlock_owner(rwlock), HF_SHARED);
	cr_expect_eq(hf_rwlock_has_pending_writers(rwlock), 1);
	cr_expect_eq(try_elsewhere(HF_SHARED, HF_NOWAIT), -EBUSY);
	cr_expect_eq(give(HF_SHARED), 0);
	(void)pthread_join(writer, NULL);
	cr_expect_eq(written, 0);
}

static void *wait_to_read(void *arg)
{
	int *ret = arg;

	*ret = hf_rwlock_acquire(rwlock, HF_SHARED, HF_SEC(50));
	if (!*ret)
		(void)hf_rwlock_release(rwlock, HF_SHARED);
	return NULL;
}

static int write_for_a_moment(void *arg)
{
	(void)arg;
	return hf_rwlock_acquire(rwlock, HF_EXCLUSIVE, HF_MSEC(50));
}

static void *give_up_writing(void *arg)
{
	*(int *)arg = write_for_a_moment(NULL);
	return NULL;
}

Test(rwlock, a_writer_that_gives_up_lets_the_readers_in)
{
	pthread_t writer, reader;
	int written = -1, read_result = -1;

	cr_expect_eq(take(HF_SHARED), 0);
	cr_assert_eq(pthread_create(&writer, NULL, give_up_writing, &written), 0);
	await_pending_writer();
	cr_assert_eq(pthread_create(&reader, NULL, wait_to_read, &read_result), 0);
	(void)pthread_join(writer, NULL);
	(void)pthread_join(reader, NULL);
	cr_expect_eq(written, -ETIMEDOUT);
	cr_expect_eq(read_result, 0, "although this thread still reads");
	cr_expect_eq(hf_rwlock_has_pending_writers(rwlock), 0);
	cr_expect_eq(give(HF_SHARED), 0);
	cr_expect_eq(try_elsewhere(HF_EXCLUSIVE, HF_NOWAIT), 0);
}

/* ---- order ---- */

#define QUEUED 5

struct queued {
	int number;
	pid_t tid; /* 0 until it is about to ask */
	pthread_t thread;
};

static int order[QUEUED];
static int arrived;

static void *write_in_order(void *arg)
{
	struct queued *me = arg;

	__atomic_store_n(&me->tid, gettid(), __ATOMIC_SEQ_CST);
	if (!hf_rwlock_acquire(rwlock, HF_EXCLUSIVE, HF_SEC(50))) {
		order[arrived++] = me->number;
		(void)hf_rwlock_release(rwlock, HF_EXCLUSIVE);
	}
	return NULL;
}

static bool is_asleep(pid_t tid)
{
	char name[64], text[64] = "";
	FILE *file;
	size_t count;

	(void)snprintf(name, sizeof(name), "/proc/self/task/%d/stat", (int)tid);
	file = fopen(name, "re");
	cr_assert_not_null(file);
	count = fread(text, 1, sizeof(text) - 1, file);
	(void)fclose(file);
	return count > 0 && strstr(text, ") S ");
}

/* It has asked and sleeps: then the next may queue up behind it. */
static void await_asleep(const struct queued *queued)
{
	pid_t tid;

	while (!(tid = __atomic_load_n(&queued->tid, __ATOMIC_SEQ_CST)) || !is_asleep(tid))
		(void)usleep(1000);
}

Test(rwlock, writers_come_in_the_order_they_asked)
{
	struct queued queue[QUEUED];
	int i;

	cr_expect_eq(take(HF_EXCLUSIVE), 0);
	for (i = 0; i < QUEUED; i++) {
		queue[i] = (struct queued){ .number = i };
		cr_assert_eq(pthread_create(&queue[i].thread, NULL, write_in_order, &queue[i]), 0);
		await_asleep(&queue[i]);
	}
	cr_expect_eq(give(HF_EXCLUSIVE), 0);
	for (i = 0; i < QUEUED; i++)
		(void)pthread_join(queue[i].thread, NULL);
	for (i = 0; i < QUEUED; i++)
		cr_expect_eq(order[i], i);
}

/* ---- many threads, one invariant ---- */

#define THREADS 20
#define ROUNDS 1000

static int readers, writers, wrong;

static void spoil_if(bool bad)
{
	if (bad)
		__atomic_store_n(&wrong, 1, __ATOMIC_SEQ_CST);
}

static void read_once(int round)
{
	if (hf_rwlock_acquire(rwlock, HF_SHARED, round % 3 ? HF_FOREVER : HF_SEC(50))) {
		spoil_if(true);
		return;
	}
	__atomic_add_fetch(&readers, 1, __ATOMIC_SEQ_CST);
	spoil_if(__atomic_load_n(&writers, __ATOMIC_SEQ_CST) > 0);
	if (round % 4 == 0) { /* nested */
		spoil_if(hf_rwlock_acquire(rwlock, HF_SHARED, HF_FOREVER) != 0);
		spoil_if(hf_rwlock_release(rwlock, HF_SHARED) != 0);
	}
	__atomic_sub_fetch(&readers, 1, __ATOMIC_SEQ_CST);
	spoil_if(hf_rwlock_release(rwlock, HF_SHARED) != 0);
}

static void write_once(int round)
{
	int ret = hf_rwlock_acquire(rwlock, HF_EXCLUSIVE, round % 3 ? HF_FOREVER : round * 100);

	if (ret == -ETIMEDOUT || ret == -EBUSY)
		return;
	spoil_if(ret != 0);
	spoil_if(__atomic_add_fetch(&writers, 1, __ATOMIC_SEQ_CST) != 1);
	spoil_if(__atomic_load_n(&readers, __ATOMIC_SEQ_CST) > 0);
	if (round % 4 == 0) { /* and on as a reader */
		spoil_if(hf_rwlock_acquire(rwlock, HF_SHARED, HF_NOWAIT) != 0);
		__atomic_sub_fetch(&writers, 1, __ATOMIC_SEQ_CST);
		spoil_if(hf_rwlock_release(rwlock, HF_EXCLUSIVE) != 0);
		spoil_if(hf_rwlock_release(rwlock, HF_SHARED) != 0);
		return;
	}
	__atomic_sub_fetch(&writers, 1, __ATOMIC_SEQ_CST);
	spoil_if(hf_rwlock_release(rwlock, HF_EXCLUSIVE) != 0);
}

static void *visit_much(void *arg)
{
	int every = *(int *)arg;
	int i;

	for (i = 0; i < ROUNDS; i++) {
		if (every && i % every == 0)
			write_once(i);
		else
			read_once(i);
	}
	return NULL;
}

static void crowd(int every)
{
	pthread_t threads[THREADS];
	int i;

	for (i = 0; i < THREADS; i++)
		cr_assert_eq(pthread_create(&threads[i], NULL, visit_much, &every), 0);
	for (i = 0; i < THREADS; i++)
		(void)pthread_join(threads[i], NULL);
	cr_expect_eq(wrong, 0);
	cr_expect_eq(hf_rwlock_owner(rwlock), 0);
	cr_expect_eq(hf_rwlock_has_pending_writers(rwlock), 0);
	cr_expect_eq(take(HF_EXCLUSIVE), 0);
	cr_expect_eq(give(HF_EXCLUSIVE), 0);
}

Test(rwlock, twenty_writers_are_never_two_inside)
{
	crowd(1);
}

Test(rwlock, readers_are_never_beside_a_writer)
{
	crowd(10);
}

Test(rwlock, readers_alone_never_wait_for_each_other)
{
	crowd(0);
}

static void *nest_and_write(void *arg)
{
	int i;

	(void)arg;
	for (i = 0; i < ROUNDS; i++) {
		spoil_if(hf_rwlock_acquire(rwlock, HF_EXCLUSIVE, HF_FOREVER) != 0);
		spoil_if(hf_rwlock_acquire(rwlock, HF_SHARED, HF_FOREVER) != 0);
		spoil_if(hf_rwlock_release(rwlock, HF_SHARED) != 0);
		spoil_if(hf_rwlock_release(rwlock, HF_EXCLUSIVE) != 0);
	}
	return NULL;
}

Test(rwlock, nested_write_and_read_against_writers_ends)
{
	pthread_t nested, plain;
	int one = 1;

	cr_assert_eq(pthread_create(&nested, NULL, nest_and_write, NULL), 0);
	cr_assert_eq(pthread_create(&plain, NULL, visit_much, &one), 0);
	(void)pthread_join(nested, NULL);
	(void)pthread_join(plain, NULL);
	cr_expect_eq(wrong, 0);
}

#define MANY 100

static int read_many(void *arg)
{
	hf_rwlock **locks = arg;
	int ret = 0;
	int i;

	for (i = 0; i < MANY && !ret; i++)
		ret = hf_rwlock_acquire(locks[i], HF_SHARED, HF_NOWAIT);
	for (i = 0; i < MANY && !ret; i++)
		ret = hf_rwlock_acquire(locks[i], HF_EXCLUSIVE, HF_NOWAIT) == -EDEADLK ? 0 : -1;
	for (i = 0; i < MANY && !ret; i++)
		ret = hf_rwlock_release(locks[i], HF_SHARED);
	return ret;
}

Test(rwlock, one_thread_may_read_under_many_locks)
{
	hf_rwlock *locks[MANY];
	int i;

	for (i = 0; i < MANY; i++)
		cr_assert_eq(hf_rwlock_new(&locks[i]), 0);
	cr_expect_eq(read_many(locks), 0);
	cr_expect_eq(in_thread(read_many, locks), 0);
	for (i = 0; i < MANY; i++)
		hf_rwlock_free(locks[i]);
}
