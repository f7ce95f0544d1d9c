/* SPDX-License-Identifier: MIT */
#include "record.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

static uint64_t page_up(uint64_t n)
{
	return (n + 4095) & ~UINT64_C(4095);
}

uint64_t hf_pool_layout(struct hf_pool *pool, uint32_t image_slots, uint64_t log_size,
			uint32_t ring_cells)
{
	memset(pool, 0, sizeof(*pool));
	pool->magic = HF_POOL_MAGIC;
	pool->version = HF_POOL_VERSION;
	pool->header_size = sizeof(*pool);
	pool->image_slots = image_slots;
	pool->images_offset = page_up(sizeof(*pool));
	pool->log_offset = page_up(pool->images_offset + image_slots * sizeof(struct hf_image));
	pool->log_size = page_up(log_size);
	pool->ring_offset = pool->log_offset + pool->log_size;
	pool->ring_cells = ring_cells;
	pool->size = page_up(pool->ring_offset + ring_cells * sizeof(struct hf_event));
	return pool->size;
}

void hf_via_put(char field[HF_VIA_LENGTH], const char *name)
{
	memcpy(field, name, strnlen(name, HF_VIA_LENGTH));
}

uint32_t hf_program_hash(const char *path)
{
	const char *slash = strrchr(path, '/');
	uint32_t hash = 2166136261u; /* FNV-1a */

	for (const char *c = slash ? slash + 1 : path; *c; c++)
		hash = (hash ^ (unsigned char)*c) * 16777619u;
	return hash;
}

/* The smallest size a record of each type can have. */
static uint32_t least_size(enum hf_record_type type)
{
	switch (type) {
	case HF_RECORD_FILE:
		return offsetof(struct hf_rec_file, path);
	case HF_RECORD_MODULE:
		return offsetof(struct hf_rec_module, path);
	case HF_RECORD_STACK:
		return offsetof(struct hf_rec_stack, frames);
	case HF_RECORD_FINDING:
		return sizeof(struct hf_rec_finding);
	case HF_RECORD_CONSEQUENCE:
		return sizeof(struct hf_rec_consequence);
	case HF_RECORD_EXEC:
		return offsetof(struct hf_rec_exec, path);
	case HF_RECORD_ARGS:
		return offsetof(struct hf_rec_args, text);
	case HF_RECORD_HELD:
		return sizeof(struct hf_rec_held);
	case HF_RECORD_NONE:
	case HF_RECORD_TYPES:
		break;
	}
	return UINT32_MAX;
}

static bool is_power_of_two(uint64_t n)
{
	return n && !(n & (n - 1));
}

static bool is_part(uint64_t offset, uint64_t size, uint64_t whole)
{
	return offset <= whole && size <= whole - offset;
}

static bool header_makes_sense(const struct hf_pool *pool)
{
	return pool->header_size == sizeof(*pool) && pool->images_offset >= sizeof(*pool) &&
	       pool->images_offset % 64 == 0 && pool->log_offset % HF_LOG_ALIGN == 0 &&
	       pool->ring_offset % 64 == 0 && is_power_of_two(pool->ring_cells) &&
	       is_part(pool->images_offset, pool->image_slots * sizeof(struct hf_image),
		       pool->log_offset) &&
	       is_part(pool->log_offset, pool->log_size, pool->ring_offset) &&
	       is_part(pool->ring_offset, pool->ring_cells * sizeof(struct hf_event), pool->size);
}

/* How much of a part is really in the file. */
static uint64_t present(uint64_t offset, uint64_t want, uint64_t size)
{
	uint64_t there = offset < size ? size - offset : 0;

	return want < there ? want : there;
}

int hf_pool_open_view(const void *data, uint64_t size, struct hf_pool_view *ret)
{
	const struct hf_pool *pool = data;
	struct hf_pool_view view = { .pool = pool };
	const unsigned char *bytes = data;
	uint64_t tail, images;

	if (size < sizeof(*pool) || pool->magic != HF_POOL_MAGIC)
		return -ENOMSG;
	if (pool->version != HF_POOL_VERSION)
		return -EPROTO;
	if (!header_makes_sense(pool))
		return -EBADMSG;

	images = pool->images_next < pool->image_slots ? pool->images_next : pool->image_slots;
	view.image_count =
		(uint32_t)(present(pool->images_offset, images * sizeof(struct hf_image), size) /
			   sizeof(struct hf_image));
	view.images = (const void *)(bytes + pool->images_offset);

	tail = pool->log_tail < pool->log_size ? pool->log_tail : pool->log_size;
	view.log_end = present(pool->log_offset, tail, size) & ~(uint64_t)(HF_LOG_ALIGN - 1);
	view.log = bytes + pool->log_offset;

	view.ring = (const void *)(bytes + pool->ring_offset);
	view.event_next = pool->ring_next;
	view.event_first =
		pool->ring_next > pool->ring_cells ? pool->ring_next - pool->ring_cells : 0;
	if (size < pool->ring_offset + pool->ring_cells * sizeof(struct hf_event))
		view.event_first = view.event_next; /* the ring is not all there */
	view.missing = pool->size > size ? pool->size - size : 0;
	*ret = view;
	return 0;
}

/* Is there a committed record of some known type at offset? */
static const struct hf_record *record_at(const struct hf_pool_view *view, uint64_t offset)
{
	const struct hf_record *record = (const void *)(view->log + offset);
	uint64_t word, size;

	if (offset % HF_LOG_ALIGN || !is_part(offset, sizeof(*record), view->log_end))
		return NULL;
	word = __atomic_load_n(&record->word, __ATOMIC_ACQUIRE);
	size = (uint32_t)word;
	if (word >> 48 != HF_LOG_MARK || (word >> 32 & 0xffff) >= HF_RECORD_TYPES ||
	    size > HF_RECORD_MAX || !is_part(offset, size, view->log_end) ||
	    size < least_size((enum hf_record_type)(word >> 32 & 0xffff)))
		return NULL;
	return record;
}

static bool stack_fits(const struct hf_record *record)
{
	const struct hf_rec_stack *stack = (const void *)record;

	return stack->count <= HF_STACK_MAX &&
	       hf_record_size(record) >= sizeof(*stack) + stack->count * sizeof(stack->frames[0]);
}

static bool payload_makes_sense(const struct hf_record *record)
{
	return hf_record_type(record) != HF_RECORD_STACK || stack_fits(record);
}

const struct hf_record *hf_log_next(const struct hf_pool_view *view, uint64_t *offset,
				    uint64_t *skipped)
{
	const struct hf_record *record;

	for (; *offset < view->log_end; *offset += HF_LOG_ALIGN, *skipped += HF_LOG_ALIGN) {
		record = record_at(view, *offset);
		if (record && payload_makes_sense(record)) {
			*offset += hf_record_room(hf_record_size(record));
			return record;
		}
	}
	return NULL;
}

const struct hf_record *hf_log_at(const struct hf_pool_view *view, hf_ref ref,
				  enum hf_record_type type)
{
	const struct hf_record *record = ref ? record_at(view, hf_ref_offset(ref)) : NULL;

	if (!record || hf_record_type(record) != type || !payload_makes_sense(record))
		return NULL;
	return record;
}

const struct hf_event *hf_event_at(const struct hf_pool_view *view, uint64_t number)
{
	const struct hf_event *event = &view->ring[number & (view->pool->ring_cells - 1)];
	uint32_t sequence = __atomic_load_n(&event->sequence, __ATOMIC_ACQUIRE);

	return sequence == (uint32_t)(number + 1) && event->type < HF_EVENT_TYPES ? event : NULL;
}
