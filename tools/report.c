/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "report.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "blind.h"
#include "describe.h"
#include "fold.h"
#include "judge.h"
#include "resolve.h"
#include "symbols.h"

struct report *report_new(const struct report_options *options)
{
	struct report *report = alloc_zeroed(1, sizeof(*report));

	report->options = *options;
	report->fold = fold_new();
	report->symbols = symbols_new();
	if (!report->symbols)
		alloc_failed();
	return report;
}

void report_remark(struct report *report, const char *line)
{
	report->remarks =
		alloc_array(report->remarks, report->remark_count + 1, sizeof(*report->remarks));
	report->remarks[report->remark_count++] = line;
}

/* What is wrong with a recording that could nevertheless be read. */
static void examine(struct report *report, const struct recording *recording)
{
	const struct hf_pool_view *view = &recording->view;
	struct store *memory = &report->memory;
	const char *path = recording->path;

	report->incomplete |= view->missing != 0;
	if (view->missing)
		report_remark(report,
			      describe(memory,
				       "%s is cut short: %" PRIu64 " bytes are missing; what is "
				       "there is reported",
				       path, view->missing));
	if (report->fold->skipped)
		report_remark(
			report,
			describe(memory,
				 "%s: %" PRIu64 " bytes of the log make no sense (a process "
				 "was killed while it wrote, or the file is damaged) and are left "
				 "out",
				 path, report->fold->skipped));
	if (report->fold->unknown)
		report_remark(report,
			      describe(memory,
				       "%s: %u findings are of kinds that this holdfast does not "
				       "know and are left out",
				       path, report->fold->unknown));
	if (view->pool->images_next > view->pool->image_slots)
		report_remark(report,
			      describe(memory,
				       "%s had no room for %u of its processes: their findings "
				       "carry no name",
				       path, view->pool->images_next - view->pool->image_slots));
}

void report_add(struct report *report, const struct recording *opened)
{
	struct recording *recording = alloc_bytes(sizeof(*recording));

	*recording = *opened; /* what is folded points to it: it must not move */
	report->recordings = alloc_array(report->recordings, report->recording_count + 1,
					 sizeof(*report->recordings));
	report->recordings[report->recording_count++] = recording;
	fold_recording(report->fold, recording);
	examine(report, recording);
}

static uint64_t hash_text(uint64_t hash, const char *text)
{
	for (; *text; text++)
		hash = (hash ^ (unsigned char)*text) * UINT64_C(0x100000001b3);
	return (hash ^ '\n') * UINT64_C(0x100000001b3);
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* Functions and files, not lines: an edit elsewhere in the file must not make a finding a new one.
 */
static uint64_t hash_stack(struct report *report, uint64_t hash, const struct report_stack *stack)
{
	for (size_t i = 0; stack && i < stack->count; i++) {
		const struct report_frame *frame = &stack->frames[i];

		hash = hash_text(hash, describe_function(&report->memory, frame));
		hash = hash_text(hash, frame->file ? base_name(frame->file) : "");
	}
	return hash_text(hash, "");
}

static uint64_t hash_finding(struct report *report, const struct report_finding *finding)
{
	uint64_t hash = hash_text(UINT64_C(0xcbf29ce484222325), finding->kind->slug);

	hash = hash_stack(report, hash, finding->here);
	return hash_stack(report, hash, finding->taken);
}

static bool id_is_used(const struct report *report, const char *id, size_t before)
{
	for (size_t i = 0; i < before; i++)
		if (!strcmp(report->findings[i].id, id))
			return true;
	return false;
}

/* Two calls in one function differ by their order only; the second one's id is made of the first's.
 */
static void set_ids(struct report *report)
{
	for (size_t i = 0; i < report->finding_count; i++) {
		struct report_finding *finding = &report->findings[i];
		uint64_t hash = hash_finding(report, finding);

		do {
			snprintf(finding->id, sizeof(finding->id), "%08" PRIx32,
				 (uint32_t)(hash ^ hash >> 32));
			hash = hash_text(hash, finding->id);
		} while (id_is_used(report, finding->id, i));
	}
}

static int compare_numbers(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

static int compare_frames(const struct report_frame *a, const struct report_frame *b)
{
	int ret = strcmp(a->file ? a->file : "", b->file ? b->file : "");

	if (!ret)
		ret = compare_numbers((uint64_t)a->line, (uint64_t)b->line);
	if (!ret)
		ret = strcmp(a->module, b->module);
	return ret ? ret : compare_numbers(a->offset, b->offset);
}

static int compare_stacks(const struct report_stack *a, const struct report_stack *b)
{
	size_t a_count = a ? a->count : 0, b_count = b ? b->count : 0;
	int ret = 0;

	for (size_t i = 0; !ret && i < a_count && i < b_count; i++)
		ret = compare_frames(&a->frames[i], &b->frames[i]);
	return ret ? ret : compare_numbers(a_count, b_count);
}

/* The worst first, then by where they are: the same for two runs that raced differently. */
static int compare_findings(const void *first, const void *second)
{
	const struct report_finding *a = first, *b = second;
	int ret = compare_numbers(b->level, a->level);

	if (!ret)
		ret = compare_numbers(a->record->kind, b->record->kind);
	if (!ret)
		ret = compare_stacks(a->here, b->here);
	if (!ret)
		ret = compare_stacks(a->taken, b->taken);
	return ret ? ret : compare_numbers(a->record->head.time, b->record->head.time);
}

static void resolve_all(struct report *report)
{
	struct fold_finding *folded, *next;

	report->resolver = resolver_new(report);
	report->findings =
		alloc_zeroed(HASH_COUNT(report->fold->findings), sizeof(*report->findings));
	HASH_ITER (hh, report->fold->findings, folded, next) {
		struct report_finding *finding = &report->findings[report->finding_count];

		if (fold_level(folded) == HF_LEVEL_NONE)
			continue;
		resolve_finding(report->resolver, folded, finding);
		if (report->options.strict && finding->level == HF_LEVEL_NOTE)
			finding->level = HF_LEVEL_WARNING;
		report->finding_count++;
	}
}

struct seen_process {
	struct {
		uint64_t pid_ns;
		int64_t pid;
	} key;
	UT_hash_handle hh;
};

/* Adds that key; false when it is there already. */
static bool see_process(struct seen_process **seen, uint64_t pid_ns, int64_t pid)
{
	struct seen_process *process, wanted = { 0 };

	wanted.key.pid_ns = pid_ns;
	wanted.key.pid = pid;
	HASH_FIND(hh, *seen, &wanted.key, sizeof(wanted.key), process);
	if (process)
		return false;
	process = alloc_bytes(sizeof(*process));
	*process = wanted;
	HASH_ADD(hh, *seen, key, sizeof(process->key), process);
	return true;
}

/*
 * Only images that recorded something know their namespace: those first, and of the others only
 * pids that are not among them, such as a shell's that went on to be the program.
 */
static void count_images(struct report *report, const struct recording *recording, bool with_ns,
			 struct seen_process **seen)
{
	for (uint32_t i = 0; i < recording->view.image_count; i++) {
		const struct hf_image *image = recording_image(recording, i);

		if (!image || (image->pid_ns != 0) != with_ns)
			continue;
		report->summary.locks += __atomic_load_n(&image->locks, __ATOMIC_RELAXED);
		report->summary.processes += see_process(seen, image->pid_ns, image->pid);
		if (with_ns)
			(void)see_process(seen, 0, image->pid);
	}
}

static void count_recordings(struct report *report)
{
	for (size_t i = 0; i < report->recording_count; i++) {
		const struct recording *recording = report->recordings[i];
		struct seen_process *seen = NULL, *process, *next;

		count_images(report, recording, true, &seen);
		count_images(report, recording, false, &seen);
		HASH_ITER (hh, seen, process, next) {
			HASH_DEL(seen, process);
			free(process);
		}
		report->summary.findings_lost += recording->view.pool->log_lost;
		report->summary.events_lost += recording->view.event_first;
	}
	report->summary.files = HASH_COUNT(report->fold->files);
}

void report_finish(struct report *report)
{
	for (size_t i = 0; i < report->recording_count; i++)
		judge_recording(report, report->recordings[i]);
	resolve_all(report);
	qsort(report->findings, report->finding_count, sizeof(*report->findings), compare_findings);
	set_ids(report);
	blind_find(report);
	count_recordings(report);
	report_count(report);
}

static void count_heard(struct report_summary *summary, enum hf_level level)
{
	switch (level) {
	case HF_LEVEL_ERROR:
		summary->errors++;
		break;
	case HF_LEVEL_WARNING:
		summary->warnings++;
		break;
	default:
		summary->notes++;
		break;
	}
}

void report_count(struct report *report)
{
	struct report_summary *summary = &report->summary;

	summary->errors = summary->warnings = summary->notes = 0;
	summary->suppressed = summary->known = 0;
	for (size_t i = 0; i < report->finding_count; i++) {
		const struct report_finding *finding = &report->findings[i];

		if (finding->muted == REPORT_SUPPRESSED)
			summary->suppressed++;
		else if (finding->muted == REPORT_KNOWN)
			summary->known++;
		else
			count_heard(summary, finding->level);
	}
}

const struct report_stack *report_stack_at(const struct report *report, uint32_t number)
{
	return resolve_stack_number(report->resolver, number);
}

bool report_shows(const struct report *report, const struct report_finding *finding)
{
	return finding->muted == REPORT_HEARD &&
	       (finding->level > HF_LEVEL_NOTE || report->options.notes);
}

enum hf_level report_worst(const struct report *report)
{
	enum hf_level worst = HF_LEVEL_NONE;

	for (size_t i = 0; i < report->finding_count; i++)
		if (report->findings[i].muted == REPORT_HEARD && report->findings[i].level > worst)
			worst = report->findings[i].level;
	return worst;
}

void report_free(struct report *report)
{
	if (!report)
		return;
	resolver_free(report->resolver);
	fold_free(report->fold);
	symbols_free(report->symbols);
	for (size_t i = 0; i < report->recording_count; i++) {
		recording_close(report->recordings[i]);
		free(report->recordings[i]);
	}
	free(report->recordings);
	free(report->findings);
	free(report->blind);
	free(report->remarks);
	store_free(&report->memory);
	free(report);
}
