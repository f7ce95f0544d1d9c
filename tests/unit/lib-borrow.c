/* SPDX-License-Identifier: MIT */
/* hf_lock_open_fd: the caller's own descriptor; and hf_lock_verify: is it really held. */
#include "config.h"

#include "lib.h"

TestSuite(borrowing, .init = folder_setup, .fini = folder_teardown, .timeout = 60);

static hf_lock *borrow(int fd, unsigned flags)
{
	hf_lock *lock = NULL;

	cr_assert_eq(hf_lock_open_fd(fd, flags, &lock), 0);
	return lock;
}

static int open_file(const char *path, int flags)
{
	int fd = open(path, flags | O_CREAT | O_CLOEXEC, 0600);

	cr_assert_geq(fd, 0);
	return fd;
}

Test(borrowing, a_borrowed_descriptor_locks_and_stays_open)
{
	int fd = open_file("f", O_RDWR);
	hf_lock *lock = borrow(fd, 0);

	cr_expect_eq(hf_lock_fd(lock), fd);
	cr_expect_eq(hf_lock_acquire(lock, HF_EXCLUSIVE, HF_NOWAIT), 0);
	cr_expect_eq(try_in_child("f", HF_SHARED), -EBUSY);
	hf_lock_close(lock);
	cr_expect_eq(fcntl(fd, F_GETFD), FD_CLOEXEC);
	cr_expect_eq(try_in_child("f", HF_SHARED), 0);
	(void)close(fd);
}

Test(borrowing, duplicates_of_one_description_exclude_each_other)
{
	int fd = open_file("f", O_RDWR);
	int copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	hf_lock *first = borrow(fd, 0);
	hf_lock *second = borrow(copy, 0);
	struct call call;

	cr_expect_eq(hf_lock_acquire(first, HF_EXCLUSIVE, HF_NOWAIT), 0);
	cr_expect_eq(hf_lock_acquire(second, HF_SHARED, HF_NOWAIT), -EDEADLK);
	cr_expect_eq(acquire_in_thread(second, HF_SHARED, HF_NOWAIT), -EBUSY);
	call_start(&call, second, HF_EXCLUSIVE, HF_SEC(50));
	(void)usleep(5000);
	cr_expect_eq(hf_lock_release(first), 0);
	cr_expect_eq(call_result(&call), 0);
	cr_expect_eq(acquire_in_thread(first, HF_SHARED, HF_NOWAIT), -EBUSY);
	cr_expect_eq(try_in_child("f", HF_SHARED), -EBUSY);
	hf_lock_close(first);
	cr_expect_eq(try_in_child("f", HF_SHARED), -EBUSY, "the duplicate's hold stays");
	hf_lock_close(second);
	cr_expect_eq(try_in_child("f", HF_SHARED), 0);
	(void)close(copy);
	(void)close(fd);
}

Test(borrowing, shared_holds_on_duplicates_end_one_by_one)
{
	int fd = open_file("f", O_RDWR);
	int copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	hf_lock *first = borrow(fd, 0);
	hf_lock *second = borrow(copy, 0);

	cr_expect_eq(hf_lock_acquire(first, HF_SHARED, HF_NOWAIT), 0);
	cr_expect_eq(acquire_in_thread(second, HF_SHARED, HF_NOWAIT), 0);
	cr_expect_eq(hf_lock_release(first), 0);
	cr_expect_eq(try_in_child("f", HF_EXCLUSIVE), -EBUSY);
	hf_lock_close(second);
	cr_expect_eq(try_in_child("f", HF_EXCLUSIVE), 0);
	hf_lock_close(first);
	(void)close(copy);
	(void)close(fd);
}

Test(borrowing, a_descriptor_that_names_another_file_is_refused)
{
	int fd = open_file("f", O_RDWR);
	int other = open_file("g", O_RDWR);
	hf_lock *lock = borrow(fd, 0);

	cr_assert_eq(hf_lock_acquire(lock, HF_SHARED, HF_NOWAIT), 0);
	cr_assert_eq(dup3(other, fd, O_CLOEXEC), fd);
	cr_expect_eq(hf_lock_verify(lock), -EBADF);
	cr_expect_eq(hf_lock_convert(lock, HF_EXCLUSIVE, HF_NOWAIT), -EBADF);
	(void)hf_lock_release(lock);
	cr_expect_eq(hf_lock_acquire(lock, HF_SHARED, HF_NOWAIT), -EBADF);
	hf_lock_close(lock);
	(void)close(fd);
	(void)close(other);
}

Test(borrowing, what_cannot_be_borrowed_is_refused)
{
	hf_lock *lock;
	int fd = open_file("f", O_RDWR);

	cr_expect_eq(hf_lock_open_fd(-1, 0, &lock), -EBADF);
	cr_expect_eq(hf_lock_open_fd(fd, HF_PARENTS, &lock), -EINVAL);
	cr_expect_eq(hf_lock_open_fd(fd, 0, NULL), -EINVAL);
	(void)close(fd);
}

Test(borrowing, the_descriptors_mode_counts)
{
	int fd = open_file("f", O_RDONLY);
	hf_lock *lock = borrow(fd, 0);

	cr_expect_eq(hf_lock_acquire(lock, HF_EXCLUSIVE, HF_NOWAIT), -EBADF);
	cr_expect_eq(hf_lock_acquire(lock, HF_SHARED, HF_NOWAIT), 0);
	hf_lock_close(lock);
	(void)close(fd);
}

/* ---- verify ---- */

static void unlock_behind_the_back(const hf_lock *lock)
{
	struct flock range = { .l_type = F_UNLCK, .l_whence = SEEK_SET };

	cr_assert_eq(fcntl(hf_lock_fd(lock), has_ofd_locks() ? F_OFD_SETLK : F_SETLK, &range), 0);
}

Test(borrowing, verify_confirms_what_is_held)
{
	hf_lock *lock = lock_on("f");
	hf_lock *range;

	cr_expect_eq(hf_lock_verify(lock), -EPERM);
	cr_expect_eq(hf_lock_acquire(lock, HF_SHARED, HF_NOWAIT), 0);
	cr_expect_eq(hf_lock_verify(lock), 0);
	cr_expect_eq(hf_lock_convert(lock, HF_EXCLUSIVE, HF_NOWAIT), 0);
	cr_expect_eq(hf_lock_verify(lock), 0);
	hf_lock_close(lock);
	cr_assert_eq(hf_lock_open_range("f", 0, 5, 7, &range), 0);
	cr_expect_eq(hf_lock_acquire(range, HF_EXCLUSIVE, HF_NOWAIT), 0);
	cr_expect_eq(hf_lock_verify(range), 0);
	hf_lock_close(range);
}

Test(borrowing, verify_confirms_a_writers_first_hold)
{
	hf_lock *lock = lock_with("f", HF_WRITERS_FIRST);

	cr_expect_eq(hf_lock_acquire(lock, HF_SHARED, HF_NOWAIT), 0);
	cr_expect_eq(hf_lock_verify(lock), 0);
	cr_expect_eq(hf_lock_convert(lock, HF_EXCLUSIVE, HF_NOWAIT), 0);
	cr_expect_eq(hf_lock_verify(lock), 0);
	hf_lock_close(lock);
}

Test(borrowing, verify_tells_a_lost_lock)
{
	hf_lock *lock = held_on("f", HF_EXCLUSIVE);

	unlock_behind_the_back(lock);
	cr_expect_eq(hf_lock_verify(lock), -EIDRM);
	cr_expect_eq(hf_lock_release(lock), 0);
	hf_lock_close(lock);
}

Test(borrowing, verify_tells_a_lock_that_was_weakened_or_holed)
{
	hf_lock *lock = held_on("f", HF_EXCLUSIVE);
	struct flock range = { .l_type = F_RDLCK, .l_whence = SEEK_SET, .l_start = 5, .l_len = 1 };
	int command = has_ofd_locks() ? F_OFD_SETLK : F_SETLK;

	cr_assert_eq(fcntl(hf_lock_fd(lock), command, &range), 0);
	cr_expect_eq(hf_lock_verify(lock), -EIDRM);
	range.l_type = F_WRLCK;
	cr_assert_eq(fcntl(hf_lock_fd(lock), command, &range), 0);
	cr_expect_eq(hf_lock_verify(lock), 0);
	hf_lock_close(lock);
}

Test(borrowing, verify_tells_a_replaced_file)
{
	hf_lock *lock = held_on("f", HF_EXCLUSIVE);

	cr_assert_eq(rename("f", "old"), 0);
	cr_expect_eq(hf_lock_verify(lock), -ESTALE);
	write_file("f", "");
	cr_expect_eq(hf_lock_verify(lock), -ESTALE);
	cr_assert_eq(rename("old", "f"), 0);
	cr_expect_eq(hf_lock_verify(lock), 0);
	hf_lock_close(lock);
}

static void open_and_close(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	cr_assert_geq(fd, 0);
	(void)close(fd);
}

Test(borrowing, a_strangers_open_and_close_does_not_drop_the_lock)
{
	hf_lock *lock = held_on("f", HF_EXCLUSIVE);

	if (!has_ofd_locks())
		cr_skip("POSIX locks are dropped by any close of the file");
	open_and_close("f");
	cr_expect_eq(hf_lock_verify(lock), 0);
	cr_expect_eq(try_in_child("f", HF_SHARED), -EBUSY);
	hf_lock_close(lock);
}

Test(borrowing, without_ofd_locks_verify_reports_what_a_stray_close_dropped)
{
	hf_lock *lock = held_on("f", HF_EXCLUSIVE);

	if (has_ofd_locks())
		cr_skip("OFD locks are not dropped by a stray close");
	open_and_close("f");
	cr_expect_eq(hf_lock_verify(lock), -EIDRM);
	hf_lock_close(lock);
}

Test(borrowing, closing_another_handle_of_the_file_drops_nothing)
{
	hf_lock *lock = held_on("f", HF_EXCLUSIVE);
	int fds = count_fds();
	int i;

	for (i = 0; i < 50; i++)
		hf_lock_close(lock_on("f"));
	cr_expect_eq(hf_lock_verify(lock), 0);
	cr_expect_eq(try_in_child("f", HF_SHARED), -EBUSY);
	cr_expect_leq(count_fds(), fds + 1, "what must stay open is used again");
	cr_expect_eq(hf_lock_release(lock), 0);
	cr_expect_eq(count_fds(), fds, "and closed with the last hold");
	hf_lock_close(lock);
}
