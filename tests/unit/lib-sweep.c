/* SPDX-License-Identifier: MIT */
/*
 * Every call in lib/sys.def made to fail with EIO, each time that one round through the library
 * makes it. Whatever comes of that, it is said, and afterwards nothing is held and nothing is open.
 * A call that the round does not make fails the test: add it to the round.
 */
#include "config.h"

#include "lib.h"
#include "fault.h"

static void setup(void)
{
	folder_setup();
	real = hf_sys;
}

static void teardown(void)
{
	hf_sys = real;
	folder_teardown();
}

TestSuite(sweep, .init = setup, .fini = teardown, .timeout = 300);

/* ---- one round ---- */

static int surprises;

/* Nothing but success, the fault, and what this call may make of either. */
static int said(int ret, int other)
{
	if (ret && ret != -EIO && ret != other)
		surprises++;
	return ret;
}

static int see(const struct hf_holder *holder, void *arg)
{
	(void)holder;
	(void)arg;
	return 0;
}

static void use_a_path(void)
{
	hf_lock *lock = NULL;

	if (said(hf_lock_open("made/f", HF_PARENTS | HF_RECHECK_PATH, &lock), 0))
		return;
	if (!said(hf_lock_acquire(lock, HF_EXCLUSIVE, HF_NOWAIT), 0)) {
		(void)said(hf_lock_verify(lock), -EOPNOTSUPP);
		(void)said(hf_lock_each_holder(lock, HF_SHARED, see, NULL), -EOPNOTSUPP);
		(void)said(hf_lock_convert(lock, HF_SHARED, HF_NOWAIT), 0);
		if (said(hf_lock_release(lock), 0))
			(void)said(hf_lock_release(lock), 0);
	}
	(void)unlink("made/f");
	(void)said(hf_lock_acquire(lock, HF_SHARED, HF_NOWAIT), 0);
	hf_lock_close(lock);
	(void)unlink("made/f");
	(void)rmdir("made");
}

/* A child has it shared all the time. */
static void wait_for_another(int folder)
{
	hf_lock *lock = NULL;

	if (said(hf_lock_open_at(folder, "busy", HF_WRITERS_FIRST, &lock), 0))
		return;
	(void)said(hf_lock_acquire(lock, HF_EXCLUSIVE, HF_MSEC(1)), -ETIMEDOUT);
	if (!said(hf_lock_acquire(lock, HF_SHARED, HF_SEC(50)), 0))
		(void)said(hf_lock_convert(lock, HF_EXCLUSIVE, HF_MSEC(1)), -ETIMEDOUT);
	hf_lock_close(lock);
}

static void borrow(void)
{
	hf_lock *first = NULL, *second = NULL;
	int fd = open("own", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	int copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);

	(void)said(hf_lock_open_fd(fd, 0, &first), 0);
	(void)said(hf_lock_open_fd(copy, 0, &second), 0);
	if (first && !said(hf_lock_acquire(first, HF_EXCLUSIVE, HF_NOWAIT), 0))
		(void)said(hf_lock_release(first), 0);
	hf_lock_close(second);
	hf_lock_close(first);
	(void)close(copy);
	(void)close(fd);
}

static void go_round(int folder)
{
	use_a_path();
	wait_for_another(folder);
	borrow();
}

/* ---- every call, every time ---- */

/* As close() does it: what it reports, the descriptor is gone. */
static int close_badly(int fd)
{
	int ret = real.close(fd);

	return fails() ? -fault.error : ret;
}

#define HF_SYS(TYPE, NAME, PARAMETERS, ARGUMENTS)                                                  \
	static void break_##NAME(void)                                                             \
	{                                                                                          \
		hf_sys.NAME = bad_##NAME;                                                          \
	}
#include "sys.def"

static const struct entry {
	const char *name;
	void (*break_it)(void);
} entries[] = {
#define HF_SYS(TYPE, NAME, PARAMETERS, ARGUMENTS) { #NAME, break_##NAME },
#include "sys.def"
};

static void go_round_with(const struct entry *entry, int at, int folder)
{
	arm(at, 1, EIO);
	entry->break_it();
	if (hf_sys.close == bad_close)
		hf_sys.close = close_badly;
	go_round(folder);
	hf_sys = real;
}

/* Looking through /proc makes thousands of calls that are much alike: not all of those. */
static int next_after(int at, int count)
{
	return at < 100 ? at + 1 : at + 1 + count / 50;
}

static void sweep(const struct entry *entry, int folder)
{
	int fds = count_fds();
	int threads = count_threads();
	int at, count;

	go_round_with(entry, INT32_MAX, folder);
	count = fault.seen;
	for (at = 0; at < count; at = next_after(at, count)) {
		surprises = 0;
		go_round_with(entry, at, folder);
		cr_expect_eq(surprises, 0, "%s failing at %d of %d", entry->name, at, count);
		cr_expect_eq(count_fds(), fds, "%s failing at %d of %d", entry->name, at, count);
		await_threads(threads);
	}
	cr_expect_eq(try_in_child("busy", HF_SHARED), 0);
	/* One lock owner per process, and no number to keep: those have no use for two of the
	 * calls. */
	if (has_ofd_locks() ||
	    (strcmp(entry->name, "dup3") && strcmp(entry->name, "same_description")))
		cr_expect_gt(count, 0, "%s is called", entry->name);
}

Test(sweep, each_failure_of_each_call_is_told_and_leaves_nothing)
{
	struct child reader = child_holding("busy", HF_SHARED);
	int folder = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	size_t i;

	cr_assert_geq(folder, 0);
	for (i = 0; i < sizeof(entries) / sizeof(entries[0]); i++)
		sweep(&entries[i], folder);
	cr_expect_eq(child_finish(&reader), 0);
	cr_expect_eq(try_in_child("busy", HF_EXCLUSIVE), 0);
	(void)close(folder);
}
