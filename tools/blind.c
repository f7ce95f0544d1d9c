/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "blind.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "alloc.h"
#include "doctor.h"

#include <uthash.h>

/* An exec that nobody answered yet. It failed when its caller is seen again. */
struct pending {
	int32_t pid;
	uint32_t image; /* of the caller */
	bool by_child;	/* a vfork child or a spawned process: not the image's own pid */
	uint64_t time;
	const struct hf_rec_exec *record;
	UT_hash_handle hh;
};

/* The last hello of a process. */
struct hello {
	int32_t pid;
	uint64_t time;
	UT_hash_handle hh;
};

struct search {
	const struct recording *recording;
	struct pending *pending;
	struct hello *hellos;
};

static void note_hello(struct search *search, const struct hf_image *image)
{
	struct hello *hello;

	HASH_FIND(hh, search->hellos, &image->pid, sizeof(image->pid), hello);
	if (!hello) {
		hello = alloc_zeroed(1, sizeof(*hello));
		hello->pid = image->pid;
		HASH_ADD(hh, search->hellos, pid, sizeof(hello->pid), hello);
	}
	if (image->start_time > hello->time)
		hello->time = image->start_time;
}

static void note_hellos(struct search *search)
{
	for (uint32_t i = 0; i < search->recording->view.image_count; i++) {
		const struct hf_image *image = recording_image(search->recording, i);

		if (image && image->kind == HF_IMAGE_EXEC)
			note_hello(search, image);
	}
}

static bool was_answered(const struct search *search, const struct hf_rec_exec *record)
{
	struct hello *hello;

	HASH_FIND(hh, search->hellos, &record->pid, sizeof(record->pid), hello);
	return hello && hello->time >= record->head.time;
}

static struct pending *find_pending(const struct search *search, int32_t pid)
{
	struct pending *pending;

	HASH_FIND(hh, search->pending, &pid, sizeof(pid), pending);
	return pending;
}

static void forget(struct search *search, struct pending *pending)
{
	if (!pending)
		return;
	HASH_DEL(search->pending, pending);
	free(pending);
}

static void note_exec(struct search *search, const struct hf_rec_exec *record)
{
	const struct hf_image *image = recording_image(search->recording, record->head.image);
	struct pending *pending;

	forget(search, find_pending(search, record->pid));
	if (was_answered(search, record))
		return;
	pending = alloc_zeroed(1, sizeof(*pending));
	pending->pid = record->pid;
	pending->image = record->head.image;
	pending->by_child = !image || image->pid != record->pid;
	pending->time = record->head.time;
	pending->record = record;
	HASH_ADD(hh, search->pending, pid, sizeof(pending->pid), pending);
}

/* After an exec that succeeded the old image is never heard of again, nor is a child that did it.
 */
static void note_life(struct search *search, uint32_t image, int32_t tid, uint64_t time)
{
	const struct hf_image *alive;
	struct pending *pending;

	if (!search->pending)
		return;
	pending = find_pending(search, tid);
	if (pending && pending->time < time)
		forget(search, pending);
	alive = recording_image(search->recording, image);
	pending = alive ? find_pending(search, alive->pid) : NULL;
	if (pending && !pending->by_child && pending->image == image && pending->time < time)
		forget(search, pending);
}

/* An exec that returned. */
static void note_failure(struct search *search, const struct hf_rec_consequence *record)
{
	const struct hf_rec_exec *exec;
	struct pending *pending;

	if (record->what != HF_THEN_WITHDRAWN)
		return;
	exec = (const void *)hf_log_at(&search->recording->view, record->finding, HF_RECORD_EXEC);
	pending = exec ? find_pending(search, exec->pid) : NULL;
	if (pending && pending->record == exec)
		forget(search, pending);
}

static void search_log(struct search *search)
{
	const struct hf_record *record;
	uint64_t at = 0, skipped = 0;

	while ((record = hf_log_next(&search->recording->view, &at, &skipped))) {
		if (hf_record_type(record) == HF_RECORD_CONSEQUENCE)
			note_failure(search, (const void *)record);
		if (hf_record_type(record) == HF_RECORD_EXEC)
			note_exec(search, (const void *)record);
		else
			note_life(search, record->image, record->tid, record->time);
	}
}

static void search_events(struct search *search)
{
	const struct hf_pool_view *view = &search->recording->view;

	for (uint64_t i = view->event_first; i < view->event_next && search->pending; i++) {
		const struct hf_event *event = hf_event_at(view, i);

		if (event && event->type != HF_EVENT_EXEC)
			note_life(search, event->image, event->tid, event->time);
	}
}

void blind_add(struct report *report, const char *path, const char *reason, int32_t pid)
{
	for (size_t i = 0; i < report->blind_count; i++)
		if (!strcmp(report->blind[i].path, path) &&
		    !strcmp(report->blind[i].reason, reason))
			return;
	report->blind = alloc_array(report->blind, report->blind_count + 1, sizeof(*report->blind));
	report->blind[report->blind_count++] =
		(struct report_blind){ .path = path, .reason = reason, .pid = pid };
}

/* Why the checker cannot get into it, as far as can be told from the file that is there now. */
static const char *reason_of(struct report *report, const char *path)
{
	struct hf_verdict verdict;

	if (access(path, F_OK) < 0 || hf_doctor_verdict(path, &verdict) < 0)
		return "";
	if (verdict.can_see)
		return "why is not known: it may have ended before the checker was in it";
	return store_text(&report->memory, verdict.why, strlen(verdict.why));
}

void blind_add_program(struct report *report, const char *path, int32_t pid)
{
	blind_add(report, path, reason_of(report, path), pid);
}

static int by_time(struct pending *a, struct pending *b)
{
	return (a->time > b->time) - (a->time < b->time);
}

/* It lives, with the checker in it: its hello is on the way. */
static bool is_starting(int32_t pid)
{
	char *path = alloc_format("/proc/%d/maps", pid);
	FILE *maps = fopen(path, "re");
	char line[4352];
	bool found = false;

	free(path);
	while (maps && !found && fgets(line, sizeof(line), maps))
		found = strstr(line, "/libholdfast-check.so") != NULL;
	if (maps)
		fclose(maps);
	return found;
}

static void tell_pending(struct report *report, struct search *search)
{
	struct pending *pending, *next;

	HASH_SORT(search->pending, by_time);
	HASH_ITER (hh, search->pending, pending, next) {
		const struct hf_rec_exec *record = pending->record;
		size_t room = hf_record_size(&record->head) - offsetof(struct hf_rec_exec, path);
		size_t length = strnlen(record->path, room);

		if (!is_starting(pending->pid))
			blind_add_program(report, store_text(&report->memory, record->path, length),
					  pending->pid);
		forget(search, pending);
	}
}

static void tell_flags(struct report *report, const struct recording *recording)
{
	for (uint32_t i = 0; i < recording->view.image_count; i++) {
		const struct hf_image *image = recording_image(recording, i);
		const char *name;

		if (!image || !(image->flags & (HF_IMAGE_SECCOMP | HF_IMAGE_UNSHARED)))
			continue;
		name = store_text(&report->memory, image->name,
				  strnlen(image->name, sizeof(image->name)));
		if (image->flags & HF_IMAGE_SECCOMP)
			blind_add(report, name, "from where it installed a seccomp filter",
				  image->pid);
		if (image->flags & HF_IMAGE_UNSHARED)
			blind_add(report, name, "in children that share its memory", image->pid);
	}
}

static void free_hellos(struct search *search)
{
	struct hello *hello, *next;

	HASH_ITER (hh, search->hellos, hello, next) {
		HASH_DEL(search->hellos, hello);
		free(hello);
	}
}

void blind_find(struct report *report)
{
	for (size_t i = 0; i < report->recording_count; i++) {
		struct search search = { .recording = report->recordings[i] };

		note_hellos(&search);
		search_log(&search);
		search_events(&search);
		tell_pending(report, &search);
		tell_flags(report, search.recording);
		free_hellos(&search);
	}
}

bool blind_is_total(const struct report *report)
{
	for (size_t r = 0; r < report->recording_count; r++)
		for (uint32_t i = 0; i < report->recordings[r]->view.image_count; i++) {
			const struct hf_image *image = recording_image(report->recordings[r], i);

			if (image && image->kind == HF_IMAGE_EXEC)
				return false;
		}
	return true;
}
