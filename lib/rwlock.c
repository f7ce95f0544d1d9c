/* SPDX-License-Identifier: MIT */
/*
 * hf_rwlock. One word says it all while nobody waits, and one atomic step takes or gives it:
 *
 *   state = readers * READER + (WRITER if a writer is inside) + (QUEUE if somebody waits)
 *
 * Who cannot have it takes the mutex and sets QUEUE. From then on no fast path lets anybody in, and
 * whoever makes room - the last reader or the writer going out, a waiter giving up - admits from
 * the queue under the mutex. QUEUE is cleared under it when the queue is empty.
 *
 * Without the mutex, readers can still leave, or look in and leave again: whoever makes their count
 * 0 with QUEUE set comes for the mutex. All else changes only under the mutex while QUEUE is set.
 */
#include "config.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <time.h>
#include <utlist.h>

#include "held.h"
#include "holdfast.h"
#include "lock.h"
#include "reads.h"
#include "sys.h"
#include "wait.h"

#define WRITER UINT64_C(1)
#define QUEUE UINT64_C(2)
#define READER UINT64_C(4)
#define CACHE_LINE 64

struct waiter {
	pthread_cond_t admitted_cond;
	bool admitted;
	struct waiter *prev, *next;
};

/*
 * The word has a cache line to itself: readers on other processors change it all the time, and what
 * is only looked at on the way would come and go with it.
 */
struct hf_rwlock {
	uint64_t state __attribute__((aligned(CACHE_LINE)));
	uint64_t writer __attribute__((aligned(CACHE_LINE))); /* hf_thread_self() inside, or 0 */
	uint32_t depth; /* how often it has entered; only it looks */
	uint64_t generation;
	pthread_mutex_t mutex;	/* guards the queues */
	struct waiter *writers; /* first come, first served */
	struct waiter *readers; /* all admitted together, when no writer waits */
};

/* ---- the word ---- */

static uint64_t state_of(const struct hf_rwlock *rwlock)
{
	return __atomic_load_n(&rwlock->state, __ATOMIC_RELAXED);
}

static void admit_others(struct hf_rwlock *rwlock);

/* One reader fewer. The last one out comes for the mutex if somebody waits. */
static void leave_reader(struct hf_rwlock *rwlock)
{
	uint64_t state = __atomic_sub_fetch(&rwlock->state, READER, __ATOMIC_RELEASE);

	if (state < READER && state & QUEUE)
		admit_others(rwlock);
}

/*
 * Adding first and looking afterwards never has to be tried again, however many readers come. A
 * look before would fetch the cache line twice: once to read it, once to change it. Only who would
 * not wait looks first, so that one who tries in a loop does not keep others from finding it free.
 */
static bool try_read(struct hf_rwlock *rwlock, int64_t timeout)
{
	uint64_t before;

	if (timeout == HF_NOWAIT && state_of(rwlock) & (WRITER | QUEUE))
		return false;
	before = __atomic_fetch_add(&rwlock->state, READER, __ATOMIC_ACQUIRE);
	if (!(before & (WRITER | QUEUE)))
		return true;
	leave_reader(rwlock);
	return false;
}

static bool try_write(struct hf_rwlock *rwlock)
{
	uint64_t free_state = 0;

	return __atomic_compare_exchange_n(&rwlock->state, &free_state, WRITER, false,
					   __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
}

static bool is_writer(const struct hf_rwlock *rwlock)
{
	return __atomic_load_n(&rwlock->writer, __ATOMIC_RELAXED) == hf_thread_self();
}

static void set_writer(struct hf_rwlock *rwlock, uint64_t thread)
{
	__atomic_store_n(&rwlock->writer, thread, __ATOMIC_RELAXED);
}

/* ---- the queue: all of it with the mutex held and QUEUE set ---- */

/* The caller itself, if it need not wait. */
static bool enter_now(struct hf_rwlock *rwlock, hf_mode mode)
{
	uint64_t state = __atomic_load_n(&rwlock->state, __ATOMIC_ACQUIRE);

	if (state & WRITER || rwlock->writers)
		return false;
	if (mode == HF_EXCLUSIVE && state >= READER)
		return false;
	(void)__atomic_add_fetch(&rwlock->state, mode == HF_EXCLUSIVE ? WRITER : READER,
				 __ATOMIC_ACQUIRE);
	return true;
}

static void admit_one(struct hf_rwlock *rwlock, struct waiter **queue, uint64_t as)
{
	struct waiter *waiter = *queue;

	DL_DELETE(*queue, waiter);
	(void)__atomic_add_fetch(&rwlock->state, as, __ATOMIC_ACQUIRE);
	waiter->admitted = true;
	(void)pthread_cond_signal(&waiter->admitted_cond);
}

/* Lets in whom the state allows: the first writer, or every reader when no writer waits. */
static void admit(struct hf_rwlock *rwlock)
{
	uint64_t state = __atomic_load_n(&rwlock->state, __ATOMIC_ACQUIRE);

	if (!(state & WRITER)) {
		if (rwlock->writers && state < READER)
			admit_one(rwlock, &rwlock->writers, WRITER);
		else
			while (!rwlock->writers && rwlock->readers)
				admit_one(rwlock, &rwlock->readers, READER);
	}
	if (!rwlock->writers && !rwlock->readers)
		(void)__atomic_and_fetch(&rwlock->state, ~QUEUE, __ATOMIC_RELEASE);
}

static void init_waiter(struct waiter *waiter)
{
	pthread_condattr_t attr;

	*waiter = (struct waiter){ .admitted = false };
	(void)pthread_condattr_init(&attr);
	(void)pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	(void)pthread_cond_init(&waiter->admitted_cond, &attr);
	(void)pthread_condattr_destroy(&attr);
}

static int sleep_until_admitted(struct hf_rwlock *rwlock, struct waiter *waiter, int64_t timeout)
{
	uint64_t deadline = hf_deadline_after(timeout);
	struct timespec until = { .tv_sec = (time_t)(deadline / 1000000000u),
				  .tv_nsec = (long)(deadline % 1000000000u) };
	int error = 0;

	while (!waiter->admitted && error != ETIMEDOUT) {
		if (deadline == UINT64_MAX)
			error = pthread_cond_wait(&waiter->admitted_cond, &rwlock->mutex);
		else
			error = pthread_cond_timedwait(&waiter->admitted_cond, &rwlock->mutex,
						       &until);
	}
	return waiter->admitted ? 0 : -ETIMEDOUT;
}

static int queue_up(struct hf_rwlock *rwlock, hf_mode mode, int64_t timeout)
{
	struct waiter **queue = mode == HF_EXCLUSIVE ? &rwlock->writers : &rwlock->readers;
	struct waiter waiter;
	int ret;

	if (timeout == HF_NOWAIT)
		return -EBUSY;
	init_waiter(&waiter);
	DL_APPEND(*queue, &waiter);
	ret = sleep_until_admitted(rwlock, &waiter, timeout);
	if (ret)
		DL_DELETE(*queue, &waiter);
	(void)pthread_cond_destroy(&waiter.admitted_cond);
	return ret;
}

static int take_slowly(struct hf_rwlock *rwlock, hf_mode mode, int64_t timeout)
{
	int cancel = hf_cancel_off();
	int ret = 0;

	(void)pthread_mutex_lock(&rwlock->mutex);
	(void)__atomic_or_fetch(&rwlock->state, QUEUE, __ATOMIC_RELAXED);
	if (!enter_now(rwlock, mode))
		ret = queue_up(rwlock, mode, timeout);
	admit(rwlock); /* who gave up may have been all that others waited for */
	(void)pthread_mutex_unlock(&rwlock->mutex);
	hf_cancel_restore(cancel);
	return ret;
}

static void admit_others(struct hf_rwlock *rwlock)
{
	(void)pthread_mutex_lock(&rwlock->mutex);
	admit(rwlock);
	(void)pthread_mutex_unlock(&rwlock->mutex);
}

/* ---- taking ---- */

static int read_again(struct hf_reads *reads)
{
	if (reads->count == UINT32_MAX)
		return -EOVERFLOW;
	reads->count++;
	return 0;
}

static int acquire_shared(struct hf_rwlock *rwlock, int64_t timeout)
{
	struct hf_reads *reads = hf_reads_find(rwlock);
	int ret;

	if (reads)
		return read_again(reads);
	ret = hf_reads_add(rwlock);
	if (ret || is_writer(rwlock) || try_read(rwlock, timeout))
		return ret;
	ret = take_slowly(rwlock, HF_SHARED, timeout);
	if (ret)
		hf_reads_remove(hf_reads_find(rwlock));
	return ret;
}

static int acquire_exclusive(struct hf_rwlock *rwlock, int64_t timeout)
{
	int ret = 0;

	if (is_writer(rwlock)) {
		if (rwlock->depth == UINT32_MAX)
			return -EOVERFLOW;
		rwlock->depth++;
		return 0;
	}
	if (hf_reads_find(rwlock))
		return -EDEADLK;
	if (!try_write(rwlock))
		ret = take_slowly(rwlock, HF_EXCLUSIVE, timeout);
	if (ret)
		return ret;
	set_writer(rwlock, hf_thread_self());
	rwlock->depth = 1;
	return 0;
}

int hf_rwlock_acquire(hf_rwlock *rwlock, hf_mode mode, int64_t timeout_ns)
{
	if (!rwlock || !hf_mode_is_valid(mode) || timeout_ns < 0)
		return -EINVAL;
	if (rwlock->generation != hf_generation)
		return -EPERM;
	return mode == HF_SHARED ? acquire_shared(rwlock, timeout_ns)
				 : acquire_exclusive(rwlock, timeout_ns);
}

/* ---- giving ---- */

static int release_shared(struct hf_rwlock *rwlock)
{
	struct hf_reads *reads = hf_reads_find(rwlock);

	if (!reads)
		return -EPERM;
	if (--reads->count > 0)
		return 0;
	hf_reads_remove(reads);
	if (!is_writer(rwlock))
		leave_reader(rwlock);
	return 0;
}

static int release_exclusive(struct hf_rwlock *rwlock)
{
	uint64_t state;

	if (!is_writer(rwlock))
		return -EPERM;
	if (--rwlock->depth > 0)
		return 0;
	set_writer(rwlock, 0);
	/* Whoever still reads inside becomes a plain reader, in one step. */
	state = __atomic_add_fetch(&rwlock->state, (hf_reads_find(rwlock) ? READER : 0) - WRITER,
				   __ATOMIC_RELEASE);
	if (state & QUEUE)
		admit_others(rwlock);
	return 0;
}

int hf_rwlock_release(hf_rwlock *rwlock, hf_mode mode)
{
	if (!rwlock || !hf_mode_is_valid(mode))
		return -EINVAL;
	if (rwlock->generation != hf_generation)
		return -EPERM;
	return mode == HF_SHARED ? release_shared(rwlock) : release_exclusive(rwlock);
}

/* ---- beginning, end, questions ---- */

int hf_rwlock_new(hf_rwlock **ret)
{
	struct hf_rwlock *rwlock;
	int error;

	if (!ret)
		return -EINVAL;
	error = hf_held_init();
	if (error)
		return error;
	rwlock = aligned_alloc(CACHE_LINE, sizeof(*rwlock));
	if (!rwlock)
		return -ENOMEM;
	*rwlock = (struct hf_rwlock){ .state = 0 };
	rwlock->generation = hf_generation;
	(void)pthread_mutex_init(&rwlock->mutex, NULL);
	*ret = rwlock;
	return 0;
}

void hf_rwlock_free(hf_rwlock *rwlock)
{
	if (rwlock && rwlock->generation == hf_generation)
		(void)pthread_mutex_destroy(&rwlock->mutex);
	free(rwlock);
}

int hf_rwlock_is_reader(const hf_rwlock *rwlock)
{
	return rwlock && rwlock->generation == hf_generation && hf_reads_find(rwlock);
}

int hf_rwlock_is_writer(const hf_rwlock *rwlock)
{
	return rwlock && rwlock->generation == hf_generation && is_writer(rwlock);
}

int hf_rwlock_owner(const hf_rwlock *rwlock)
{
	uint64_t state = rwlock ? state_of(rwlock) : 0;

	if (state & WRITER)
		return HF_EXCLUSIVE;
	return state >= READER ? HF_SHARED : 0;
}

int hf_rwlock_has_pending_writers(const hf_rwlock *rwlock)
{
	pthread_mutex_t *mutex;
	int ret;

	if (!rwlock || rwlock->generation != hf_generation)
		return 0;
	mutex = (pthread_mutex_t *)&rwlock->mutex;
	(void)pthread_mutex_lock(mutex);
	ret = rwlock->writers != NULL;
	(void)pthread_mutex_unlock(mutex);
	return ret;
}
