/* SPDX-License-Identifier: MIT */
/*
 * Every system call of the library made to fail: the error comes out as it went in, at once, and
 * nothing has changed. Only EAGAIN and EACCES of a lock call mean that somebody else has it.
 */
#include "config.h"

#include "lib.h"
#include "fault.h"

#include <sys/file.h>

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

TestSuite(faults, .init = setup, .fini = teardown, .timeout = 60);

/* ---- opening ---- */

static int open_result(unsigned flags)
{
	hf_lock *lock = NULL;
	int fds = count_fds();
	int ret = hf_lock_open("a/f", flags, &lock);

	if (ret)
		cr_expect_eq(count_fds(), fds, "nothing stays open");
	hf_lock_close(lock);
	return ret;
}

Test(faults, an_open_that_fails_says_why)
{
	static const int errors[] = { EMFILE, ENFILE, EROFS, EIO, EDQUOT, ENOSPC, EINTR };
	size_t i;

	cr_assert_eq(mkdir("a", 0700), 0);
	hf_sys.openat = bad_openat;
	for (i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
		arm(0, 1, errors[i]); /* the folder */
		cr_expect_eq(open_result(0), -errors[i]);
		arm(1, 1, errors[i]); /* the file */
		cr_expect_eq(open_result(0), -errors[i]);
	}
	arm(1, 1, EAGAIN);
	cr_expect_eq(open_result(0), 0, "a lease is waited for");
	arm(1, 1, EACCES);
	cr_expect_eq(open_result(0), 0, "a sticky folder is got around");
	arm(1, 9, EACCES);
	cr_expect_eq(open_result(0), -EACCES);
}

Test(faults, a_folder_that_cannot_be_made_says_why)
{
	hf_sys.mkdirat = bad_mkdirat;
	arm(0, 1, ENOSPC);
	cr_expect_eq(open_result(HF_PARENTS), -ENOSPC);
	arm(0, 9, EROFS);
	cr_expect_eq(open_result(HF_PARENTS), -ENOENT);
	arm(0, 1, EEXIST);
	cr_expect_eq(open_result(HF_PARENTS), 0, "made by somebody else, and gone again");
}

Test(faults, a_stat_that_fails_at_open_says_why)
{
	cr_assert_eq(mkdir("a", 0700), 0);
	hf_sys.fstat = bad_fstat;
	arm(0, 1, EIO);
	cr_expect_eq(open_result(0), -EIO);
	cr_expect_eq(open_result(0), 0);
}

Test(faults, a_base_folder_that_cannot_be_kept_says_why)
{
	hf_lock *lock;
	int dir = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	hf_sys.dup = bad_dup;
	arm(0, 1, EMFILE);
	cr_expect_eq(hf_lock_open_at(dir, "f", 0, &lock), -EMFILE);
	cr_expect_eq(access("f", F_OK), -1);
	(void)close(dir);
}

/* ---- locking ---- */

Test(faults, an_error_that_is_not_contention_is_returned_at_once)
{
	static const int errors[] = { ENOLCK, ENOSYS, EIO, EOPNOTSUPP, EOVERFLOW, EBADF };
	hf_lock *lock = lock_on("f");
	size_t i;

	hf_sys.setlk = bad_setlk;
	for (i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
		arm(0, 1000, errors[i]);
		cr_expect_eq(hf_lock_acquire(lock, HF_EXCLUSIVE, HF_FOREVER), -errors[i]);
		cr_expect_eq(fault.seen, 1, "not tried again");
		cr_expect_eq(hf_lock_mode(lock), 0);
	}
	hf_sys.setlk = real.setlk;
	cr_expect_eq(hf_lock_acquire(lock, HF_EXCLUSIVE, HF_NOWAIT), 0);
	hf_lock_close(lock);
}

Test(faults, eagain_and_eacces_are_busy_and_eintr_is_tried_again)
{
	hf_lock *lock = lock_on("f");

	hf_sys.setlk = bad_setlk;
	arm(0, 1, EAGAIN);
	cr_expect_eq(hf_lock_acquire(lock, HF_EXCLUSIVE, HF_NOWAIT), -EBUSY);
	arm(0, 1, EACCES);
	cr_expect_eq(hf_lock_acquire(lock, HF_EXCLUSIVE, HF_NOWAIT), -EBUSY);
	arm(0, 3, EINTR);
	cr_expect_eq(hf_lock_acquire(lock, HF_EXCLUSIVE, HF_NOWAIT), 0);
	hf_lock_close(lock);
}

Test(faults, a_wait_that_fails_is_over)
{
	hf_lock *lock = lock_with("f", HF_CANCELLABLE);
	struct child holder = child_holding("f", HF_EXCLUSIVE);

	hf_sys.setlk = bad_setlk;
	arm(1, 1, ENOLCK);
	cr_expect_eq(hf_lock_acquire(lock, HF_EXCLUSIVE, HF_SEC(50)), -ENOLCK);
	arm(1, 1, ENOLCK);
	cr_expect_eq(hf_lock_acquire(lock, HF_EXCLUSIVE, HF_FOREVER), -ENOLCK);
	arm(1, 5, EINTR);
	cr_expect_eq(hf_lock_acquire(lock, HF_EXCLUSIVE, HF_MSEC(10)), -ETIMEDOUT);
	cr_expect_eq(hf_lock_mode(lock), 0);
	hf_sys.setlk = real.setlk;
	cr_expect_eq(child_finish(&holder), 0);
	cr_expect_eq(hf_lock_acquire(lock, HF_EXCLUSIVE, HF_NOWAIT), 0);
	hf_lock_close(lock);
}

Test(faults, an_unlock_that_fails_keeps_the_hold)
{
	hf_lock *lock = held_on("f", HF_EXCLUSIVE);

	hf_sys.setlk = bad_setlk;
	arm(0, 1, ENOLCK);
	cr_expect_eq(hf_lock_release(lock), -ENOLCK);
	cr_expect_eq(hf_lock_mode(lock), HF_EXCLUSIVE);
	cr_expect_eq(hf_lock_release(lock), 0);
	hf_lock_close(lock);
}

Test(faults, a_conversion_that_fails_keeps_the_mode)
{
	hf_lock *lock = held_on("f", HF_EXCLUSIVE);

	hf_sys.setlk = bad_setlk;
	arm(0, 1, ENOLCK);
	cr_expect_eq(hf_lock_convert(lock, HF_SHARED, HF_NOWAIT), -ENOLCK);
	cr_expect_eq(hf_lock_mode(lock), HF_EXCLUSIVE);
	cr_expect_eq(hf_lock_convert(lock, HF_SHARED, HF_NOWAIT), 0);
	arm(0, 1, EIO);
	cr_expect_eq(hf_lock_convert(lock, HF_EXCLUSIVE, HF_SEC(1)), -EIO);
	cr_expect_eq(hf_lock_mode(lock), HF_SHARED);
	cr_expect_eq(try_in_child("f", HF_SHARED), 0);
	hf_lock_close(lock);
}

static int no_ofd(int fd, int command, struct flock *range)
{
	if (command == F_OFD_SETLK || command == F_OFD_SETLKW || command == F_OFD_GETLK)
		return -EINVAL;
	return real.setlk(fd, command, range);
}

Test(faults, where_the_kernel_has_no_ofd_locks_posix_locks_serve)
{
	hf_lock *first = lock_on("f");
	hf_lock *second = lock_on("f");
	struct call call;

	hf_sys.setlk = no_ofd;
	cr_expect_eq(hf_lock_acquire(first, HF_EXCLUSIVE, HF_NOWAIT), 0);
	cr_expect_eq(acquire_in_thread(second, HF_SHARED, HF_NOWAIT), -EBUSY);
	cr_expect_eq(try_in_child("f", HF_SHARED), -EBUSY);
	call_start(&call, second, HF_SHARED, HF_SEC(50));
	cr_expect_eq(hf_lock_release(first), 0);
	cr_expect_eq(call_result(&call), 0);
	hf_lock_close(first);
	cr_expect_eq(try_in_child("f", HF_EXCLUSIVE), -EBUSY, "a close must not drop it");
	hf_lock_close(second);
	cr_expect_eq(try_in_child("f", HF_EXCLUSIVE), 0);
}

/* ---- the re-check ---- */

Test(faults, a_recheck_that_fails_gives_the_lock_back)
{
	hf_lock *lock = lock_with("f", HF_RECHECK_PATH);

	hf_sys.fstat = bad_fstat;
	arm(0, 1, EIO);
	cr_expect_eq(hf_lock_acquire(lock, HF_EXCLUSIVE, HF_NOWAIT), -EIO);
	cr_expect_eq(hf_lock_mode(lock), 0);
	cr_expect_eq(try_in_child("f", HF_EXCLUSIVE), 0);
	hf_sys.fstat = real.fstat;
	hf_sys.fstatat = bad_fstatat;
	arm(0, 1, EACCES);
	cr_expect_eq(hf_lock_acquire(lock, HF_EXCLUSIVE, HF_NOWAIT), -EACCES);
	cr_expect_eq(try_in_child("f", HF_EXCLUSIVE), 0);
	cr_expect_eq(hf_lock_acquire(lock, HF_EXCLUSIVE, HF_NOWAIT), 0);
	hf_lock_close(lock);
}

Test(faults, a_move_that_fails_changes_nothing)
{
	hf_lock *lock = lock_on("f");
	int fds = count_fds();

	cr_assert_eq(unlink("f"), 0);
	hf_sys.openat = bad_openat;
	arm(0, 1, EMFILE);
	cr_expect_eq(hf_lock_acquire(lock, HF_EXCLUSIVE, HF_NOWAIT), -EMFILE);
	hf_sys.openat = real.openat;
	hf_sys.fstat = bad_fstat;
	arm(1, 1, EIO); /* of the new file */
	cr_expect_eq(hf_lock_acquire(lock, HF_EXCLUSIVE, HF_NOWAIT), -EIO);
	hf_sys.fstat = real.fstat;
	if (has_ofd_locks()) {
		hf_sys.dup3 = bad_dup3;
		arm(0, 1, EBUSY);
		cr_expect_eq(hf_lock_acquire(lock, HF_EXCLUSIVE, HF_NOWAIT), -EBUSY);
	}
	cr_expect_eq(count_fds(), fds);
	cr_expect_eq(hf_lock_mode(lock), 0);
	cr_expect_eq(hf_lock_acquire(lock, HF_EXCLUSIVE, HF_NOWAIT), 0);
	cr_expect_eq(count_fds(), fds);
	hf_lock_close(lock);
}

/* ---- asking ---- */

static int see_nobody(const struct hf_holder *holder, void *arg)
{
	(void)holder;
	(void)arg;
	return 0;
}

Test(faults, without_proc_locks_holders_are_not_guessed)
{
	hf_lock *lock = lock_on("f");

	hf_sys.openat = bad_openat;
	arm(0, 1000, ENOENT);
	cr_expect_eq(hf_lock_each_holder(lock, HF_SHARED, see_nobody, NULL), -EOPNOTSUPP);
	hf_sys.openat = real.openat;
	hf_sys.read = bad_read;
	arm(0, 1000, EIO);
	cr_expect_eq(hf_lock_each_holder(lock, HF_SHARED, see_nobody, NULL), -EOPNOTSUPP);
	hf_lock_close(lock);
}

static int no_query(int fd, int command, struct flock *range)
{
	return command == F_OFD_GETLK ? -EINVAL : real.setlk(fd, command, range);
}

Test(faults, verify_asks_proc_where_the_kernel_has_no_answer)
{
	hf_lock *lock = held_on("f", HF_EXCLUSIVE);

	hf_sys.setlk = no_query;
	cr_expect_eq(hf_lock_verify(lock), 0);
	hf_sys.openat = bad_openat;
	arm(0, 1000, ENOENT);
	cr_expect_eq(hf_lock_verify(lock), -EOPNOTSUPP);
	hf_lock_close(lock);
}

Test(faults, verify_finds_a_loss_in_proc_too)
{
	hf_lock *lock = held_on("f", HF_EXCLUSIVE);
	struct flock range = { .l_type = F_RDLCK, .l_whence = SEEK_SET, .l_start = 9, .l_len = 1 };
	int command = has_ofd_locks() ? F_OFD_SETLK : F_SETLK;

	hf_sys.setlk = no_query;
	cr_assert_eq(fcntl(hf_lock_fd(lock), command, &range), 0);
	cr_expect_eq(hf_lock_verify(lock), -EIDRM, "one byte is only shared");
	range = (struct flock){ .l_type = F_UNLCK, .l_whence = SEEK_SET };
	cr_assert_eq(fcntl(hf_lock_fd(lock), command, &range), 0);
	cr_expect_eq(hf_lock_verify(lock), -EIDRM);
	hf_lock_close(lock);
}

/* ---- /proc/locks, which moves while it is read ---- */

static int copies; /* of it, that the next look gets: 0 is a look that misses all */

static int open_copies(int dirfd, const char *path, int flags, mode_t mode)
{
	char text[65536];
	ssize_t count;
	int from, to, i;

	if (strcmp(path, "/proc/locks") != 0 || copies == 1)
		return real.openat(dirfd, path, flags, mode);
	to = real.openat(AT_FDCWD, "copies", O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	for (i = 0; i < copies; i++) {
		from = real.openat(dirfd, path, flags, mode);
		while ((count = read(from, text, sizeof(text))) > 0)
			(void)!write(to, text, (size_t)count);
		(void)close(from);
	}
	copies = 1;
	(void)lseek(to, 0, SEEK_SET);
	return to;
}

static int count_holder(const struct hf_holder *holder, void *arg)
{
	(void)holder;
	++*(int *)arg;
	return 0;
}

Test(faults, a_lock_that_proc_tells_twice_has_one_holder)
{
	struct flock range = { .l_type = F_RDLCK, .l_whence = SEEK_SET };
	hf_lock *lock = lock_on("f");
	int fd = open("f", O_RDWR | O_CLOEXEC);
	int count = 0;

	cr_assert_eq(fcntl(fd, F_SETLK, &range), 0);
	cr_assert_eq(flock(fd, LOCK_SH), 0);
	hf_sys.openat = open_copies;
	copies = 2;
	cr_expect_eq(hf_lock_each_holder(lock, HF_EXCLUSIVE, count_holder, &count), 0);
	cr_expect_eq(count, 2, "one has the POSIX lock, one the flock");
	(void)close(fd);
	hf_lock_close(lock);
}

Test(faults, a_lock_that_one_look_at_proc_misses_is_not_lost)
{
	hf_lock *lock = lock_on("f");

	hf_sys.setlk = no_ofd;
	cr_expect_eq(hf_lock_acquire(lock, HF_EXCLUSIVE, HF_NOWAIT), 0);
	hf_sys.openat = open_copies;
	copies = 0;
	cr_expect_eq(hf_lock_verify(lock), 0);
	hf_lock_close(lock);
}

/* ---- borrowed descriptors ---- */

Test(faults, a_descriptor_lent_twice_is_one_owner_even_where_the_kernel_cannot_compare)
{
	hf_lock *first, *second;
	int fd = open("f", O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	hf_sys.same_description = bad_same_description;
	arm(0, 1000, EPERM);
	cr_assert_eq(hf_lock_open_fd(fd, 0, &first), 0);
	cr_assert_eq(hf_lock_open_fd(fd, 0, &second), 0);
	cr_expect_eq(hf_lock_acquire(first, HF_EXCLUSIVE, HF_NOWAIT), 0);
	cr_expect_eq(acquire_in_thread(second, HF_EXCLUSIVE, HF_NOWAIT), -EBUSY);
	hf_lock_close(second);
	hf_lock_close(first);
	(void)close(fd);
}

Test(faults, a_borrowed_descriptor_that_cannot_be_looked_at_says_why)
{
	hf_lock *lock;
	int fd = open("f", O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	cr_assert_eq(hf_lock_open_fd(fd, 0, &lock), 0);
	hf_sys.fstat = bad_fstat;
	arm(0, 1, EIO);
	cr_expect_eq(hf_lock_acquire(lock, HF_EXCLUSIVE, HF_NOWAIT), -EIO);
	cr_expect_eq(hf_lock_mode(lock), 0);
	hf_lock_close(lock);
	(void)close(fd);
}

Test(faults, every_error_has_a_text)
{
	int i;

	cr_expect_str_eq(hf_strerror(0), "no error");
	cr_expect_str_eq(hf_strerror(-EBUSY), hf_strerror(EBUSY));
	cr_expect_str_neq(hf_strerror(-EDEADLK), hf_strerror(-EBUSY));
	for (i = -200; i <= 200; i++)
		cr_expect_gt(strlen(hf_strerror(i)), 0);
	cr_expect_gt(strlen(hf_strerror(INT32_MIN)), 0);
	cr_expect_eq(hf_version(),
		     HF_VERSION_MAJOR << 16 | HF_VERSION_MINOR << 8 | HF_VERSION_PATCH);
}
