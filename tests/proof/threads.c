/* SPDX-License-Identifier: MIT */
/*
 * Threads that use every noun of the library at once, in a plain program, for ThreadSanitizer: on one
 * handle and on handles of their own, with deadlines that pass and waits that are cancelled. Counts
 * who is inside, so that it is a test without a sanitizer too. TAP.
 */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "holdfast.h"

#define THREADS 4
#define ROUNDS 1000

static char path[] = "/tmp/holdfast-threads-XXXXXX";
static hf_lock *shared_handle;
static hf_rwlock *rwlock;

/* Readers and writers inside, by the file's lock and by the rwlock. */
static struct census {
	int readers, writers;
} of_file, of_rwlock;
static int wrong;

static void expect(int is_right, const char *what, int got)
{
	if (is_right)
		return;
	__atomic_add_fetch(&wrong, 1, __ATOMIC_RELAXED);
	printf("# %s: %d\n", what, got);
}

static void enter(struct census *census, hf_mode mode)
{
	int writers = __atomic_load_n(&census->writers, __ATOMIC_SEQ_CST);

	if (mode == HF_SHARED)
		__atomic_add_fetch(&census->readers, 1, __ATOMIC_SEQ_CST);
	else
		writers = __atomic_add_fetch(&census->writers, 1, __ATOMIC_SEQ_CST) - 1;
	expect(writers == 0, "a writer was inside", writers);
	expect(mode == HF_SHARED || __atomic_load_n(&census->readers, __ATOMIC_SEQ_CST) == 0,
	       "readers were inside", census == &of_file);
}

static void leave(struct census *census, hf_mode mode)
{
	sched_yield(); /* let the others run into it */
	__atomic_sub_fetch(mode == HF_SHARED ? &census->readers : &census->writers, 1, __ATOMIC_SEQ_CST);
}

static int may_fail_so(int error)
{
	return error == -EBUSY || error == -ETIMEDOUT || error == -ECANCELED || error == -EDEADLK;
}

static void use_lock(hf_lock *lock, unsigned dice)
{
	static const int64_t timeouts[] = { HF_NOWAIT, HF_MSEC(1), HF_MSEC(20), HF_FOREVER };
	hf_mode mode = dice & 1 ? HF_SHARED : HF_EXCLUSIVE;
	int error = hf_lock_acquire(lock, mode, timeouts[dice >> 1 & 3]);

	expect(!error || may_fail_so(error), "acquire", error);
	if (error)
		return;
	enter(&of_file, mode);
	if (dice & 8) {
		leave(&of_file, mode);
		error = hf_lock_convert(lock, HF_SHARED + HF_EXCLUSIVE - mode, HF_MSEC(1));
		expect(!error || may_fail_so(error), "convert", error);
		if (!error)
			mode = HF_SHARED + HF_EXCLUSIVE - mode;
		enter(&of_file, mode);
	}
	expect(hf_lock_mode(lock) == (int)mode, "mode", hf_lock_mode(lock));
	leave(&of_file, mode);
	error = hf_lock_release(lock);
	expect(!error, "release", error);
}

static void use_rwlock(unsigned dice)
{
	hf_mode mode = dice & 1 ? HF_SHARED : HF_EXCLUSIVE;
	int error = hf_rwlock_acquire(rwlock, mode, dice & 2 ? HF_FOREVER : HF_MSEC(1));

	expect(!error || may_fail_so(error), "rwlock acquire", error);
	if (error)
		return;
	enter(&of_rwlock, mode);
	leave(&of_rwlock, mode);
	error = hf_rwlock_release(rwlock, mode);
	expect(!error, "rwlock release", error);
}

static void *work(void *seed)
{
	unsigned state = *(unsigned *)seed;
	hf_lock *own = NULL;
	int error = hf_lock_open(path, 0, &own);

	expect(!error, "open", error);
	for (int round = 0; !error && round < ROUNDS; round++) {
		unsigned dice = (unsigned)rand_r(&state);

		if (dice % 3 == 0)
			use_lock(own, dice >> 4);
		else if (dice % 3 == 1)
			use_lock(shared_handle, dice >> 4);
		else
			use_rwlock(dice >> 4);
		if (dice % 7 == 0)
			(void)hf_lock_cancel(shared_handle);
	}
	hf_lock_close(own);
	return NULL;
}

int main(void)
{
	pthread_t threads[THREADS];
	unsigned seeds[THREADS];
	int fd = mkstemp(path);

	alarm(100);
	if (fd < 0 || close(fd) || hf_lock_open(path, HF_CANCELLABLE, &shared_handle) ||
	    hf_rwlock_new(&rwlock))
		return 99;
	for (unsigned i = 0; i < THREADS; i++) {
		seeds[i] = i + 1;
		if (pthread_create(&threads[i], NULL, work, &seeds[i]))
			return 99;
	}
	for (unsigned i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	hf_lock_close(shared_handle);
	hf_rwlock_free(rwlock);
	unlink(path);
	printf("1..1\n%s 1 - threads that share a file, a handle and a rwlock exclude each other\n",
	       wrong ? "not ok" : "ok");
	return wrong != 0;
}
