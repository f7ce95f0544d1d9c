/* SPDX-License-Identifier: MIT */
/* Any line, read as one of /proc/locks or of a descriptor's fdinfo. */
#include "config.h"

#include <stdlib.h>

#include "proclocks.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	struct hf_proclock lock;

	if (hf_proclock_parse((const char *)data, size, &lock) == 0 &&
	    (lock.start > lock.end || lock.primitive >= HF_PRIM_COUNT))
		abort();
	return 0;
}
