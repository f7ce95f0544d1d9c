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

#define HF_READS_FEW 8 /* so many locks at once need no memory */

/* Entries 0 to used - 1 are those with a count; they are in few while more is NULL. */
struct hf_reads_table {
	struct hf_reads few[HF_READS_FEW];
	struct hf_reads *more;
	unsigned used;
	unsigned room; /* of more */
};

extern _Thread_local struct hf_reads_table hf_reads_table
	__attribute__((tls_model("initial-exec")));

int hf_reads_grow(void);

static inline struct hf_reads *hf_reads_entries(void)
{
	return hf_reads_table.more ? hf_reads_table.more : hf_reads_table.few;
}

/* NULL: this thread does not read under it. Valid until the next add or remove in this thread. */
static inline struct hf_reads *hf_reads_find(const struct hf_rwlock *lock)
{
	struct hf_reads *all = hf_reads_entries();
	unsigned i;

	for (i = hf_reads_table.used; i-- > 0;)
		if (all[i].lock == lock)
			return &all[i];
	return 0;
}

/* Notes one read under lock, which is not noted yet. 0 or -ENOMEM. */
static inline int hf_reads_add(const struct hf_rwlock *lock)
{
	unsigned room = hf_reads_table.more ? hf_reads_table.room : HF_READS_FEW;
	struct hf_reads *entry;
	int ret = hf_reads_table.used == room ? hf_reads_grow() : 0;

	if (ret)
		return ret;
	entry = &hf_reads_entries()[hf_reads_table.used++];
	entry->lock = lock;
	entry->count = 1;
	return 0;
}

static inline void hf_reads_remove(struct hf_reads *reads)
{
	*reads = hf_reads_entries()[--hf_reads_table.used];
}

#endif
