/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <errno.h>

#include "holdfast.h"

int hf_with_lock(const char *path, hf_mode mode, int64_t timeout_ns, int (*fn)(void *), void *arg,
		 int *ret)
{
	hf_lock *lock;
	int result;
	int error;

	if (!fn)
		return -EINVAL;
	error = hf_lock_open(path, 0, &lock);
	if (error)
		return error;
	error = hf_lock_acquire(lock, mode, timeout_ns);
	if (!error) {
		result = fn(arg);
		if (ret)
			*ret = result;
	}
	hf_lock_close(lock);
	return error;
}
