/* SPDX-License-Identifier: MIT */
#include "slots.h"

#include <string.h>

#include "differential.h"

struct slot slots[SLOTS];
_Thread_local unsigned window_first = 0, window_last = SLOTS - 1;

static struct slot *nth_match(bool (*matches)(const struct slot *, enum slot_kind),
			      enum slot_kind kind, unsigned nth)
{
	struct slot *found[SLOTS];
	unsigned count = 0;

	for (unsigned i = window_first; i <= window_last; i++)
		if (matches(&slots[i], kind))
			found[count++] = &slots[i];
	return count ? found[nth % count] : NULL;
}

static bool is_kind(const struct slot *slot, enum slot_kind kind)
{
	return slot->kind == kind;
}

static bool is_used(const struct slot *slot, enum slot_kind kind)
{
	(void)kind;
	return slot->kind != SLOT_FREE;
}

struct slot *slot_of(enum slot_kind kind, unsigned nth)
{
	return nth_match(is_kind, kind, nth);
}

struct slot *slot_used(unsigned nth)
{
	return nth_match(is_used, SLOT_FREE, nth);
}

struct slot *slot_free(void)
{
	return slot_of(SLOT_FREE, 0);
}

struct slot *slot_fill(enum slot_kind kind, int fd, void *object)
{
	struct slot *slot = slot_free();

	*slot = (struct slot){ .kind = kind, .fd = fd, .file = file_of(fd), .object = object };
	return slot;
}

void slot_clear(struct slot *slot)
{
	memset(slot, 0, sizeof(*slot));
}

/* A stream or directory without its descriptor is thrown away behind the hooks: nothing is open. */
static void drop_object(struct slot *slot)
{
	if (slot->kind == SLOT_STREAM)
		(void)REAL(fclose)(slot->object);
	else if (slot->kind == SLOT_DIR)
		(void)REAL(closedir)(slot->object);
}

void slots_closed(int first, int last)
{
	for (struct slot *slot = slots; slot < slots + SLOTS; slot++) {
		if (slot->kind == SLOT_FREE || slot->fd < first || slot->fd > last)
			continue;
		drop_object(slot);
		slot_clear(slot);
	}
}
