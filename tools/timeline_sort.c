/* SPDX-License-Identifier: MIT */
/* A timeline that is complete: its order, and looking things up in it. */
#include "config.h"

#include "timeline.h"

#include <stdlib.h>
#include <string.h>

#include "alloc.h"

static int compare_numbers(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

static int compare_rows(const void *first, const void *second)
{
	const struct timeline_row *const *a = first, *const *b = second;
	int ret = ((*a)->pid > (*b)->pid) - ((*a)->pid < (*b)->pid);

	if (!ret)
		ret = ((*a)->tid > (*b)->tid) - ((*a)->tid < (*b)->tid);
	if (!ret)
		ret = strcmp((*a)->path, (*b)->path);
	return ret ? ret : compare_numbers((*a)->id.ino, (*b)->id.ino);
}

/* Brings the rows into their order and tells the spans. */
static void sort_rows(struct timeline *timeline)
{
	struct timeline_row **order = alloc_zeroed(timeline->row_count, sizeof(*order));
	struct timeline_row *sorted = alloc_zeroed(timeline->row_count, sizeof(*sorted));
	size_t *place = alloc_zeroed(timeline->row_count, sizeof(*place));

	for (size_t i = 0; i < timeline->row_count; i++)
		order[i] = &timeline->rows[i];
	qsort(order, timeline->row_count, sizeof(*order), compare_rows);
	for (size_t i = 0; i < timeline->row_count; i++) {
		sorted[i] = *order[i];
		place[order[i] - timeline->rows] = i;
	}
	for (size_t i = 0; i < timeline->span_count; i++)
		timeline->spans[i].row = place[timeline->spans[i].row];
	free(timeline->rows);
	free(order);
	free(place);
	timeline->rows = sorted;
}

static int compare_spans(const void *first, const void *second)
{
	const struct timeline_span *a = first, *b = second;
	int ret = compare_numbers(a->row, b->row);

	if (!ret)
		ret = compare_numbers(a->from, b->from);
	if (!ret)
		ret = compare_numbers(a->to, b->to);
	return ret ? ret : compare_numbers(a->first, b->first);
}

void timeline_sort(struct timeline *timeline)
{
	if (!timeline->span_count)
		return;
	sort_rows(timeline);
	qsort(timeline->spans, timeline->span_count, sizeof(*timeline->spans), compare_spans);
}

void timeline_free(struct timeline *timeline)
{
	free(timeline->rows);
	free(timeline->spans);
	free(timeline->childwaits);
	free(timeline->unlocks);
	free(timeline->leaks);
}

size_t timeline_find_row(const struct timeline *timeline, int32_t pid, int32_t tid,
			 struct hf_fileid id)
{
	size_t i = 0;

	while (i < timeline->row_count &&
	       (timeline->rows[i].pid != pid || timeline->rows[i].tid != tid ||
		!hf_fileid_equal(timeline->rows[i].id, id)))
		i++;
	return i;
}
