/* SPDX-License-Identifier: MIT */
/* hf_lock_open and its flags. */
#include "config.h"

#include "lib.h"

#include <limits.h>

TestSuite(opening, .init = folder_setup, .fini = folder_teardown, .timeout = 60);

static mode_t mode_of(const char *path)
{
	struct stat st;

	cr_assert_eq(stat(path, &st), 0);
	return st.st_mode & 07777;
}

static int open_result(const char *path, unsigned flags)
{
	hf_lock *lock = NULL;
	int fds = count_fds();
	int ret = hf_lock_open(path, flags, &lock);

	if (ret)
		cr_expect_eq(count_fds(), fds, "a failed open keeps nothing");
	hf_lock_close(lock);
	cr_expect_eq(count_fds(), fds);
	return ret;
}

Test(opening, a_missing_file_is_made_with_the_umask_applied)
{
	(void)umask(0027);
	cr_expect_eq(open_result("f", 0), 0);
	cr_expect_eq(mode_of("f"), 0640);
	cr_expect_eq(umask(0), 0027);
}

Test(opening, content_and_mode_of_a_file_survive)
{
	hf_lock *lock;
	char text[16] = "";
	int fd;

	write_file("f", "precious");
	cr_assert_eq(chmod("f", 0600), 0);
	lock = held_on("f", HF_EXCLUSIVE);
	cr_expect_eq(hf_lock_release(lock), 0);
	hf_lock_close(lock);
	fd = open("f", O_RDONLY | O_CLOEXEC);
	cr_expect_eq(read(fd, text, sizeof(text)), 8);
	cr_expect_str_eq(text, "precious");
	(void)close(fd);
	cr_expect_eq(mode_of("f"), 0600);
}

Test(opening, no_create_needs_the_file)
{
	cr_expect_eq(open_result("f", HF_NO_CREATE), -ENOENT);
	write_file("f", "");
	cr_expect_eq(open_result("f", HF_NO_CREATE), 0);
}

Test(opening, missing_folders_are_made_when_asked)
{
	cr_expect_eq(open_result("a/b/c/f", 0), -ENOENT);
	cr_expect_eq(open_result("a/b/c/f", HF_PARENTS), 0);
	cr_expect_eq(access("a/b/c/f", F_OK), 0);
	cr_expect_eq(open_result("a/b/d//e/./f", HF_PARENTS), 0);
	cr_expect_eq(open_result("a/b/c/f/g", HF_PARENTS), -ENOTDIR);
}

static int make_folders(struct child *self, void *arg)
{
	hf_lock *lock;

	(void)arg;
	await_go(self);
	return -hf_lock_open("x/y/z/f", HF_PARENTS, &lock);
}

Test(opening, ten_processes_make_the_same_folders_at_once)
{
	struct child children[10];
	int i;

	for (i = 0; i < 10; i++)
		children[i] = child_start(make_folders, NULL);
	for (i = 0; i < 10; i++)
		cr_expect_eq(child_finish(&children[i]), 0);
}

Test(opening, a_symbolic_link_is_followed_only_when_asked)
{
	cr_assert_eq(symlink("target", "f"), 0);
	cr_expect_eq(open_result("f", 0), -ELOOP);
	cr_expect_eq(access("target", F_OK), -1);
	cr_expect_eq(open_result("f", HF_FOLLOW), 0);
	cr_expect_eq(access("target", F_OK), 0);
}

Test(opening, read_only_locks_a_file_that_may_not_be_written)
{
	hf_lock *lock;

	write_file("f", "");
	cr_assert_eq(chmod("f", 0444), 0);
	lock = lock_with("f", HF_READONLY);
	cr_expect_eq(fcntl(hf_lock_fd(lock), F_GETFL) & O_ACCMODE, O_RDONLY);
	cr_expect_eq(hf_lock_acquire(lock, HF_SHARED, HF_NOWAIT), 0);
	cr_expect_eq(hf_lock_release(lock), 0);
	cr_expect_eq(hf_lock_acquire(lock, HF_EXCLUSIVE, HF_FOREVER), -EBADF);
	hf_lock_close(lock);
}

Test(opening, the_descriptor_is_closed_on_exec)
{
	hf_lock *lock = lock_on("f");

	cr_expect(fcntl(hf_lock_fd(lock), F_GETFD) & FD_CLOEXEC);
	hf_lock_close(lock);
}

Test(opening, a_chdir_changes_nothing)
{
	hf_lock *lock = lock_with("f", HF_RECHECK_PATH);

	cr_assert_eq(mkdir("elsewhere", 0700), 0);
	cr_assert_eq(chdir("elsewhere"), 0);
	cr_expect_eq(hf_lock_acquire(lock, HF_EXCLUSIVE, HF_NOWAIT), 0);
	cr_expect_eq(access("f", F_OK), -1);
	cr_assert_eq(unlink("../f"), 0);
	cr_expect_eq(hf_lock_release(lock), 0);
	cr_expect_eq(hf_lock_acquire(lock, HF_EXCLUSIVE, HF_NOWAIT), 0);
	cr_expect_eq(access("../f", F_OK), 0, "made anew where it was");
	hf_lock_close(lock);
	cr_assert_eq(chdir(".."), 0);
}

Test(opening, a_path_can_be_relative_to_a_folder)
{
	hf_lock *lock;
	int dir;

	cr_assert_eq(mkdir("d", 0700), 0);
	dir = open("d", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	cr_assert_eq(hf_lock_open_at(dir, "f", HF_RECHECK_PATH, &lock), 0);
	(void)close(dir);
	cr_expect_eq(hf_lock_acquire(lock, HF_EXCLUSIVE, HF_NOWAIT), 0);
	cr_expect_eq(try_in_child("d/f", HF_SHARED), -EBUSY);
	hf_lock_close(lock);
	cr_expect_eq(hf_lock_open_at(-5, "f", 0, &lock), -EBADF);
}

Test(opening, bad_arguments_are_refused)
{
	hf_lock *lock;

	cr_expect_eq(hf_lock_open(NULL, 0, &lock), -EINVAL);
	cr_expect_eq(hf_lock_open("", 0, &lock), -EINVAL);
	cr_expect_eq(hf_lock_open("f", 0, NULL), -EINVAL);
	cr_expect_eq(hf_lock_open("f", 1u << 30, &lock), -EINVAL);
	cr_expect_eq(hf_lock_open("f", HF_NO_RECHECK | HF_RECHECK_PATH, &lock), -EINVAL);
	cr_expect_eq(hf_lock_open("f", HF_PARENTS | HF_NO_CREATE, &lock), -EINVAL);
	cr_expect_eq(hf_lock_open_range("f", HF_WRITERS_FIRST, 0, 1, &lock), -EINVAL);
	cr_expect_eq(hf_lock_open_range("f", 0, UINT64_MAX, 1, &lock), -EINVAL);
	cr_expect_eq(hf_lock_open_range("f", 0, 1, INT64_MAX + UINT64_C(1), &lock), -EINVAL);
	cr_expect_eq(hf_lock_open_range("f", 0, 10, UINT64_MAX, &lock), -EINVAL);
	cr_expect_eq(access("f", F_OK), -1, "and made nothing");
	lock = lock_on("f");
	cr_expect_eq(hf_lock_acquire(lock, (hf_mode)0, HF_NOWAIT), -EINVAL);
	cr_expect_eq(hf_lock_acquire(lock, HF_SHARED, -1), -EINVAL);
	cr_expect_eq(hf_lock_convert(lock, (hf_mode)3, HF_NOWAIT), -EINVAL);
	hf_lock_close(lock);
	hf_lock_close(NULL);
}

Test(opening, null_is_refused_by_every_function)
{
	cr_expect_eq(hf_lock_acquire(NULL, HF_SHARED, 0), -EINVAL);
	cr_expect_eq(hf_lock_convert(NULL, HF_SHARED, 0), -EINVAL);
	cr_expect_eq(hf_lock_release(NULL), -EINVAL);
	cr_expect_eq(hf_lock_mode(NULL), -EINVAL);
	cr_expect_eq(hf_lock_verify(NULL), -EINVAL);
	cr_expect_eq(hf_lock_fd(NULL), -EINVAL);
	cr_expect_eq(hf_lock_cancel(NULL), -EINVAL);
	cr_expect_eq(hf_lock_on_wait(NULL, NULL, NULL), -EINVAL);
	cr_expect_eq(hf_lock_each_holder(NULL, HF_SHARED, NULL, NULL), -EINVAL);
	cr_expect_eq(hf_with_lock("f", HF_SHARED, HF_NOWAIT, NULL, NULL, NULL), -EINVAL);
	cr_expect_eq(access("f", F_OK), -1);
}

Test(opening, every_flag_that_is_not_one_is_refused)
{
	hf_lock *lock;
	unsigned flag;

	for (flag = HF_CANCELLABLE << 1; flag; flag <<= 1) {
		cr_expect_eq(hf_lock_open("f", flag, &lock), -EINVAL, "%x", flag);
		cr_expect_eq(hf_lock_open_at(AT_FDCWD, "f", flag, &lock), -EINVAL, "%x", flag);
		cr_expect_eq(hf_lock_open_range("f", flag, 0, 1, &lock), -EINVAL, "%x", flag);
		cr_expect_eq(hf_lock_open_fd(0, flag, &lock), -EINVAL, "%x", flag);
	}
	cr_expect_eq(access("f", F_OK), -1);
}

Test(opening, ranges_reach_the_last_byte)
{
	hf_lock *last, *rest;

	cr_assert_eq(hf_lock_open_range("f", 0, INT64_MAX, 1, &last), 0);
	cr_assert_eq(hf_lock_open_range("f", 0, 0, INT64_MAX, &rest), 0);
	cr_expect_eq(hf_lock_acquire(last, HF_EXCLUSIVE, HF_NOWAIT), 0);
	cr_expect_eq(hf_lock_acquire(rest, HF_EXCLUSIVE, HF_NOWAIT), 0);
	cr_expect_eq(try_in_child("f", HF_SHARED), -EBUSY);
	hf_lock_close(last);
	hf_lock_close(rest);
	cr_expect_eq(try_in_child("f", HF_SHARED), 0);
}

Test(opening, two_processes_lock_different_ranges)
{
	struct child holder = child_holding_range("f", HF_EXCLUSIVE, 100, 50);
	hf_lock *before, *across, *after;

	cr_assert_eq(hf_lock_open_range("f", 0, 0, 100, &before), 0);
	cr_assert_eq(hf_lock_open_range("f", 0, 149, 2, &across), 0);
	cr_assert_eq(hf_lock_open_range("f", 0, 150, 0, &after), 0);
	cr_expect_eq(hf_lock_acquire(before, HF_EXCLUSIVE, HF_NOWAIT), 0);
	cr_expect_eq(hf_lock_acquire(across, HF_SHARED, HF_NOWAIT), -EBUSY);
	cr_expect_eq(hf_lock_acquire(across, HF_SHARED, HF_MSEC(5)), -ETIMEDOUT);
	cr_expect_eq(hf_lock_acquire(after, HF_EXCLUSIVE, HF_NOWAIT), 0);
	hf_lock_close(before);
	hf_lock_close(across);
	hf_lock_close(after);
	cr_expect_eq(child_finish(&holder), 0);
}

static int lock_as_nobody(struct child *self, void *arg)
{
	hf_lock *lock;

	(void)self;
	(void)arg;
	if (setgid(65534) || setuid(65534))
		return 99;
	return -hf_lock_open("sticky/f", 0, &lock);
}

Test(opening, another_users_file_in_a_sticky_folder_can_be_locked)
{
	struct child child;

	if (geteuid() != 0)
		cr_skip("needs root, to be two users");
	cr_assert_eq(chmod(".", 0755), 0);
	cr_assert_eq(mkdir("sticky", 0777), 0);
	cr_assert_eq(chmod("sticky", 01777), 0);
	write_file("sticky/f", "");
	cr_assert_eq(chown("sticky/f", 1, 1), 0);
	cr_assert_eq(chmod("sticky/f", 0666), 0);
	child = child_start(lock_as_nobody, NULL);
	cr_expect_eq(child_finish(&child), 0);
}

Test(opening, a_fifo_does_not_hang_the_open)
{
	cr_assert_eq(mkfifo("f", 0600), 0);
	cr_expect_eq(open_result("f", HF_READONLY), 0);
}

Test(opening, a_program_without_stdio_does_not_get_its_numbers)
{
	hf_lock *lock;
	int saved = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 10);
	int fd;

	(void)close(STDIN_FILENO);
	lock = lock_on("f");
	fd = hf_lock_fd(lock);
	hf_lock_close(lock);
	if (saved >= 0)
		(void)dup2(saved, STDIN_FILENO);
	cr_expect_gt(fd, STDERR_FILENO);
}

Test(opening, a_folder_that_is_a_file_is_passed_on)
{
	write_file("file", "");
	cr_expect_eq(open_result("file/f", 0), -ENOTDIR);
	cr_expect_eq(open_result(".", 0), -EISDIR);
}
