/* SPDX-License-Identifier: MIT */
#include "identify.h"

#include <fcntl.h>

#include "rawsys.h"

static uint32_t met;

void hf_remote_meet(void)
{
	__atomic_store_n(&met, 1, __ATOMIC_RELAXED);
}

bool hf_remote_met(void)
{
	return __builtin_expect(__atomic_load_n(&met, __ATOMIC_RELAXED), 0);
}

/* The kernel's own copy of the attributes will do. */
static int stat_unsynced(int fd, unsigned mask, struct statx *ret)
{
	return raw_statx(fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, mask, ret);
}

static bool identify_unsynced(int fd, struct hf_fileid *ret)
{
	struct statx st;

	if (stat_unsynced(fd, STATX_INO, &st) < 0)
		return false;
	ret->dev = hf_device(st.stx_dev_major, st.stx_dev_minor);
	ret->ino = st.stx_ino;
	return true;
}

bool hf_identify(int fd, struct hf_fileid *ret)
{
	struct stat st;

	if (hf_remote_met())
		return identify_unsynced(fd, ret);
	if (raw_fstat(fd, &st) < 0)
		return false;
	ret->dev = st.st_dev;
	ret->ino = st.st_ino;
	return true;
}

bool hf_has_name(int fd)
{
	struct statx unsynced;
	struct stat st;

	if (hf_remote_met())
		return stat_unsynced(fd, STATX_NLINK, &unsynced) < 0 || unsynced.stx_nlink > 0;
	return raw_fstat(fd, &st) < 0 || st.st_nlink > 0;
}
