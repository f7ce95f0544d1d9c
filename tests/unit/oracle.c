/* SPDX-License-Identifier: MIT */
/* Every verdict of the oracle, against locks that the kernel really has or has not. */
#include "oracle.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define NO_ROOT 77

static char path[] = "/tmp/holdfast-oracle-XXXXXX";
static struct hf_fileid id;
static int a, b; /* two descriptions of the file */

static int open_again(int flags)
{
	int fd = open(path, flags | O_CLOEXEC);

	cr_assert_geq(fd, 0);
	return fd;
}

static void begin(void)
{
	struct stat st;

	a = mkostemp(path, O_CLOEXEC);
	cr_assert_geq(a, 0);
	b = open_again(O_RDWR);
	cr_assert_eq(fstat(a, &st), 0);
	id = (struct hf_fileid){ st.st_dev, st.st_ino };
}

static void end(void)
{
	unlink(path);
}

TestSuite(oracle, .init = begin, .fini = end, .timeout = 20);

static struct flock range(int type, off_t start, off_t length)
{
	return (struct flock){
		.l_type = (short)type, .l_whence = SEEK_SET, .l_start = start, .l_len = length
	};
}

static int set(int fd, int command, int type, off_t start, off_t length)
{
	struct flock lock = range(type, start, length);

	return fcntl(fd, command, &lock);
}

#define POSIX(fd, type, start, length) cr_assert_eq(set(fd, F_SETLK, type, start, length), 0)
#define OFD(fd, type, start, length) cr_assert_eq(set(fd, F_OFD_SETLK, type, start, length), 0)

static enum hf_truth ask_how(enum hf_primitive primitive, int fd, enum hf_lockmode mode, uint64_t start,
			     uint64_t end, enum hf_proof *proof)
{
	struct hf_question question = { .primitive = primitive,
					.mode = mode,
					.fd = fd,
					.pid = getpid(),
					.start = start,
					.end = end,
					.id = id };

	return hf_oracle_ask(&question, proof);
}

static enum hf_truth ask(enum hf_primitive primitive, int fd, enum hf_lockmode mode, uint64_t start,
			 uint64_t end)
{
	return ask_how(primitive, fd, mode, start, end, NULL);
}

static enum hf_truth ask_posix(int fd, enum hf_lockmode mode, uint64_t start, uint64_t end)
{
	return ask(HF_PRIM_POSIX, fd, mode, start, end);
}

/* Another process that has that lock until the test ends. */
static pid_t stranger(int command, int type, off_t start, off_t length)
{
	int granted[2];
	char answer = 0;
	pid_t pid;

	cr_assert_eq(pipe(granted), 0);
	pid = fork();
	if (pid == 0) {
		int fd = open(path, O_RDWR);

		answer = (char)(set(fd, command, type, start, length) == 0);
		(void)!write(granted[1], &answer, 1);
		pause();
		_exit(0);
	}
	cr_assert_eq(read(granted[0], &answer, 1), 1);
	cr_assert(answer);
	close(granted[0]);
	close(granted[1]);
	return pid;
}

static void dismiss(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

Test(oracle, posix_a_range_is_held_if_every_byte_of_it_is)
{
	enum hf_proof proof;

	POSIX(a, F_WRLCK, 10, 10);
	cr_expect_eq(ask_how(HF_PRIM_POSIX, a, HF_MODE_WRITE, 10, 19, &proof), HF_TRUTH_HELD);
	cr_expect_eq(proof, HF_PROOF_GETLK);
	cr_expect_eq(ask_posix(a, HF_MODE_WRITE, 12, 12), HF_TRUTH_HELD);
	cr_expect_eq(ask_posix(b, HF_MODE_WRITE, 10, 19), HF_TRUTH_HELD, "any descriptor will do");
	cr_expect_eq(ask_posix(a, HF_MODE_WRITE, 9, 19), HF_TRUTH_GONE);
	cr_expect_eq(ask_posix(a, HF_MODE_WRITE, 10, 20), HF_TRUTH_GONE);
	cr_expect_eq(ask_posix(a, HF_MODE_WRITE, 10, HF_EOF), HF_TRUTH_GONE);
	cr_expect_eq(ask_posix(a, HF_MODE_WRITE, 100, 109), HF_TRUTH_GONE);
}

Test(oracle, posix_a_stronger_mode_will_do_and_a_weaker_one_will_not)
{
	POSIX(a, F_WRLCK, 0, 10);
	POSIX(a, F_RDLCK, 10, 10);
	cr_expect_eq(ask_posix(a, HF_MODE_READ, 0, 19), HF_TRUTH_HELD);
	cr_expect_eq(ask_posix(a, HF_MODE_WRITE, 0, 9), HF_TRUTH_HELD);
	cr_expect_eq(ask_posix(a, HF_MODE_WRITE, 10, 19), HF_TRUTH_GONE);
	cr_expect_eq(ask_posix(a, HF_MODE_WRITE, 0, 19), HF_TRUTH_GONE);
}

Test(oracle, posix_a_hole_in_the_middle_is_seen)
{
	POSIX(a, F_WRLCK, 0, 0);
	POSIX(a, F_UNLCK, 50, 1);
	cr_expect_eq(ask_posix(a, HF_MODE_WRITE, 0, HF_EOF), HF_TRUTH_GONE);
	cr_expect_eq(ask_posix(a, HF_MODE_WRITE, 0, 49), HF_TRUTH_HELD);
	cr_expect_eq(ask_posix(a, HF_MODE_WRITE, 51, HF_EOF), HF_TRUTH_HELD);
}

Test(oracle, posix_a_close_of_another_descriptor_loses_it)
{
	POSIX(a, F_WRLCK, 0, 0);
	close(open_again(O_RDONLY));
	cr_expect_eq(ask_posix(a, HF_MODE_WRITE, 0, HF_EOF), HF_TRUTH_GONE);
}

Test(oracle, posix_a_parents_locks_are_not_the_childs)
{
	pid_t pid;
	int status;

	POSIX(a, F_WRLCK, 0, 0);
	pid = fork();
	if (pid == 0)
		_exit(ask_posix(a, HF_MODE_WRITE, 0, HF_EOF) == HF_TRUTH_GONE ? 0 : 1);
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	cr_expect_eq(status, 0);
}

Test(oracle, posix_behind_a_strangers_shared_lock_fdinfo_decides)
{
	pid_t pid = stranger(F_SETLK, F_RDLCK, 0, 0); /* first in the kernel's list */
	enum hf_proof proof;

	POSIX(a, F_RDLCK, 0, 10);
	cr_expect_eq(ask_how(HF_PRIM_POSIX, a, HF_MODE_READ, 0, 9, &proof), HF_TRUTH_HELD);
	cr_expect_eq(proof, HF_PROOF_FDINFO);
	cr_expect_eq(ask_posix(a, HF_MODE_READ, 0, 10), HF_TRUTH_GONE);
	cr_expect_eq(ask_posix(a, HF_MODE_WRITE, 0, 9), HF_TRUTH_GONE);
	close(open_again(O_RDONLY));
	cr_expect_eq(ask_how(HF_PRIM_POSIX, a, HF_MODE_READ, 0, 9, &proof), HF_TRUTH_GONE);
	cr_expect_eq(proof, HF_PROOF_FDINFO);
	dismiss(pid);
}

Test(oracle, posix_behind_a_strangers_ofd_lock_fdinfo_decides)
{
	pid_t pid = stranger(F_OFD_SETLK, F_RDLCK, 0, 0);

	POSIX(a, F_RDLCK, 0, 10);
	cr_expect_eq(ask_posix(a, HF_MODE_READ, 0, 9), HF_TRUTH_HELD);
	POSIX(a, F_UNLCK, 5, 1);
	cr_expect_eq(ask_posix(a, HF_MODE_READ, 0, 9), HF_TRUTH_GONE);
	dismiss(pid);
}

/* The kernel joins both ranges into one, and lists it under the descriptor of one of them. */
Test(oracle, posix_a_joined_range_is_found_under_another_descriptor)
{
	pid_t pid = stranger(F_SETLK, F_RDLCK, 0, 0);

	POSIX(a, F_RDLCK, 0, 10);
	POSIX(b, F_RDLCK, 10, 10);
	cr_expect_eq(ask_posix(a, HF_MODE_READ, 0, 19), HF_TRUTH_HELD);
	cr_expect_eq(ask_posix(b, HF_MODE_READ, 0, 19), HF_TRUTH_HELD);
	cr_expect_eq(ask_posix(b, HF_MODE_READ, 10, 19), HF_TRUTH_HELD);
	cr_expect_eq(ask_posix(b, HF_MODE_READ, 10, 20), HF_TRUTH_GONE);
	dismiss(pid);
}

/* Every other one of another mode, so that the kernel joins none. */
static void lock_many(int fd, int count, off_t hole)
{
	for (off_t i = 0; i < count; i++)
		POSIX(fd, i % 2 ? F_WRLCK : F_RDLCK, 10 + i * 10, 10);
	POSIX(fd, F_UNLCK, hole, 1);
}

Test(oracle, posix_many_ranges_are_followed_from_one_to_the_next)
{
	pid_t pid = stranger(F_SETLK, F_RDLCK, 0, 10);
	int copy = dup(a);

	POSIX(a, F_RDLCK, 0, 10);
	lock_many(a, 200, 5000);
	cr_expect_eq(ask_posix(a, HF_MODE_READ, 0, 2009), HF_TRUTH_HELD);
	cr_expect_eq(ask_posix(b, HF_MODE_READ, 100, 2009), HF_TRUTH_HELD);
	POSIX(a, F_UNLCK, 1005, 1);
	cr_expect_eq(ask_posix(a, HF_MODE_READ, 0, 2009), HF_TRUTH_GONE,
		     "what the duplicate lists again does not fill the hole");
	cr_expect_eq(ask_posix(a, HF_MODE_READ, 100, 2009), HF_TRUTH_GONE);
	cr_expect_geq(copy, 0);
	dismiss(pid);
}

/* Each descriptor lists those that were taken through it: no one of them gets far. */
Test(oracle, posix_ranges_listed_by_turns_are_followed)
{
	pid_t pid = stranger(F_SETLK, F_RDLCK, 0, 10);

	for (off_t i = 0; i < 20; i++)
		POSIX(i % 2 ? a : b, i % 2 ? F_WRLCK : F_RDLCK, 10 + i * 10, 10);
	POSIX(a, F_RDLCK, 0, 10);
	cr_expect_eq(ask_posix(a, HF_MODE_READ, 0, 209), HF_TRUTH_HELD);
	cr_expect_eq(ask_posix(b, HF_MODE_READ, 0, 209), HF_TRUTH_HELD);
	cr_expect_eq(ask_posix(b, HF_MODE_READ, 0, 210), HF_TRUTH_GONE);
	POSIX(a, F_UNLCK, 100, 1);
	cr_expect_eq(ask_posix(b, HF_MODE_READ, 0, 209), HF_TRUTH_GONE);
	dismiss(pid);
}

Test(oracle, ofd_a_description_has_what_it_took_and_no_other_has)
{
	int copy = dup(a);

	OFD(a, F_WRLCK, 0, 10);
	cr_expect_eq(ask(HF_PRIM_OFD, a, HF_MODE_WRITE, 0, 9), HF_TRUTH_HELD);
	cr_expect_eq(ask(HF_PRIM_OFD, copy, HF_MODE_READ, 3, 9), HF_TRUTH_HELD);
	cr_expect_eq(ask(HF_PRIM_OFD, b, HF_MODE_READ, 0, 9), HF_TRUTH_GONE);
	cr_expect_eq(ask(HF_PRIM_OFD, a, HF_MODE_READ, 0, 10), HF_TRUTH_GONE);
	cr_expect_eq(ask_posix(a, HF_MODE_WRITE, 0, 9), HF_TRUTH_GONE, "nor has the process");
	close(a);
	cr_expect_eq(ask(HF_PRIM_OFD, copy, HF_MODE_WRITE, 0, 9), HF_TRUTH_HELD);
	OFD(copy, F_UNLCK, 4, 1);
	cr_expect_eq(ask(HF_PRIM_OFD, copy, HF_MODE_WRITE, 0, 9), HF_TRUTH_GONE);
}

Test(oracle, ofd_shared_locks_of_two_descriptions_are_kept_apart)
{
	OFD(a, F_RDLCK, 0, 10);
	OFD(b, F_RDLCK, 5, 10);
	cr_expect_eq(ask(HF_PRIM_OFD, a, HF_MODE_READ, 0, 9), HF_TRUTH_HELD);
	cr_expect_eq(ask(HF_PRIM_OFD, b, HF_MODE_READ, 5, 14), HF_TRUTH_HELD);
	cr_expect_eq(ask(HF_PRIM_OFD, a, HF_MODE_READ, 0, 14), HF_TRUTH_GONE);
	cr_expect_eq(ask(HF_PRIM_OFD, a, HF_MODE_WRITE, 0, 9), HF_TRUTH_GONE);
}

Test(oracle, ofd_a_child_that_unlocks_takes_it_from_its_parent)
{
	pid_t pid;

	OFD(a, F_WRLCK, 0, 10);
	pid = fork();
	if (pid == 0)
		_exit(set(a, F_OFD_SETLK, F_UNLCK, 0, 0) != 0);
	waitpid(pid, NULL, 0);
	cr_expect_eq(ask(HF_PRIM_OFD, a, HF_MODE_READ, 0, 9), HF_TRUTH_GONE);
}

Test(oracle, flock_is_held_by_its_description_in_its_mode)
{
	int copy = dup(a);
	enum hf_proof proof;

	cr_expect_eq(ask(HF_PRIM_FLOCK, a, HF_MODE_READ, 0, HF_EOF), HF_TRUTH_GONE);
	cr_assert_eq(flock(a, LOCK_SH), 0);
	cr_expect_eq(ask_how(HF_PRIM_FLOCK, a, HF_MODE_READ, 0, HF_EOF, &proof), HF_TRUTH_HELD);
	cr_expect_eq(proof, HF_PROOF_FDINFO);
	cr_expect_eq(ask(HF_PRIM_FLOCK, a, HF_MODE_WRITE, 0, HF_EOF), HF_TRUTH_GONE);
	cr_expect_eq(ask(HF_PRIM_FLOCK, b, HF_MODE_READ, 0, HF_EOF), HF_TRUTH_GONE);
	cr_assert_eq(flock(copy, LOCK_EX), 0);
	cr_expect_eq(ask(HF_PRIM_FLOCK, a, HF_MODE_WRITE, 0, HF_EOF), HF_TRUTH_HELD);
	close(copy);
	cr_expect_eq(ask(HF_PRIM_FLOCK, a, HF_MODE_WRITE, 0, HF_EOF), HF_TRUTH_HELD);
}

Test(oracle, flock_a_conversion_that_fails_has_lost_the_old_lock)
{
	cr_assert_eq(flock(a, LOCK_SH), 0);
	cr_assert_eq(flock(b, LOCK_SH), 0);
	cr_assert_eq(flock(a, LOCK_EX | LOCK_NB), -1);
	cr_expect_eq(ask(HF_PRIM_FLOCK, a, HF_MODE_READ, 0, HF_EOF), HF_TRUTH_GONE);
	cr_expect_eq(ask(HF_PRIM_FLOCK, b, HF_MODE_READ, 0, HF_EOF), HF_TRUTH_HELD);
}

Test(oracle, what_cannot_be_asked_is_unknown)
{
	enum hf_proof proof;

	cr_assert_eq(flock(a, LOCK_EX), 0);
	close(b);
	cr_expect_eq(ask_how(HF_PRIM_FLOCK, b, HF_MODE_WRITE, 0, HF_EOF, &proof), HF_TRUTH_UNKNOWN);
	cr_expect_eq(proof, HF_PROOF_NONE);
	cr_expect_eq(ask_how(HF_PRIM_OFD, b, HF_MODE_WRITE, 0, 9, &proof), HF_TRUTH_UNKNOWN);
	cr_expect_eq(ask_how(HF_PRIM_POSIX, b, HF_MODE_WRITE, 0, 9, &proof), HF_TRUTH_UNKNOWN);
	cr_expect_eq(proof, HF_PROOF_NONE);
}

/* In a child, for a chroot is for good. */
static int ask_without_proc(void)
{
	char empty[] = "/tmp/holdfast-oracle-root-XXXXXX";

	if (!mkdtemp(empty) || chroot(empty)) {
		rmdir(empty);
		return NO_ROOT;
	}
	rmdir("/");
	if (set(a, F_SETLK, F_WRLCK, 0, 10) || flock(a, LOCK_EX))
		return 1;
	if (ask_posix(a, HF_MODE_WRITE, 0, 9) != HF_TRUTH_HELD)
		return 2;
	if (ask_posix(a, HF_MODE_WRITE, 0, 10) != HF_TRUTH_GONE)
		return 3;
	return ask(HF_PRIM_FLOCK, a, HF_MODE_WRITE, 0, HF_EOF) == HF_TRUTH_UNKNOWN ? 0 : 4;
}

Test(oracle, without_proc_a_flock_is_unknown_and_a_posix_lock_is_not)
{
	pid_t pid = fork();
	int status;

	if (pid == 0)
		_exit(ask_without_proc());
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	if (WEXITSTATUS(status) == NO_ROOT)
		cr_skip_test("chroot() needs root");
	cr_expect_eq(status, 0, "status %x", status);
}

Test(oracle, descriptions_are_told_apart)
{
	int copy = fcntl(a, F_DUPFD_CLOEXEC, 100);

	cr_expect_eq(hf_oracle_same_description(a, a, getpid()), 1);
	cr_expect_eq(hf_oracle_same_description(a, copy, getpid()), 1);
	cr_expect_eq(hf_oracle_same_description(a, b, getpid()), 0);
	cr_expect_eq(hf_oracle_same_description(a, 5000, getpid()), -1);
	cr_expect(hf_oracle_is_open(copy, id));
	cr_expect_not(hf_oracle_is_open(5000, id));
	cr_expect_not(hf_oracle_is_open(a, (struct hf_fileid){ id.dev, id.ino + 1 }));
}

static int who(enum hf_lockmode mode, uint64_t start, uint64_t end)
{
	struct hf_question question = {
		.mode = mode, .fd = a, .pid = getpid(), .start = start, .end = end
	};

	return hf_oracle_stranger(&question);
}

Test(oracle, who_is_in_the_way_is_named_if_the_kernel_names_them)
{
	pid_t posix = stranger(F_SETLK, F_RDLCK, 0, 10);
	pid_t ofd = stranger(F_OFD_SETLK, F_WRLCK, 20, 10);

	POSIX(a, F_WRLCK, 40, 10);
	cr_expect_eq(who(HF_MODE_WRITE, 0, 9), posix);
	cr_expect_eq(who(HF_MODE_READ, 0, 9), 0);
	cr_expect_eq(who(HF_MODE_READ, 20, 29), -1);
	cr_expect_eq(who(HF_MODE_WRITE, 40, 49), 0, "we are not in our own way");
	cr_expect_eq(who(HF_MODE_WRITE, 100, HF_EOF), 0);
	dismiss(posix);
	dismiss(ofd);
}

Test(oracle, an_ofd_lock_of_another_description_is_recognised_in_the_way)
{
	struct hf_question question = {
		.mode = HF_MODE_WRITE, .fd = a, .pid = getpid(), .start = 0, .end = 99
	};
	struct hf_proclock lock = { .mode = HF_MODE_READ, .start = 10, .end = 19 };

	cr_expect_not(hf_oracle_is_in_the_way(&question, &lock));
	OFD(b, F_RDLCK, 10, 10);
	cr_expect(hf_oracle_is_in_the_way(&question, &lock));
	lock.end = 18;
	cr_expect_not(hf_oracle_is_in_the_way(&question, &lock));
	question.mode = HF_MODE_READ;
	lock.end = 19;
	cr_expect_not(hf_oracle_is_in_the_way(&question, &lock), "readers share");
}

Test(oracle, errno_stays_as_it_was)
{
	errno = EXDEV;
	(void)ask(HF_PRIM_FLOCK, 5000, HF_MODE_WRITE, 0, HF_EOF);
	(void)ask(HF_PRIM_OFD, 5000, HF_MODE_WRITE, 0, HF_EOF);
	(void)hf_oracle_same_description(a, 5000, getpid());
	(void)hf_oracle_is_open(5000, id);
	cr_expect_eq(errno, EXDEV);
}
