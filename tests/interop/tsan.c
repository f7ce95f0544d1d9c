/* SPDX-License-Identifier: MIT */
/*
 * Threads on one hf_lock, on handles of their own and on one hf_rwlock, over plain variables that only
 * the locks protect: ThreadSanitizer tells a lock that does not. tests/interop/tsan.sh builds it together
 * with the library's sources. The kernel's exclusion between handles is not one that ThreadSanitizer can
 * see, so those threads share nothing.
 */
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

#include "holdfast.h"

#define THREADS 6
#define ROUNDS 300

static const char *path;
static hf_lock *shared_lock;
static hf_rwlock *rwlock;
static long guarded_by_lock, guarded_by_rwlock;
static int failures;

static void must(int ret)
{
	if (ret)
		__atomic_add_fetch(&failures, 1, __ATOMIC_RELAXED);
}

static void use_one_handle(int round)
{
	must(hf_lock_acquire(shared_lock, round % 3 ? HF_EXCLUSIVE : HF_SHARED, HF_SEC(50)));
	if (round % 3)
		guarded_by_lock++;
	else if (guarded_by_lock < 0)
		must(-1);
	must(hf_lock_release(shared_lock));
}

static void use_own_handle(hf_lock *own, int round)
{
	int ret = hf_lock_acquire(own, HF_EXCLUSIVE, round % 2 ? 200000 : HF_NOWAIT);

	if (!ret)
		must(hf_lock_release(own));
	(void)hf_lock_cancel(own);
	(void)hf_lock_mode(own);
}

static void use_rwlock(int round)
{
	hf_mode mode = round % 4 ? HF_SHARED : HF_EXCLUSIVE;

	must(hf_rwlock_acquire(rwlock, mode, round % 5 ? HF_FOREVER : HF_SEC(50)));
	if (mode == HF_EXCLUSIVE)
		guarded_by_rwlock++;
	else if (guarded_by_rwlock < 0)
		must(-1);
	must(hf_rwlock_release(rwlock, mode));
}

static void *run(void *arg)
{
	hf_lock *own;
	int i;

	(void)arg;
	must(hf_lock_open(path, 0, &own));
	for (i = 0; i < ROUNDS; i++) {
		use_one_handle(i);
		use_own_handle(own, i);
		use_rwlock(i);
	}
	hf_lock_close(own);
	return NULL;
}

int main(int argc, char **argv)
{
	pthread_t threads[THREADS];
	int i;

	if (argc != 3)
		return 2;
	path = argv[1];
	must(hf_lock_open(argv[2], HF_CANCELLABLE, &shared_lock));
	must(hf_rwlock_new(&rwlock));
	for (i = 0; i < THREADS; i++)
		must(pthread_create(&threads[i], NULL, run, NULL));
	for (i = 0; i < THREADS; i++)
		(void)pthread_join(threads[i], NULL);
	hf_rwlock_free(rwlock);
	hf_lock_close(shared_lock);
	(void)printf("%d failures, %ld %ld\n", failures, guarded_by_lock, guarded_by_rwlock);
	return failures != 0 || guarded_by_lock != THREADS * ROUNDS * 2 / 3 ||
	       guarded_by_rwlock != THREADS * ROUNDS / 4;
}
