/* SPDX-License-Identifier: MIT */
/* The lock file is unlinked or replaced: while it is held, while somebody waits, and before. */
#include "config.h"

#include "lib.h"

TestSuite(replace, .init = folder_setup, .fini = folder_teardown, .timeout = 60);

static ino_t inode_of(const char *path)
{
	struct stat st;

	cr_assert_eq(stat(path, &st), 0);
	return st.st_ino;
}

static ino_t inode_of_fd(int fd)
{
	struct stat st;

	cr_assert_eq(fstat(fd, &st), 0);
	return st.st_ino;
}

static void replace(const char *path)
{
	write_file("new", "new\n");
	cr_assert_eq(rename("new", path), 0);
}

Test(replace, a_handle_from_before_an_unlink_moves_to_the_new_file)
{
	hf_lock *lock = lock_on("f");
	int fd = hf_lock_fd(lock);

	cr_assert_eq(unlink("f"), 0);
	cr_expect_eq(hf_lock_acquire(lock, HF_EXCLUSIVE, HF_NOWAIT), 0);
	cr_expect_eq(inode_of_fd(hf_lock_fd(lock)), inode_of("f"));
	if (has_ofd_locks())
		cr_expect_eq(hf_lock_fd(lock), fd, "the number stays");
	cr_expect_eq(try_in_child("f", HF_SHARED), -EBUSY);
	hf_lock_close(lock);
}

Test(replace, two_handles_around_an_unlink_meet_on_one_file)
{
	hf_lock *before = lock_on("f");
	hf_lock *after;

	cr_assert_eq(unlink("f"), 0);
	after = held_on("f", HF_EXCLUSIVE);
	cr_expect_eq(acquire_in_thread(before, HF_EXCLUSIVE, HF_NOWAIT), -EBUSY);
	cr_expect_eq(hf_lock_release(after), 0);
	cr_expect_eq(acquire_in_thread(before, HF_EXCLUSIVE, HF_NOWAIT), 0);
	hf_lock_close(after);
	hf_lock_close(before);
}

Test(replace, a_waiter_is_not_content_with_a_dead_file)
{
	struct child holder = child_holding("f", HF_EXCLUSIVE);
	hf_lock *lock = lock_on("f");
	struct call waiting;

	call_start(&waiting, lock, HF_EXCLUSIVE, HF_SEC(50));
	await_waiter("f");
	replace("f");
	cr_expect_eq(child_finish(&holder), 0);
	cr_expect_eq(call_result(&waiting), 0);
	cr_expect_eq(inode_of_fd(hf_lock_fd(lock)), inode_of("f"));
	cr_expect_eq(try_in_child("f", HF_SHARED), -EBUSY);
	hf_lock_close(lock);
}

Test(replace, a_waiter_notices_a_file_that_was_only_renamed_away)
{
	struct child holder = child_holding("f", HF_EXCLUSIVE);
	hf_lock *lock = lock_on("f");
	struct call waiting;

	call_start(&waiting, lock, HF_EXCLUSIVE, HF_FOREVER);
	await_waiter("f");
	cr_assert_eq(rename("f", "old"), 0);
	write_file("f", "");
	cr_expect_eq(child_finish(&holder), 0);
	cr_expect_eq(call_result(&waiting), 0);
	cr_expect_eq(inode_of_fd(hf_lock_fd(lock)), inode_of("f"));
	hf_lock_close(lock);
}

Test(replace, the_deadline_counts_across_a_move)
{
	struct child old_holder = child_holding("f", HF_EXCLUSIVE);
	struct child new_holder;
	hf_lock *lock = lock_on("f");
	struct call waiting;

	call_start(&waiting, lock, HF_EXCLUSIVE, HF_MSEC(200));
	await_waiter("f");
	replace("f");
	new_holder = child_holding("f", HF_EXCLUSIVE);
	cr_expect_eq(child_finish(&old_holder), 0);
	cr_expect_eq(call_result(&waiting), -ETIMEDOUT);
	cr_expect_eq(hf_lock_mode(lock), 0);
	cr_expect_eq(child_finish(&new_holder), 0);
	cr_expect_eq(try_in_child("f", HF_EXCLUSIVE), 0);
	hf_lock_close(lock);
}

Test(replace, only_recheck_path_sees_a_rename_without_a_wait)
{
	hf_lock *plain = lock_on("f");
	hf_lock *strict = lock_with("f", HF_RECHECK_PATH);
	ino_t old = inode_of("f");

	cr_assert_eq(rename("f", "old"), 0);
	write_file("f", "");
	cr_expect_eq(hf_lock_acquire(strict, HF_EXCLUSIVE, HF_NOWAIT), 0);
	cr_expect_eq(inode_of_fd(hf_lock_fd(strict)), inode_of("f"));
	cr_expect_eq(hf_lock_acquire(plain, HF_EXCLUSIVE, HF_NOWAIT), 0);
	cr_expect_eq(inode_of_fd(hf_lock_fd(plain)), old);
	hf_lock_close(strict);
	hf_lock_close(plain);
}

Test(replace, without_the_recheck_a_dead_file_is_locked)
{
	hf_lock *lock = lock_with("f", HF_NO_RECHECK);
	ino_t old = inode_of("f");

	replace("f");
	cr_expect_eq(hf_lock_acquire(lock, HF_EXCLUSIVE, HF_NOWAIT), 0);
	cr_expect_eq(inode_of_fd(hf_lock_fd(lock)), old);
	hf_lock_close(lock);
}

Test(replace, a_file_that_may_not_be_made_anew_is_stale)
{
	hf_lock *lock;

	write_file("f", "");
	lock = lock_with("f", HF_NO_CREATE);
	cr_assert_eq(unlink("f"), 0);
	cr_expect_eq(hf_lock_acquire(lock, HF_SHARED, HF_NOWAIT), -ESTALE);
	cr_expect_eq(hf_lock_mode(lock), 0);
	write_file("f", "");
	cr_expect_eq(hf_lock_acquire(lock, HF_SHARED, HF_NOWAIT), 0, "it is there again");
	hf_lock_close(lock);
}

Test(replace, a_handle_that_another_thread_holds_does_not_move)
{
	hf_lock *lock = lock_on("f");
	int fd = hf_lock_fd(lock);
	ino_t old = inode_of("f");

	cr_assert_eq(hf_lock_acquire(lock, HF_SHARED, HF_NOWAIT), 0);
	cr_assert_eq(unlink("f"), 0);
	cr_expect_eq(acquire_in_thread(lock, HF_SHARED, HF_NOWAIT), -ESTALE);
	cr_expect_eq(hf_lock_mode(lock), HF_SHARED);
	cr_expect_eq(inode_of_fd(fd), old);
	cr_expect_eq(hf_lock_release(lock), 0);
	cr_expect_eq(acquire_in_thread(lock, HF_SHARED, HF_NOWAIT), 0);
	hf_lock_close(lock);
}

Test(replace, a_failed_move_changes_nothing)
{
	hf_lock *lock = lock_on("f");
	int fds = count_fds();

	cr_assert_eq(unlink("f"), 0);
	cr_assert_eq(symlink("elsewhere", "f"), 0);
	cr_expect_eq(hf_lock_acquire(lock, HF_EXCLUSIVE, HF_NOWAIT), -ELOOP);
	cr_expect_eq(hf_lock_mode(lock), 0);
	cr_expect_eq(count_fds(), fds);
	cr_assert_eq(unlink("f"), 0);
	cr_expect_eq(hf_lock_acquire(lock, HF_EXCLUSIVE, HF_NOWAIT), 0);
	cr_expect_eq(count_fds(), fds);
	hf_lock_close(lock);
}

/* Everybody removes the file before releasing it, as many programs do. */
#define REMOVERS 4
#define REMOVALS 50

static int remove_and_release(struct child *self, void *arg)
{
	hf_lock *lock;
	int fd, i;

	(void)self;
	(void)arg;
	if (hf_lock_open("f", 0, &lock))
		return 1;
	for (i = 0; i < REMOVALS; i++) {
		if (hf_lock_acquire(lock, HF_EXCLUSIVE, HF_SEC(50)))
			return 2;
		fd = open("inside", O_CREAT | O_EXCL | O_CLOEXEC, 0600);
		if (fd < 0)
			return 3; /* somebody else believes to be alone */
		(void)close(fd);
		(void)unlink("inside");
		(void)unlink("f");
		if (hf_lock_release(lock))
			return 4;
	}
	return 0;
}

Test(replace, processes_that_unlink_before_releasing_are_never_two_inside)
{
	struct child children[REMOVERS];
	int i;

	for (i = 0; i < REMOVERS; i++)
		children[i] = child_start(remove_and_release, NULL);
	for (i = 0; i < REMOVERS; i++)
		cr_expect_eq(child_finish(&children[i]), 0);
}
