/* SPDX-License-Identifier: MIT */
/*
 * System calls of the library that fail when told to: hf_sys.NAME = bad_NAME, for every NAME of
 * lib/sys.def, and arm(). A test that changes hf_sys first keeps it in real.
 */
#ifndef TESTS_UNIT_FAULT_H
#define TESTS_UNIT_FAULT_H

#include <stdbool.h>

#include "sys.h"

static struct hf_sys real; /* the table before a test changes it */

/* The call that fails, from the skip-th on, how often, and with what. */
static struct {
	int skip;
	int times;
	int error;
	int seen;
} fault;

static bool fails(void)
{
	int seen = __atomic_fetch_add(&fault.seen, 1, __ATOMIC_SEQ_CST);

	return seen >= fault.skip && seen < fault.skip + fault.times;
}

static void arm(int skip, int times, int error)
{
	fault.skip = skip;
	fault.times = times;
	fault.error = error;
	fault.seen = 0;
}

#define HF_SYS(TYPE, NAME, PARAMETERS, ARGUMENTS)                                                  \
	__attribute__((unused)) static TYPE bad_##NAME PARAMETERS                                  \
	{                                                                                          \
		return fails() ? -fault.error : real.NAME ARGUMENTS;                               \
	}
/* Those are only counted. */
#define HF_SYS_SURE(TYPE, NAME, PARAMETERS, ARGUMENTS)                                             \
	__attribute__((unused)) static TYPE bad_##NAME PARAMETERS                                  \
	{                                                                                          \
		(void)fails();                                                                     \
		return real.NAME ARGUMENTS;                                                        \
	}
#include "sys.def"

#endif
