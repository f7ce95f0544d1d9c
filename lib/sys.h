/* SPDX-License-Identifier: MIT */
/*
 * Every system call the library makes, behind one table, so that a test can make each of them fail.
 *
 * All return a result >= 0 or -errno. openat, close, read and a
 * waiting setlk are cancellation points of libc: callers disable cancellation around them.
 */
#ifndef HF_SYS_H
#define HF_SYS_H

#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

struct hf_sys {
#define HF_SYS(TYPE, NAME, PARAMETERS, ARGUMENTS) TYPE(*NAME) PARAMETERS;
#include "sys.def"
};

extern struct hf_sys hf_sys;

static inline int hf_cancel_off(void)
{
	int before;

	(void)pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &before);
	return before;
}

static inline void hf_cancel_restore(int before)
{
	int ignored;

	(void)pthread_setcancelstate(before, &ignored);
}

#endif
