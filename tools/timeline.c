/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "timeline.h"

#include <stdlib.h>
#include <string.h>

#include "fold.h"

/* A row while rows are being found. */
struct lane {
	struct {
		int32_t pid;
		int32_t tid;
		struct hf_fileid id;
	} key;
	size_t number;
	UT_hash_handle hh;
};

/* The spans of one process and file that have not ended: few at any time. */
struct open_set {
	struct {
		int64_t pid;
		struct hf_fileid id;
	} key;
	size_t *spans;
	size_t count;
	UT_hash_handle hh;
};

struct builder {
	const struct report *report;
	const struct recording *recording;
	struct timeline *timeline;
	struct lane *lanes;
	struct open_set *open;
	uint64_t now;
	size_t open_childwaits;
};

static int32_t pid_of(const struct builder *builder, const struct hf_event *event)
{
	const struct hf_image *image = recording_image(builder->recording, event->image);

	return image ? image->pid : 0;
}

static const char *path_of(const struct builder *builder, struct hf_fileid id)
{
	const struct fold_file *file = fold_file(builder->report->fold, id);

	if (!file)
		return "";
	return store_text((struct store *)&builder->report->memory, file->path, file->path_length);
}

static size_t add_row(struct builder *builder, const struct hf_event *event, int32_t pid)
{
	struct timeline *timeline = builder->timeline;

	timeline->rows =
		alloc_array(timeline->rows, timeline->row_count + 1, sizeof(*timeline->rows));
	timeline->rows[timeline->row_count] =
		(struct timeline_row){ .pid = pid,
				       .tid = event->tid,
				       .id = event->id,
				       .image = recording_image(builder->recording, event->image),
				       .path = path_of(builder, event->id) };
	return timeline->row_count++;
}

static size_t row_of(struct builder *builder, const struct hf_event *event)
{
	struct lane *lane, wanted = { 0 };

	wanted.key.pid = pid_of(builder, event);
	wanted.key.tid = event->tid;
	wanted.key.id = event->id;
	HASH_FIND(hh, builder->lanes, &wanted.key, sizeof(wanted.key), lane);
	if (lane)
		return lane->number;
	lane = alloc_bytes(sizeof(*lane));
	*lane = wanted;
	lane->number = add_row(builder, event, wanted.key.pid);
	HASH_ADD(hh, builder->lanes, key, sizeof(lane->key), lane);
	return lane->number;
}

static struct open_set *open_of(struct builder *builder, const struct hf_event *event)
{
	struct open_set *set, wanted = { 0 };

	wanted.key.pid = pid_of(builder, event);
	wanted.key.id = event->id;
	HASH_FIND(hh, builder->open, &wanted.key, sizeof(wanted.key), set);
	if (set)
		return set;
	set = alloc_bytes(sizeof(*set));
	*set = wanted;
	HASH_ADD(hh, builder->open, key, sizeof(set->key), set);
	return set;
}

static size_t add_span(struct builder *builder, const struct timeline_span *span)
{
	struct timeline *timeline = builder->timeline;
	size_t n = timeline->span_count;

	if (!(n & (n - 1))) /* doubles at powers of two */
		timeline->spans =
			alloc_array(timeline->spans, n ? n * 2 : 1, sizeof(*timeline->spans));
	timeline->spans[n] = *span;
	return timeline->span_count++;
}

static void open_span(struct builder *builder, struct open_set *set,
		      const struct timeline_span *span)
{
	set->spans = alloc_array(set->spans, set->count + 1, sizeof(*set->spans));
	set->spans[set->count++] = add_span(builder, span);
}

static struct timeline_span span_of(struct builder *builder, const struct hf_event *event,
				    enum timeline_kind kind)
{
	return (struct timeline_span){ .row = row_of(builder, event),
				       .image = event->image,
				       .from = event->time,
				       .to = event->time,
				       .kind = kind,
				       .end = TIMELINE_OPEN,
				       .mode = event->mode,
				       .primitive = event->primitive,
				       .fd = event->fd,
				       .first = event->start,
				       .last = event->end,
				       .stack = fold_stack_number(builder->report->fold,
								  event->stack),
				       .upgrades = TIMELINE_NONE,
				       .unshared = event->error & HF_EVENT_UNSHARED };
}

static void close_span(struct builder *builder, struct open_set *set, size_t at,
		       enum timeline_end end)
{
	struct timeline_span *span = &builder->timeline->spans[set->spans[at]];

	span->to = builder->now;
	span->end = end;
	set->spans[at] = set->spans[--set->count];
}

/* POSIX locks belong to the process; the others to a description, known here by its descriptor. */
static bool is_same_owner(const struct timeline_span *span, const struct hf_event *event)
{
	return span->kind == TIMELINE_HOLD && span->primitive == event->primitive &&
	       (span->primitive == HF_PRIM_POSIX || span->fd == event->fd);
}

/* What is left of a hold when bytes in its middle or at an end are released. */
static void reopen_rest(struct builder *builder, struct open_set *set, struct timeline_span span,
			const struct hf_event *event)
{
	uint64_t first = span.first, last = span.last;

	span.from = span.to = builder->now;
	span.end = TIMELINE_OPEN;
	span.rest = true;
	if (first < event->start) {
		span.last = event->start - 1;
		open_span(builder, set, &span);
	}
	if (last > event->end) {
		span.first = event->end + 1;
		span.last = last;
		open_span(builder, set, &span);
	}
}

/* Ends the holds of the event's owner on its bytes; returns how many there were. */
static unsigned end_holds(struct builder *builder, const struct hf_event *event,
			  enum timeline_end end)
{
	struct open_set *set = open_of(builder, event);
	unsigned count = 0;

	for (size_t i = set->count; i-- > 0;) {
		struct timeline_span span = builder->timeline->spans[set->spans[i]];

		if (!is_same_owner(&span, event) || span.last < event->start ||
		    span.first > event->end)
			continue;
		close_span(builder, set, i, end);
		reopen_rest(builder, set, span, event);
		count++;
	}
	return count;
}

/* A release that names no mode is an unlock, else a close of the locking descriptor. */
static bool is_unlock(const struct hf_event *event)
{
	return event->mode == HF_MODE_NONE;
}

static void add_unlock(struct builder *builder, const struct hf_event *event)
{
	struct timeline *timeline = builder->timeline;

	timeline->unlocks = alloc_array(timeline->unlocks, timeline->unlock_count + 1,
					sizeof(*timeline->unlocks));
	timeline->unlocks[timeline->unlock_count++] =
		(struct timeline_unlock){ .pid = pid_of(builder, event),
					  .tid = event->tid,
					  .image = event->image,
					  .id = event->id,
					  .primitive = event->primitive,
					  .inherited = event->error & HF_EVENT_INHERITED,
					  .fd = event->fd,
					  .first = event->start,
					  .last = event->end,
					  .time = event->time,
					  .stack = fold_stack_number(builder->report->fold,
								     event->stack) };
}

static void take_release(struct builder *builder, const struct hf_event *event)
{
	bool unlocks = is_unlock(event);
	unsigned ended = end_holds(builder, event, unlocks ? TIMELINE_RELEASED : TIMELINE_CLOSED);

	if (unlocks && !ended && event->primitive != HF_PRIM_POSIX)
		add_unlock(builder, event);
}

/* A wait that was jumped out of ends with whatever its thread asks for next. */
static bool is_answer(struct builder *builder, const struct timeline_span *wait,
		      const struct hf_event *event)
{
	return wait->first == event->start && wait->last == event->end &&
	       wait->mode == event->mode && wait->fd == event->fd &&
	       wait->stack == fold_stack_number(builder->report->fold, event->stack);
}

static void end_wait(struct builder *builder, const struct hf_event *event, enum timeline_end end)
{
	struct open_set *set = open_of(builder, event);

	for (size_t i = set->count; i-- > 0;) {
		struct timeline_span *span = &builder->timeline->spans[set->spans[i]];

		if (span->kind != TIMELINE_WAIT ||
		    builder->timeline->rows[span->row].tid != event->tid)
			continue;
		span->answered = is_answer(builder, span, event);
		close_span(builder, set, i, end);
	}
}

static void end_process(struct builder *builder, const struct hf_event *event)
{
	struct open_set *set, *next;
	int32_t pid = pid_of(builder, event);

	HASH_ITER (hh, builder->open, set, next) {
		while (set->key.pid == pid && set->count)
			close_span(builder, set, set->count - 1, TIMELINE_EXIT);
	}
}

static void note_child(struct builder *builder, const struct hf_event *event)
{
	int32_t pid = pid_of(builder, event);

	for (struct open_set *set = builder->open; set; set = set->hh.next)
		for (size_t i = 0; set->key.pid == pid && i < set->count; i++)
			builder->timeline->spans[set->spans[i]].inherited = true;
}

static bool is_flock(uint8_t primitive)
{
	return primitive == HF_PRIM_FLOCK;
}

/* Marks what the process has of the other family; true if there is any. */
static bool mark_other_family(struct builder *builder, const struct hf_event *event)
{
	struct open_set *set = open_of(builder, event);
	bool found = false;

	for (size_t i = 0; i < set->count; i++) {
		struct timeline_span *span = &builder->timeline->spans[set->spans[i]];

		if (is_flock(span->primitive) == is_flock(event->primitive))
			continue;
		span->both_families = found = true;
	}
	return found;
}

static void begin_hold(struct builder *builder, const struct hf_event *event)
{
	struct timeline_span span = span_of(builder, event, TIMELINE_HOLD);

	span.both_families = mark_other_family(builder, event);
	open_span(builder, open_of(builder, event), &span);
}

/* flock gives up the old lock before it waits for the new one: only the others keep theirs. */
static size_t find_upgraded(struct builder *builder, const struct open_set *set,
			    const struct hf_event *event)
{
	if (event->mode != HF_MODE_WRITE || event->primitive == HF_PRIM_FLOCK)
		return TIMELINE_NONE;
	for (size_t i = 0; i < set->count; i++) {
		const struct timeline_span *span = &builder->timeline->spans[set->spans[i]];

		if (is_same_owner(span, event) && span->mode == HF_MODE_READ &&
		    span->last >= event->start && span->first <= event->end)
			return set->spans[i];
	}
	return TIMELINE_NONE;
}

static void begin_wait(struct builder *builder, const struct hf_event *event)
{
	struct timeline_span span = span_of(builder, event, TIMELINE_WAIT);
	struct open_set *set = open_of(builder, event);

	span.upgrades = find_upgraded(builder, set, event);
	span.both_families = mark_other_family(builder, event);
	open_span(builder, set, &span);
}

static void begin_childwait(struct builder *builder, const struct hf_event *event)
{
	struct timeline *timeline = builder->timeline;

	timeline->childwaits = alloc_array(timeline->childwaits, timeline->childwait_count + 1,
					   sizeof(*timeline->childwaits));
	timeline->childwaits[timeline->childwait_count++] =
		(struct timeline_childwait){ .pid = pid_of(builder, event),
					     .tid = event->tid,
					     .child = event->fd,
					     .image = event->image,
					     .from = event->time,
					     .to = UINT64_MAX,
					     .stack = fold_stack_number(builder->report->fold,
									event->stack) };
	builder->open_childwaits++;
}

/* Whatever a thread does, it no longer waits for a child. Few threads ever do that at a time. */
static void end_childwait(struct builder *builder, const struct hf_event *event)
{
	struct timeline *timeline = builder->timeline;

	for (size_t i = timeline->childwait_count; i-- > 0;) {
		struct timeline_childwait *wait = &timeline->childwaits[i];

		if (wait->tid != event->tid || wait->to != UINT64_MAX)
			continue;
		wait->to = event->time;
		builder->open_childwaits--;
		return;
	}
}

/* Other EXEC events are only the sign that a process was about to. */
static void take_exec(struct builder *builder, const struct hf_event *event)
{
	struct timeline *timeline = builder->timeline;

	if (!event->primitive)
		return;
	timeline->leaks =
		alloc_array(timeline->leaks, timeline->leak_count + 1, sizeof(*timeline->leaks));
	timeline->leaks[timeline->leak_count++] =
		(struct timeline_leak){ .pid = pid_of(builder, event),
					.image = event->image,
					.id = event->id,
					.primitive = event->primitive,
					.time = event->time };
}

static void take_event(struct builder *builder, const struct hf_event *event)
{
	builder->now = event->time;
	if (builder->open_childwaits)
		end_childwait(builder, event);
	switch (event->type) {
	case HF_EVENT_ACQUIRE:
		end_wait(builder, event, TIMELINE_RELEASED);
		(void)end_holds(builder, event, TIMELINE_CONVERTED);
		begin_hold(builder, event);
		break;
	case HF_EVENT_RELEASE:
		take_release(builder, event);
		break;
	case HF_EVENT_LOST:
		(void)end_holds(builder, event, TIMELINE_LOST);
		break;
	case HF_EVENT_WAIT:
		begin_wait(builder, event);
		break;
	case HF_EVENT_WAITPID:
		begin_childwait(builder, event);
		break;
	case HF_EVENT_FAILED:
		(void)mark_other_family(builder, event);
		end_wait(builder, event, TIMELINE_FAILED);
		break;
	case HF_EVENT_FORK:
		note_child(builder, event);
		break;
	case HF_EVENT_EXEC:
		take_exec(builder, event);
		break;
	case HF_EVENT_EXIT:
		end_process(builder, event);
		break;
	default:
		break;
	}
}

static void note_time(struct timeline *timeline, uint64_t time)
{
	if (!timeline->begin || time < timeline->begin)
		timeline->begin = time;
	if (time > timeline->end)
		timeline->end = time;
}

static void free_tables(struct builder *builder)
{
	struct open_set *set, *next_set;
	struct lane *lane, *next_lane;

	HASH_ITER (hh, builder->open, set, next_set) {
		HASH_DEL(builder->open, set);
		free(set->spans);
		free(set);
	}
	HASH_ITER (hh, builder->lanes, lane, next_lane) {
		HASH_DEL(builder->lanes, lane);
		free(lane);
	}
}

static void end_open_spans(struct timeline *timeline, size_t from)
{
	for (size_t i = from; i < timeline->span_count; i++)
		if (timeline->spans[i].end == TIMELINE_OPEN)
			timeline->spans[i].to = timeline->end;
}

void timeline_add(const struct report *report, const struct recording *recording,
		  struct timeline *timeline)
{
	size_t before = timeline->span_count;
	struct builder builder = { .report = report, .recording = recording, .timeline = timeline };
	const struct hf_pool_view *view = &recording->view;

	fold_enter(report->fold, recording);
	for (uint64_t i = view->event_first; i < view->event_next; i++) {
		const struct hf_event *cell = hf_event_at(view, i);
		struct hf_event event;

		if (!cell)
			continue;
		event = *cell; /* of a live run, it may be overwritten at any time */
		take_event(&builder, &event);
		note_time(timeline, event.time);
	}
	fold_leave(report->fold);
	free_tables(&builder);
	end_open_spans(timeline, before);
}
