/* SPDX-License-Identifier: MIT */
/*
 * The first half of a report: a recording's log is read once, in order, and what is the same is
 * folded together. Nothing is symbolised here.
 *
 * Two stacks are the same when their frames are the same places in the same objects; objects are
 * known by path and build-id, so that a thousand processes of one program share theirs.
 */
#ifndef HF_TOOLS_FOLD_H
#define HF_TOOLS_FOLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "alloc.h"

#include <uthash.h>

#include "kinds.h"
#include "record.h"
#include "recording.h"

struct fold_module {
	uint32_t number; /* from 1 */
	const struct hf_rec_module *record;
	size_t path_length;
	UT_hash_handle hh;
};

/* A frame as it is compared: no padding. */
struct fold_frame {
	uint32_t module; /* fold_module's number, 0: in no object */
	uint32_t zero;
	uint64_t offset;
};

struct fold_stack {
	uint32_t number; /* from 1 */
	uint32_t count;
	UT_hash_handle hh;
	struct fold_frame frames[];
};

struct fold_file {
	struct hf_fileid id;
	const char *path; /* not terminated: path_length bytes */
	size_t path_length;
	uint32_t fs_type;
	UT_hash_handle hh;
};

struct fold_key {
	uint32_t kind;
	uint32_t here;
	uint32_t taken;
};

#define FOLD_THEN_MAX 4

/* The same finding, however often it was made. */
struct fold_finding {
	struct fold_key key;
	unsigned order;			   /* of the first one */
	const struct recording *recording; /* of the telling one */
	const struct hf_rec_finding *record;
	uint32_t opened;
	uint32_t holder; /* long-wait: where another process took the lock; 0: not known */
	uint64_t count;	 /* how often it was seen, without the withdrawn */
	uint64_t by_level[HF_LEVEL_ERROR + 1]; /* records; at NONE those that were withdrawn */
	const struct hf_rec_consequence *then[FOLD_THEN_MAX]; /* of the telling one */
	uint32_t then_stack[FOLD_THEN_MAX];
	size_t then_count;
	UT_hash_handle hh;
};

struct fold {
	struct fold_module *modules;
	struct fold_stack *stacks;
	struct fold_file *files;
	struct fold_finding *findings;
	struct fold_module **modules_by_number; /* [number - 1] */
	struct fold_stack **stacks_by_number;
	uint64_t skipped; /* bytes of the log that made no sense, of the last recording */
	unsigned unknown; /* findings of kinds that this holdfast does not know, of the last one */
	struct fold_state *state;
};

struct fold *fold_new(void);
void fold_free(struct fold *fold);

/* Reads the log of a recording, which stays open as long as the fold. */
void fold_recording(struct fold *fold, const struct recording *recording);

/*
 * For what reads a recording again, events first of all: between fold_enter and fold_leave its
 * references can be looked up.
 */
void fold_enter(struct fold *fold, const struct recording *recording);
void fold_leave(struct fold *fold);

/* The number of the stack that ref refers to, 0 when there is none. */
uint32_t fold_stack_number(struct fold *fold, hf_ref ref);

/*
 * A finding that the command itself makes of a recording's events, with the stacks of these numbers
 * (0: none). The record must stay.
 */
void fold_judged(struct fold *fold, const struct recording *recording,
		 const struct hf_rec_finding *record, uint32_t here, uint32_t taken);

/* The same once more: true, and counted, if it was told before. */
bool fold_judged_again(struct fold *fold, const struct hf_rec_finding *record, uint32_t here,
		       uint32_t taken);

/*
 * Takes one loss back that was noticed late, without a culprit: of a lock on that file which was
 * taken at the stack with that number. The culprit has been found, and another finding tells it.
 */
void fold_withdraw_late(struct fold *fold, struct hf_fileid id, uint32_t taken);

/* The same for any finding: it was told once too often. */
void fold_withdraw(struct fold_finding *finding);

/* The level of what was folded; HF_LEVEL_NONE when all of it was withdrawn. */
enum hf_level fold_level(const struct fold_finding *finding);

/* NULL when no record names the file. */
const struct fold_file *fold_file(const struct fold *fold, struct hf_fileid id);

#endif
