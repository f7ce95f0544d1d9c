/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "fold.h"

#include <stdlib.h>
#include <string.h>

#include "message.h"
#include "progress.h"

#define CACHE_SIZE 4096 /* a power of two */

struct cached {
	hf_ref ref;
	uint32_t number;
};

/* While one recording is read: its references and what they were folded to. */
struct fold_state {
	const struct recording *recording;
	/* What followed each finding record, HF_THEN_BITs by hf_ref: 1/16 of the log, seldom
	 * touched. */
	uint16_t *then;
	struct cached modules[CACHE_SIZE];
	struct cached stacks[CACHE_SIZE];
};

struct fold *fold_new(void)
{
	return alloc_zeroed(1, sizeof(struct fold));
}

static void free_modules(struct fold *fold)
{
	struct fold_module *module, *next;

	HASH_ITER (hh, fold->modules, module, next) {
		HASH_DEL(fold->modules, module);
		free(module);
	}
	free(fold->modules_by_number);
}

static void free_stacks(struct fold *fold)
{
	struct fold_stack *stack, *next;

	HASH_ITER (hh, fold->stacks, stack, next) {
		HASH_DEL(fold->stacks, stack);
		free(stack);
	}
	free(fold->stacks_by_number);
}

void fold_free(struct fold *fold)
{
	struct fold_finding *finding, *next_finding;
	struct fold_file *file, *next_file;

	if (!fold)
		return;
	HASH_ITER (hh, fold->findings, finding, next_finding) {
		HASH_DEL(fold->findings, finding);
		free(finding);
	}
	HASH_ITER (hh, fold->files, file, next_file) {
		HASH_DEL(fold->files, file);
		free(file);
	}
	free_stacks(fold);
	free_modules(fold);
	free(fold);
}

/* Room for number in an array indexed by number - 1; it doubles when number is a power of two. */
static void *grow_by_number(void *array, uint32_t number)
{
	if (number & (number - 1))
		return array;
	return alloc_array(array, (size_t)number * 2, sizeof(void *));
}

static uint32_t add_module(struct fold *fold, const struct hf_rec_module *record, size_t length)
{
	struct fold_module *module = alloc_zeroed(1, sizeof(*module));

	module->number = HASH_COUNT(fold->modules) + 1;
	module->record = record;
	module->path_length = length;
	fold->modules_by_number = grow_by_number(fold->modules_by_number, module->number);
	fold->modules_by_number[module->number - 1] = module;
	/* build_id, its length and the path stand side by side in the record: that is the key */
	HASH_ADD_KEYPTR(hh, fold->modules, record->build_id,
			offsetof(struct hf_rec_module, path) -
				offsetof(struct hf_rec_module, build_id) + length,
			module);
	return module->number;
}

static uint32_t intern_module(struct fold *fold, hf_ref ref)
{
	struct cached *cached = &fold->state->modules[ref % CACHE_SIZE];
	const struct hf_rec_module *record;
	struct fold_module *module;
	size_t length;

	if (!ref || cached->ref == ref)
		return ref ? cached->number : 0;
	record = (const void *)hf_log_at(&fold->state->recording->view, ref, HF_RECORD_MODULE);
	if (!record)
		return 0;
	length = strnlen(record->path,
			 hf_record_size(&record->head) - offsetof(struct hf_rec_module, path));
	HASH_FIND(hh, fold->modules, record->build_id,
		  offsetof(struct hf_rec_module, path) - offsetof(struct hf_rec_module, build_id) +
			  length,
		  module);
	cached->number = module ? module->number : add_module(fold, record, length);
	cached->ref = ref;
	return cached->number;
}

static uint32_t add_stack(struct fold *fold, const struct fold_frame *frames, uint32_t count)
{
	struct fold_stack *stack = alloc_zeroed(1, sizeof(*stack) + count * sizeof(*frames));

	stack->number = HASH_COUNT(fold->stacks) + 1;
	stack->count = count;
	memcpy(stack->frames, frames, count * sizeof(*frames));
	fold->stacks_by_number = grow_by_number(fold->stacks_by_number, stack->number);
	fold->stacks_by_number[stack->number - 1] = stack;
	HASH_ADD_KEYPTR(hh, fold->stacks, stack->frames, count * sizeof(*frames), stack);
	return stack->number;
}

static uint32_t intern_frames(struct fold *fold, const struct hf_rec_stack *record)
{
	struct fold_frame frames[HF_STACK_MAX] = { 0 };
	struct fold_stack *stack;

	for (uint32_t i = 0; i < record->count; i++) {
		frames[i].module = intern_module(fold, record->frames[i].module);
		frames[i].offset = record->frames[i].offset;
	}
	HASH_FIND(hh, fold->stacks, frames, record->count * sizeof(*frames), stack);
	return stack ? stack->number : add_stack(fold, frames, record->count);
}

static uint32_t intern_stack(struct fold *fold, hf_ref ref)
{
	struct cached *cached = &fold->state->stacks[ref % CACHE_SIZE];
	const struct hf_rec_stack *record;

	if (!ref || cached->ref == ref)
		return ref ? cached->number : 0;
	record = (const void *)hf_log_at(&fold->state->recording->view, ref, HF_RECORD_STACK);
	if (!record || !record->count)
		return 0;
	cached->number = intern_frames(fold, record);
	cached->ref = ref;
	return cached->number;
}

static void add_file(struct fold *fold, const struct hf_rec_file *record)
{
	struct fold_file *file;

	HASH_FIND(hh, fold->files, &record->id, sizeof(record->id), file);
	if (file)
		return;
	file = alloc_zeroed(1, sizeof(*file));
	file->id = record->id;
	file->fs_type = record->fs_type;
	file->path = record->path;
	file->path_length = strnlen(record->path, hf_record_size(&record->head) -
							  offsetof(struct hf_rec_file, path));
	file->fs_type = record->fs_type;
	HASH_ADD(hh, fold->files, id, sizeof(file->id), file);
}

const struct fold_file *fold_file(const struct fold *fold, struct hf_fileid id)
{
	struct fold_file *file;

	HASH_FIND(hh, fold->files, &id, sizeof(id), file);
	return file;
}

static struct fold_key key_of(struct fold *fold, const struct hf_rec_finding *record)
{
	return (struct fold_key){ .kind = record->kind,
				  .here = intern_stack(fold, record->here),
				  .taken = intern_stack(fold, record->taken) };
}

static struct fold_finding *find(struct fold *fold, struct fold_key key)
{
	struct fold_finding *finding;

	HASH_FIND(hh, fold->findings, &key, sizeof(key), finding);
	return finding;
}

static struct fold_finding *add_finding(struct fold *fold, struct fold_key key)
{
	struct fold_finding *finding = alloc_zeroed(1, sizeof(*finding));

	finding->key = key;
	finding->order = HASH_COUNT(fold->findings);
	HASH_ADD(hh, fold->findings, key, sizeof(key), finding);
	return finding;
}

/* Makes this record the one whose numbers and consequences are told. */
static void tell(struct fold *fold, struct fold_finding *finding,
		 const struct hf_rec_finding *record)
{
	finding->recording = fold->state->recording;
	finding->record = record;
	finding->opened = intern_stack(fold, record->opened);
	finding->then_count = 0;
}

/* A count of 0 is a record that was just being made: it happened. */
static uint64_t times(const struct hf_rec_finding *record)
{
	uint32_t count = __atomic_load_n(&record->count, __ATOMIC_RELAXED);

	return count ? count : 1;
}

static void count(struct fold_finding *finding, const struct hf_rec_finding *record)
{
	finding->count += times(record);
	finding->by_level[hf_finding_level(record, 0)]++;
}

static void fold_keyed(struct fold *fold, struct fold_key key, const struct hf_rec_finding *record)
{
	struct fold_finding *finding = find(fold, key);

	if (!finding) {
		finding = add_finding(fold, key);
		tell(fold, finding, record);
	}
	count(finding, record);
}

static void fold_finding(struct fold *fold, const struct hf_rec_finding *record)
{
	if (hf_kind_info(record->kind))
		fold_keyed(fold, key_of(fold, record), record);
	else
		fold->unknown++;
}

/* One more thing followed a record: it may have another level now, or never have happened. */
static void count_then(struct fold_finding *finding, const struct hf_rec_finding *record,
		       enum hf_level before, enum hf_level after)
{
	finding->by_level[before]--;
	finding->by_level[after]++;
	if (before != HF_LEVEL_NONE && after == HF_LEVEL_NONE)
		finding->count -= times(record) < finding->count ? times(record) : finding->count;
}

static void add_then(struct fold *fold, struct fold_finding *finding,
		     const struct hf_rec_consequence *record)
{
	if (finding->then_count == FOLD_THEN_MAX)
		return;
	finding->then_stack[finding->then_count] = intern_stack(fold, record->here);
	finding->then[finding->then_count++] = record;
}

static void fold_consequence(struct fold *fold, const struct hf_rec_consequence *record)
{
	const struct hf_rec_finding *about = (const void *)hf_log_at(
		&fold->state->recording->view, record->finding, HF_RECORD_FINDING);
	struct fold_finding *finding = about ? find(fold, key_of(fold, about)) : NULL;
	enum hf_level worst, before, after;
	uint16_t *then;

	if (!finding || record->what >= 16)
		return;
	worst = fold_level(finding);
	then = &fold->state->then[record->finding];
	before = hf_finding_level(about, *then);
	*then |= (uint16_t)HF_THEN_BIT(record->what);
	after = hf_finding_level(about, *then);
	count_then(finding, about, before, after);
	if (after > worst)
		tell(fold, finding, about);
	if (finding->record == about)
		add_then(fold, finding, record);
}

static void fold_record(struct fold *fold, const struct hf_record *record)
{
	switch (hf_record_type(record)) {
	case HF_RECORD_FILE:
		add_file(fold, (const void *)record);
		break;
	case HF_RECORD_FINDING:
		fold_finding(fold, (const void *)record);
		break;
	case HF_RECORD_CONSEQUENCE:
		fold_consequence(fold, (const void *)record);
		break;
	default:
		break; /* looked up when something refers to it */
	}
}

/* How many references a log can have: they are 32 bits wide, a damaged header may promise more. */
static size_t refs_of(const struct hf_pool_view *view)
{
	uint64_t units = view->log_end / HF_LOG_ALIGN;

	return (size_t)(units < UINT32_MAX ? units : UINT32_MAX) + 1;
}

void fold_enter(struct fold *fold, const struct recording *recording)
{
	fold->state = alloc_zeroed(1, sizeof(*fold->state));
	fold->state->recording = recording;
}

void fold_leave(struct fold *fold)
{
	free(fold->state->then);
	free(fold->state);
	fold->state = NULL;
}

uint32_t fold_stack_number(struct fold *fold, hf_ref ref)
{
	return intern_stack(fold, ref);
}

void fold_recording(struct fold *fold, const struct recording *recording)
{
	struct progress progress;
	const struct hf_record *record;
	uint64_t at = 0;

	fold_enter(fold, recording);
	fold->state->then = alloc_zeroed(refs_of(&recording->view), sizeof(*fold->state->then));
	fold->skipped = 0;
	fold->unknown = 0;
	progress_begin(&progress, "reading the recording", recording->view.log_end);
	while ((record = hf_log_next(&recording->view, &at, &fold->skipped))) {
		fold_record(fold, record);
		progress_update(&progress, at);
	}
	progress_end(&progress);
	fold_leave(fold);
}

bool fold_judged_again(struct fold *fold, const struct hf_rec_finding *record, uint32_t here,
		       uint32_t taken)
{
	struct fold_finding *finding = find(fold, (struct fold_key){ record->kind, here, taken });

	if (finding)
		count(finding, record);
	return finding != NULL;
}

void fold_judged(struct fold *fold, const struct recording *recording,
		 const struct hf_rec_finding *record, uint32_t here, uint32_t taken)
{
	fold_enter(fold, recording);
	fold_keyed(fold, (struct fold_key){ record->kind, here, taken }, record);
	fold_leave(fold);
}

void fold_withdraw(struct fold_finding *finding)
{
	enum hf_level level = fold_level(finding);

	if (level == HF_LEVEL_NONE)
		return;
	finding->by_level[level]--;
	finding->by_level[HF_LEVEL_NONE]++;
	finding->count -= finding->count > 0;
}

void fold_withdraw_late(struct fold *fold, struct hf_fileid id, uint32_t taken)
{
	struct fold_finding *finding, *next;

	HASH_ITER (hh, fold->findings, finding, next) {
		if (finding->key.kind != HF_KIND_CLOSE_DROPS_LOCK || finding->key.taken != taken ||
		    finding->record->proof != HF_PROOF_LATE ||
		    !hf_fileid_equal(finding->record->id, id))
			continue;
		fold_withdraw(finding);
		return;
	}
}

enum hf_level fold_level(const struct fold_finding *finding)
{
	for (unsigned level = HF_LEVEL_ERROR; level > HF_LEVEL_NONE; level--)
		if (finding->by_level[level])
			return (enum hf_level)level;
	return HF_LEVEL_NONE;
}
