/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "made_recording.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct hf_pool *pool;
uint64_t now = 1000;
uint32_t now_image;
int32_t now_tid = 10;

void *part(uint64_t offset)
{
	return (unsigned char *)pool + offset;
}

void begin(void)
{
	struct hf_pool layout;
	uint64_t size = hf_pool_layout(&layout, 16, 64 * 1024, 256);

	pool = calloc(1, size);
	*pool = layout;
}

uint32_t image(enum hf_image_kind kind, int32_t pid)
{
	struct hf_image *ret = (struct hf_image *)part(pool->images_offset) + pool->images_next;

	ret->kind = kind;
	ret->pid = pid;
	ret->ppid = 10;
	ret->start_time = now++;
	return now_image = pool->images_next++;
}

hf_ref append(enum hf_record_type type, struct hf_record *record, size_t size)
{
	uint64_t at = pool->log_tail;

	pool->log_tail += hf_record_room(size);
	record->word = hf_record_word(type, (uint32_t)size);
	record->image = now_image;
	record->tid = now_tid;
	record->time = now++;
	memcpy(part(pool->log_offset + at), record, size);
	return hf_ref_of(at);
}

void event(enum hf_event_type type, enum hf_lockmode mode, uint64_t start, uint64_t end)
{
	struct hf_event *cell = (struct hf_event *)part(pool->ring_offset) + pool->ring_next++;

	*cell = (struct hf_event){ .sequence = (uint32_t)pool->ring_next,
				   .type = type,
				   .primitive = HF_PRIM_POSIX,
				   .mode = mode,
				   .image = now_image,
				   .tid = now_tid,
				   .time = now++,
				   .id = { 1, 1 },
				   .start = start,
				   .end = end,
				   .fd = 3 };
}

struct hf_image *process(int32_t pid)
{
	struct hf_image *images = part(pool->images_offset);

	now_tid = pid;
	for (now_image = 0; now_image < pool->images_next; now_image++)
		if (images[now_image].pid == pid)
			return &images[now_image];
	return &images[image(pool->images_next ? HF_IMAGE_FORK : HF_IMAGE_EXEC, pid)];
}

static hf_ref stack(unsigned place)
{
	struct {
		struct hf_rec_stack head;
		struct hf_frame frame;
	} record = { .head.count = 1, .frame.offset = place };

	return place ? append(HF_RECORD_STACK, &record.head.head, sizeof(record)) : 0;
}

void tell(const struct step *steps, size_t count)
{
	for (const struct step *step = steps; step < steps + count; step++) {
		struct hf_event *cell;
		hf_ref taken;

		(void)process(step->pid);
		taken = stack(step->stack);
		event(step->type, step->mode, step->start, step->end);
		cell = (struct hf_event *)part(pool->ring_offset) + pool->ring_next - 1;
		cell->stack = taken;
		cell->primitive = step->primitive ? step->primitive : HF_PRIM_POSIX;
		cell->error = (uint8_t)step->flags;
		cell->id.ino = step->file ? step->file : 1;
		cell->fd = step->fd ? step->fd : 3;
	}
}

struct report *report(void)
{
	char path[] = "/tmp/holdfast-unit-XXXXXX";
	int fd = mkstemp(path);
	struct report_options options = { .notes = true };
	struct report *ret = report_new(&options);
	struct recording recording;

	cr_assert_eq(write(fd, pool, pool->size), (ssize_t)pool->size);
	cr_assert_eq(recording_open(path, &recording), 0);
	report_add(ret, &recording);
	report_finish(ret);
	unlink(path);
	close(fd);
	free(pool);
	return ret;
}
