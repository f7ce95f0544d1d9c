/* SPDX-License-Identifier: MIT */
/*
 * libc's clock_gettime costs no system call, but a call to it by name may end somewhere else:
 * clang's ThreadSanitizer has one in the program itself, which does not work before the program's
 * own constructors have run. So the next definition after ours is looked up, and until then the
 * kernel is asked: once, in most programs, which is cheaper than the pages of libc and the kernel's
 * that the first call without a system call touches.
 */
#include "clock.h"

#include <time.h>

#include "rawsys.h"
#include "symbols.h"

static int (*libc_clock)(clockid_t, struct timespec *);

void hf_clock_init(void)
{
	(void)hf_symbols_init();
	libc_clock = (int (*)(clockid_t, struct timespec *))hf_symbols_next("clock_gettime", NULL);
}

static uint64_t read_clock(clockid_t clock)
{
	struct timespec now = { 0 };

	if (libc_clock)
		(void)libc_clock(clock, &now);
	else
		(void)raw_syscall3(SYS_clock_gettime, clock, (long)&now, 0);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

uint64_t hf_clock_monotonic(void)
{
	return read_clock(CLOCK_MONOTONIC);
}

uint64_t hf_clock_realtime(void)
{
	return read_clock(CLOCK_REALTIME);
}
