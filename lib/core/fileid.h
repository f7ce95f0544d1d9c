/* SPDX-License-Identifier: MIT */
/*
 * A file as the kernel's lock code knows it: the inode, never the path. Two spellings of a path, a
 * hard link or a bind mount are one file here.
 *
 * The struct has no padding, so it can be hashed and compared as bytes.
 */
#ifndef HF_CORE_FILEID_H
#define HF_CORE_FILEID_H

#include <stdbool.h>
#include <stdint.h>

struct hf_fileid {
	uint64_t dev;
	uint64_t ino;
};

static inline bool hf_fileid_equal(struct hf_fileid a, struct hf_fileid b)
{
	return a.ino == b.ino && a.dev == b.dev;
}

/* glibc's and musl's makedev(), which are macros of headers that core does not need. */
static inline uint64_t hf_device(uint64_t major, uint64_t minor)
{
	return (major & 0xfffff000u) << 32 | (major & 0xfffu) << 8 | (minor & 0xffffff00u) << 12 |
	       (minor & 0xffu);
}

#endif
