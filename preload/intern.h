/* SPDX-License-Identifier: MIT */
/*
 * What has a record already: fixed tables from a 64-bit key to the record's reference. Lock-free
 * and never waiting, so that a signal handler may meet the very write that it interrupted.
 */
#ifndef HF_PRELOAD_INTERN_H
#define HF_PRELOAD_INTERN_H

#include <stdbool.h>

#include "record.h"

/*
 * Once key is not 0 it never changes. ref is 0 until the record is committed: whoever finds it so
 * may write the record too, and hf_intern_set() decides whose is referred to.
 */
struct hf_interned {
	uint64_t key;
	hf_ref ref;
	uint32_t extra; /* the user's */
};

/*
 * The slot of key (not 0) in a table of 1 << bits slots, taken if need be; *ret_new tells the one
 * caller that took it. NULL when there is no room near where it belongs.
 */
struct hf_interned *hf_intern(struct hf_interned *table, unsigned bits, uint64_t key,
			      bool *ret_new);

hf_ref hf_intern_ref(const struct hf_interned *slot);

/* Stores ref unless there is one already; returns the one that is there then. */
hf_ref hf_intern_set(struct hf_interned *slot, hf_ref ref);

/* A key made of two numbers, never 0. */
uint64_t hf_intern_key(uint64_t a, uint64_t b);

#endif
