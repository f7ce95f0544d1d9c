/* SPDX-License-Identifier: MIT */
/* hf_lock_each_holder: who is in the way. */
#include "config.h"

#include "lib.h"

#include <sys/file.h>
#include <sys/mman.h>

TestSuite(holders, .init = folder_setup, .fini = folder_teardown, .timeout = 60);

#define MAX_SEEN 16

struct seen {
	int count;
	struct hf_holder holders[MAX_SEEN];
	char commands[MAX_SEEN][64];
	int answer;
};

static int see(const struct hf_holder *holder, void *arg)
{
	struct seen *seen = arg;

	if (seen->count < MAX_SEEN) {
		seen->holders[seen->count] = *holder;
		(void)snprintf(seen->commands[seen->count], sizeof(seen->commands[0]), "%s",
			       holder->command);
	}
	seen->count++;
	return seen->answer;
}

static struct seen look(hf_lock *lock, hf_mode mode)
{
	struct seen seen = { .count = 0 };

	cr_assert_eq(hf_lock_each_holder(lock, mode, see, &seen), 0);
	return seen;
}

/* The first argument of this program, which its children share. */
static const char *own_name(void)
{
	static char text[32];
	int fd = open("/proc/self/cmdline", O_RDONLY | O_CLOEXEC);

	cr_assert_gt(read(fd, text, sizeof(text) - 1), 0);
	(void)close(fd);
	cr_assert_neq(text[0], 0);
	return text;
}

Test(holders, nobody_is_no_call)
{
	hf_lock *lock = lock_on("f");

	cr_expect_eq(look(lock, HF_EXCLUSIVE).count, 0);
	hf_lock_close(lock);
}

Test(holders, a_holder_is_named_with_pid_command_and_start_time)
{
	struct child holder = child_holding("f", HF_EXCLUSIVE);
	hf_lock *lock = lock_on("f");
	struct seen seen = look(lock, HF_SHARED);

	cr_assert_eq(seen.count, 1);
	cr_expect_eq(seen.holders[0].pid, holder.pid);
	cr_expect_eq(seen.holders[0].mode, HF_EXCLUSIVE);
	cr_expect_eq(seen.holders[0].kind, has_ofd_locks() ? HF_HOLDER_OFD : HF_HOLDER_POSIX);
	cr_expect_eq(seen.holders[0].start, 0);
	cr_expect_eq(seen.holders[0].length, 0);
	cr_expect_gt(seen.holders[0].start_time, 0);
	cr_expect_eq(strncmp(seen.commands[0], own_name(), strlen(own_name())), 0);
	cr_expect_eq(seen.holders[0].size, sizeof(struct hf_holder));
	cr_expect_eq(child_finish(&holder), 0);
	hf_lock_close(lock);
}

Test(holders, readers_are_in_a_writers_way_only)
{
	struct child one = child_holding("f", HF_SHARED);
	struct child two = child_holding("f", HF_SHARED);
	hf_lock *lock = lock_on("f");
	struct seen seen = look(lock, HF_EXCLUSIVE);

	cr_expect_eq(look(lock, HF_SHARED).count, 0);
	cr_assert_eq(seen.count, 2);
	cr_expect_neq(seen.holders[0].pid, seen.holders[1].pid);
	cr_expect(seen.holders[0].pid == one.pid || seen.holders[0].pid == two.pid);
	cr_expect(seen.holders[1].pid == one.pid || seen.holders[1].pid == two.pid);
	cr_expect_eq(child_finish(&one), 0);
	cr_expect_eq(child_finish(&two), 0);
	hf_lock_close(lock);
}

Test(holders, only_overlapping_ranges_count)
{
	struct child holder = child_holding_range("f", HF_EXCLUSIVE, 10, 10);
	hf_lock *before, *across;
	struct seen seen;

	cr_assert_eq(hf_lock_open_range("f", 0, 0, 10, &before), 0);
	cr_assert_eq(hf_lock_open_range("f", 0, 19, 1, &across), 0);
	cr_expect_eq(look(before, HF_EXCLUSIVE).count, 0);
	seen = look(across, HF_SHARED);
	cr_assert_eq(seen.count, 1);
	cr_expect_eq(seen.holders[0].start, 10);
	cr_expect_eq(seen.holders[0].length, 10);
	cr_expect_eq(child_finish(&holder), 0);
	hf_lock_close(before);
	hf_lock_close(across);
}

static int hold_otherwise(struct child *self, void *arg)
{
	struct flock range = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	int fd = open("f", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	bool posix = *(bool *)arg;

	if (fd < 0 || (posix ? fcntl(fd, F_SETLK, &range) : flock(fd, LOCK_EX)))
		return 1;
	tell(self, 'h');
	await_go(self);
	return 0;
}

static void expect_kind(bool posix, enum hf_holder_kind kind)
{
	struct child holder = child_start(hold_otherwise, &posix);
	hf_lock *lock;
	struct seen seen;

	cr_assert_eq(child_told(&holder), 'h');
	lock = lock_on("f");
	seen = look(lock, HF_SHARED);
	cr_assert_eq(seen.count, 1);
	cr_expect_eq(seen.holders[0].kind, kind);
	cr_expect_eq(seen.holders[0].pid, holder.pid);
	cr_expect_eq(child_finish(&holder), 0);
	hf_lock_close(lock);
}

Test(holders, a_posix_holder_is_told)
{
	expect_kind(true, HF_HOLDER_POSIX);
}

Test(holders, a_flock_holder_is_told_as_such)
{
	expect_kind(false, HF_HOLDER_FLOCK);
}

/* One open file description, in two processes. */
static int hold_ofd_together(struct child *self, void *arg)
{
	struct flock range = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	int fd = open("f", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	pid_t pid;

	if (fd < 0 || fcntl(fd, F_OFD_SETLK, &range))
		return 1;
	pid = fork();
	if (pid == 0) {
		await_go(self);
		_exit(0);
	}
	*(pid_t *)arg = pid;
	tell(self, 'h');
	(void)waitpid(pid, NULL, 0);
	return 0;
}

Test(holders, a_lock_that_two_processes_share_has_both_of_them)
{
	pid_t *heir = mmap(NULL, sizeof(*heir), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
			   -1, 0);
	struct child holder;
	struct seen seen;
	hf_lock *lock;

	cr_assert_neq(heir, MAP_FAILED);
	holder = child_start(hold_ofd_together, heir);
	cr_assert_eq(child_told(&holder), 'h');
	lock = lock_on("f");
	seen = look(lock, HF_SHARED);
	cr_assert_eq(seen.count, 2);
	cr_expect_eq(seen.holders[0].kind, HF_HOLDER_OFD);
	cr_expect_eq(seen.holders[0].pid + seen.holders[1].pid, holder.pid + *heir);
	cr_expect_neq(seen.holders[0].pid, seen.holders[1].pid);
	cr_expect_eq(child_finish(&holder), 0);
	hf_lock_close(lock);
}

static int look_as_nobody(struct child *self, void *arg)
{
	struct seen seen = { .count = 0 };

	(void)self;
	if (setgid(65534) || setuid(65534) || hf_lock_each_holder(arg, HF_SHARED, see, &seen))
		return 99;
	return seen.count == 1 && seen.holders[0].pid == 0 && !seen.commands[0][0] ? 0 : 1;
}

static int open_and_look_as_nobody(struct child *self, void *arg)
{
	hf_lock *lock;

	(void)arg;
	if (hf_lock_open("f", 0, &lock))
		return 98;
	return look_as_nobody(self, lock);
}

Test(holders, who_may_not_be_looked_at_is_unknown_and_not_nobody)
{
	struct child holder, watcher;

	if (geteuid() != 0 || !has_ofd_locks())
		cr_skip("needs root, to be another user, and a holder without a public pid");
	cr_assert_eq(chmod(".", 0755), 0);
	holder = child_holding("f", HF_EXCLUSIVE);
	watcher = child_start(open_and_look_as_nobody, NULL);
	cr_expect_eq(child_finish(&watcher), 0);
	cr_expect_eq(child_finish(&holder), 0);
}

Test(holders, ones_own_hold_is_told_and_the_callback_can_stop)
{
	hf_lock *lock = held_on("f", HF_SHARED);
	struct seen seen = look(lock, HF_EXCLUSIVE);

	cr_assert_eq(seen.count, 1);
	cr_expect_eq(seen.holders[0].pid, getpid());
	seen = (struct seen){ .answer = 17 };
	cr_expect_eq(hf_lock_each_holder(lock, HF_EXCLUSIVE, see, &seen), 17);
	cr_expect_eq(hf_lock_each_holder(lock, HF_EXCLUSIVE, NULL, NULL), -EINVAL);
	cr_expect_eq(hf_lock_each_holder(lock, (hf_mode)0, see, &seen), -EINVAL);
	hf_lock_close(lock);
}

static int name_the_holders(hf_lock *lock, hf_mode mode, void *arg)
{
	return hf_lock_each_holder(lock, mode, see, arg);
}

Test(holders, can_be_asked_for_when_a_wait_is_announced)
{
	struct child holder = child_holding("f", HF_EXCLUSIVE);
	hf_lock *lock = lock_on("f");
	struct seen seen = { .count = 0 };

	cr_assert_eq(hf_lock_on_wait(lock, name_the_holders, &seen), 0);
	cr_expect_eq(hf_lock_acquire(lock, HF_EXCLUSIVE, HF_MSEC(10)), -ETIMEDOUT);
	cr_assert_eq(seen.count, 1);
	cr_expect_eq(seen.holders[0].pid, holder.pid);
	cr_expect_eq(child_finish(&holder), 0);
	hf_lock_close(lock);
}
