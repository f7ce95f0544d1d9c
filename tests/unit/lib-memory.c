/* SPDX-License-Identifier: MIT */
/*
 * Every allocation of the library refused, each time that one round makes one: it is told as
 * -ENOMEM, and nothing is held or open afterwards. The linker puts the functions here in the place
 * of the C library's.
 */
#include "config.h"

#include "lib.h"

TestSuite(memory, .init = folder_setup, .fini = folder_teardown, .timeout = 120);

static int made;   /* allocations of this round */
static int refuse; /* the number of the one that fails; -1: none */

static bool is_refused(void)
{
	return __atomic_fetch_add(&made, 1, __ATOMIC_SEQ_CST) == refuse;
}

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
void *__real_aligned_alloc(size_t alignment, size_t size);
char *__real_strdup(const char *text);

void *__wrap_malloc(size_t size)
{
	return is_refused() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
	return is_refused() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *old, size_t size)
{
	return is_refused() ? NULL : __real_realloc(old, size);
}

void *__wrap_aligned_alloc(size_t alignment, size_t size)
{
	return is_refused() ? NULL : __real_aligned_alloc(alignment, size);
}

char *__wrap_strdup(const char *text)
{
	return is_refused() ? NULL : __real_strdup(text);
}

/* ---- one round ---- */

static int failures, surprises;

static int said(int ret)
{
	failures += ret == -ENOMEM;
	surprises += ret != 0 && ret != -ENOMEM;
	return ret;
}

static int see(const struct hf_holder *holder, void *arg)
{
	(void)holder;
	(void)arg;
	return 0;
}

static int nothing(void *arg)
{
	(void)arg;
	return 0;
}

static void use_locks(void)
{
	hf_lock *lock = NULL, *other = NULL;
	hf_lockset *set = NULL;

	(void)said(hf_with_lock("f", HF_EXCLUSIVE, HF_NOWAIT, nothing, NULL, NULL));
	if (!said(hf_lock_open("made/f", HF_PARENTS, &lock)) &&
	    !said(hf_lock_acquire(lock, HF_SHARED, HF_NOWAIT))) {
		(void)said(acquire_in_thread(lock, HF_SHARED, HF_NOWAIT));
		(void)said(hf_lock_each_holder(lock, HF_EXCLUSIVE, see, NULL));
		if (!said(hf_lock_open_range("made/f", 0, 5, 1, &other)))
			hf_lock_close(
				other); /* where it may not be closed yet, that is noted down */
		(void)said(hf_lock_release(lock));
	}
	if (lock && !said(hf_lockset_new(&set)) && !said(hf_lockset_add(set, lock, HF_SHARED)) &&
	    !said(hf_lockset_acquire(set, HF_NOWAIT)))
		(void)said(hf_lockset_release(set));
	hf_lockset_free(set);
	hf_lock_close(lock);
	(void)unlink("made/f");
	(void)rmdir("made");
}

#define MANY 20

static void *use_rwlocks(void *arg)
{
	hf_rwlock *locks[MANY] = { NULL };
	bool reads[MANY] = { false };
	int i;

	(void)arg;
	for (i = 0; i < MANY; i++)
		if (!said(hf_rwlock_new(&locks[i])))
			reads[i] = !said(hf_rwlock_acquire(locks[i], HF_SHARED, HF_NOWAIT));
	for (i = 0; i < MANY; i++) {
		if (reads[i])
			(void)said(hf_rwlock_release(locks[i], HF_SHARED));
		surprises += locks[i] && hf_rwlock_owner(locks[i]) != 0;
		hf_rwlock_free(locks[i]);
	}
	return NULL;
}

static int go_round(int number)
{
	pthread_t thread;

	failures = 0;
	surprises = 0;
	made = 0;
	refuse = number;
	use_locks();
	cr_assert_eq(pthread_create(&thread, NULL, use_rwlocks, NULL), 0);
	(void)pthread_join(thread, NULL);
	refuse = -1;
	return made;
}

Test(memory, each_refusal_is_told_and_leaves_nothing)
{
	int count = go_round(-1);
	int fds = count_fds();
	int i;

	cr_expect_gt(count, MANY);
	cr_expect_eq(failures + surprises, 0);
	for (i = 0; i < count; i++) {
		(void)go_round(i);
		cr_expect_eq(surprises, 0, "number %d of %d", i, count);
		cr_expect_leq(failures, 1, "number %d of %d", i, count);
		/* Without memory to note a descriptor down that must stay open, it is never closed.
		 */
		if (has_ofd_locks())
			cr_expect_eq(count_fds(), fds, "number %d of %d", i, count);
	}
	cr_expect_eq(try_in_child("f", HF_EXCLUSIVE), 0);
}
