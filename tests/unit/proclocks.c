/* SPDX-License-Identifier: MIT */
#include "proclocks.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>
#include <sys/sysmacros.h>

static int parse(const char *line, struct hf_proclock *ret)
{
	return hf_proclock_parse(line, strlen(line), ret);
}

Test(proclocks, a_posix_lock_of_proc_locks_is_read, .timeout = 10)
{
	struct hf_proclock lock;

	cr_assert_eq(parse("12: POSIX  ADVISORY  WRITE 3693 fe:00:10952736 0 EOF", &lock), 0);
	cr_expect_eq(lock.number, 12);
	cr_expect_eq(lock.primitive, HF_PRIM_POSIX);
	cr_expect_eq(lock.mode, HF_MODE_WRITE);
	cr_expect_eq(lock.pid, 3693);
	cr_expect_eq(lock.id.dev, makedev(0xfe, 0));
	cr_expect_eq(lock.id.ino, 10952736);
	cr_expect_eq(lock.start, 0);
	cr_expect_eq(lock.end, HF_EOF);
	cr_expect_not(lock.waiting);
}

Test(proclocks, an_ofd_lock_of_fdinfo_is_read, .timeout = 10)
{
	struct hf_proclock lock;

	cr_assert_eq(parse("lock:\t1: OFDLCK ADVISORY  READ -1 103:12345:77 5 9", &lock), 0);
	cr_expect_eq(lock.primitive, HF_PRIM_OFD);
	cr_expect_eq(lock.mode, HF_MODE_READ);
	cr_expect_eq(lock.pid, -1);
	cr_expect_eq(lock.id.dev, makedev(0x103, 0x12345));
	cr_expect_eq(lock.end, 9);
}

Test(proclocks, a_waiter_is_told_from_a_holder, .timeout = 10)
{
	struct hf_proclock lock;

	cr_assert_eq(parse("1: -> FLOCK  ADVISORY  WRITE 5 08:01:3 0 EOF", &lock), 0);
	cr_expect(lock.waiting);
	cr_expect_eq(lock.number, 1);
}

Test(proclocks, a_waiter_behind_a_waiter_is_deeper, .timeout = 10)
{
	struct hf_proclock lock;

	cr_assert_eq(parse("1: POSIX  ADVISORY  WRITE 5 08:01:3 0 EOF", &lock), 0);
	cr_expect_eq(lock.depth, 0);
	cr_assert_eq(parse("1: -> POSIX  ADVISORY  WRITE 6 08:01:3 0 EOF", &lock), 0);
	cr_expect_eq(lock.depth, 1);
	cr_assert_eq(parse("1:  -> POSIX  ADVISORY  WRITE 7 08:01:3 0 EOF", &lock), 0);
	cr_expect_eq(lock.depth, 2);
}

Test(proclocks, a_lease_is_no_lock, .timeout = 10)
{
	struct hf_proclock lock;

	cr_expect_eq(parse("3: LEASE  ACTIVE    READ 5 08:01:3 0 EOF", &lock), -ENOENT);
	cr_expect_eq(parse("3: DELEG  ACTIVE    READ 5 08:01:3 0 EOF", &lock), -ENOENT);
}

Test(proclocks, every_truncation_of_a_line_is_refused_and_writes_nothing, .timeout = 10)
{
	const char *line = "1: POSIX  ADVISORY  WRITE 3693 fe:00:10952736 0 EOF";
	struct hf_proclock lock, untouched;

	memset(&lock, 0x5a, sizeof(lock));
	untouched = lock;
	for (size_t length = 0; length < strlen(line); length++) {
		cr_expect_eq(hf_proclock_parse(line, length, &lock), -EINVAL, "%zu bytes", length);
		cr_expect_arr_eq(&lock, &untouched, sizeof(lock));
	}
}

Test(proclocks, numbers_too_large_and_ranges_upside_down_are_refused, .timeout = 10)
{
	struct hf_proclock lock;

	cr_expect_eq(parse("1: POSIX ADVISORY WRITE 1 fe:00:99999999999999999999 0 EOF", &lock), -EINVAL);
	cr_expect_eq(parse("1: POSIX ADVISORY WRITE 1 fe:00:9 10 5", &lock), -EINVAL);
	cr_expect_eq(parse("1: POSIX ADVISORY WRITE 99999999999 fe:00:9 0 5", &lock), -EINVAL);
}
