/* SPDX-License-Identifier: MIT */
/* The word that an image leaves for the program that it is about to start in its place. */
#include "pool.h"
#include "rawsys.h"
#include "recorder.h"

#define HELD_LOOKED_AT 64 /* execs with a lock, the newest first, of all processes */

hf_ref hf_recorder_held(hf_ref finding, const char *path)
{
	struct hf_rec_held *record = hf_pool_reserve(sizeof(*record));
	hf_ref ret;

	if (!record)
		return 0;
	record->finding = finding;
	record->pid = raw_getpid();
	record->program = hf_program_hash(path);
	ret = hf_pool_commit(record, HF_RECORD_HELD, sizeof(*record));
	hf_pool_push_held(record, ret);
	return ret;
}

void hf_recorder_held_no_more(hf_ref held)
{
	struct hf_rec_held *record = hf_pool_record(held, HF_RECORD_HELD);

	if (record)
		__atomic_store_n(&record->pid, 0, __ATOMIC_RELAXED);
}

const struct hf_rec_finding *hf_recorder_take_held(const char *path, hf_ref *ret)
{
	struct hf_rec_held *record = hf_pool_record(hf_pool_last_held(), HF_RECORD_HELD);
	int32_t pid = record ? raw_getpid() : 0;

	for (unsigned i = 0; record && i < HELD_LOOKED_AT; i++) {
		int32_t own = pid;

		if (__atomic_compare_exchange_n(&record->pid, &own, 0, false, __ATOMIC_RELAXED,
						__ATOMIC_RELAXED) &&
		    record->program == hf_program_hash(path)) {
			*ret = record->finding;
			return hf_pool_record(*ret, HF_RECORD_FINDING);
		}
		record = hf_pool_record(record->previous, HF_RECORD_HELD);
	}
	return NULL;
}
