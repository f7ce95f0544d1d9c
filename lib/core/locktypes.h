/* SPDX-License-Identifier: MIT */
/*
 * The words that all three products use for a file lock.
 *
 * Ranges are absolute bytes, both ends inclusive; HF_EOF is "to the end of the file, wherever that
 * is", as l_len 0 means to fcntl. A flock covers 0..HF_EOF.
 */
#ifndef HF_CORE_LOCKTYPES_H
#define HF_CORE_LOCKTYPES_H

#include <stdint.h>

#define HF_EOF ((uint64_t)INT64_MAX)

enum hf_primitive {
	HF_PRIM_NONE,
	HF_PRIM_POSIX, /* fcntl F_SETLK, lockf: owned by the process */
	HF_PRIM_OFD,   /* fcntl F_OFD_SETLK: owned by the open file description */
	HF_PRIM_FLOCK, /* flock: owned by the open file description */
	HF_PRIM_COUNT
};

enum hf_lockmode { HF_MODE_NONE, HF_MODE_READ, HF_MODE_WRITE };

/* Do two modes on overlapping bytes exclude each other (for different owners)? */
static inline int hf_modes_conflict(enum hf_lockmode a, enum hf_lockmode b)
{
	return a != HF_MODE_NONE && b != HF_MODE_NONE && (a == HF_MODE_WRITE || b == HF_MODE_WRITE);
}

#endif
