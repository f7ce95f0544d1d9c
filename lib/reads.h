/* SPDX-License-Identifier: MIT */
/*
 * How often this thread reads under which hf_rwlock. Kept per thread, so that re-entering costs no
 * shared memory, and asked for by address: a lock that is freed is held by nobody.
 */
#ifndef HF_READS_H
#define HF_READS_H

#include <stdint.h>

struct hf_rwlock;

struct hf_reads {
	const struct hf_rwlock *lock;
	uint32_t count;
};

/* NULL: this thread does not read under it. Valid until the next add or remove in this thread. */
struct hf_reads *hf_reads_find(const struct hf_rwlock *lock);

/* Notes one read under lock, which is not noted yet. 0 or -ENOMEM. */
int hf_reads_add(const struct hf_rwlock *lock);

void hf_reads_remove(struct hf_reads *reads);

#endif
