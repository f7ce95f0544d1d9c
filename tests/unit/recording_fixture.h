/* SPDX-License-Identifier: MIT */
/* For tests of the recorder: pools in a folder of the test's own, written by the checker, read by
 * core. */
#ifndef HF_TESTS_RECORDING_FIXTURE_H
#define HF_TESTS_RECORDING_FIXTURE_H

#include "exports.h"

/* Everything that can be read of a pool, counted. */
struct contents {
	struct hf_pool_view view;
	unsigned count[HF_RECORD_TYPES];
	const struct hf_record *last[HF_RECORD_TYPES];
	uint64_t skipped;
};

extern char folder[64];
void make_folder(void);
void remove_folder(void);

/* A path in the folder; the last four results are valid. */
char *in_folder(const char *name);

/* A run's pool as the command makes it, named "pool", mapped here too. */
struct hf_pool *new_pool(uint64_t log_size);

/* Starts the checker in this process as in "/usr/bin/bank --fast deposit"; both may be NULL. */
void start(const char *run, const char *options);

/* Both, with room for everything. */
struct hf_pool *start_run(void);

struct contents read_pool(const void *data, uint64_t size);
struct contents contents_of(const struct hf_pool *pool);

struct hf_rec_finding a_finding(hf_ref here);

/* The reference of the caller's stack. */
hf_ref here(void);

#endif
