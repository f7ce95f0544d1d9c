/* SPDX-License-Identifier: MIT */
#include "closing.h"

#include "recorder.h"
#include "rules.h"
#include "shim.h"
#include "twins.h"

struct hf_closing hf_closing_of(const char *via, int first, int last)
{
	return (struct hf_closing){
		.culprit = {
			.via = via,
			.fd = first == last ? first : HF_NO_FD,
			.tid = hf_tid(),
		},
		.first = first,
		.last = last,
		.replaced = HF_NO_FD,
		.time = hf_recorder_now(),
	};
}

static bool closes(const struct hf_closing *c, int fd)
{
	return fd >= c->first && fd <= c->last;
}

static void record_release(struct hf_file *file, const struct hf_owner *owner,
			   const struct hf_range *range)
{
	struct hf_event event = {
		.type = HF_EVENT_RELEASE,
		.primitive = (uint8_t)owner->primitive,
		.mode = (uint8_t)range->mode,
		.id = hf_file_id(file),
		.start = range->start,
		.end = range->end,
		.fd = range->hold.fd,
	};

	hf_recorder_event(&event);
}

/* The process's holds that were taken through a descriptor that is closed. */
static void release_posix(struct hf_file *file, struct hf_owner *owner, const struct hf_closing *c)
{
	struct hf_range *range = hf_rangeset_first(&owner->ranges, 0, HF_EOF), *next;
	bool last;

	for (; range; range = next) {
		next = hf_rangeset_next(range, HF_EOF);
		last = owner->ranges.count == 1;
		if (!closes(c, range->hold.fd) || range->hold.time > c->time)
			continue;
		hf_thread_closing(file, owner, range, c->culprit.via);
		record_release(file, owner, range);
		hf_ledger_drop_range(&hf_shim.ledger, file, owner, range);
		if (last)
			return;
	}
}

/* A description's holds go with its last descriptor. */
static void release_description(struct hf_file *file, struct hf_owner *owner,
				const struct hf_closing *c)
{
	struct hf_range *range;
	int fd = HF_NO_FD;

	for (unsigned i = owner->fd_count; i-- > 0;)
		if (closes(c, owner->fds[i])) {
			fd = owner->fds[i];
			hf_owner_drop_fd(owner, fd);
		}
	if (!owner->fd_count)
		hf_twins_find(file, owner, fd, c->first, c->last);
	if (owner->fd_count)
		return;
	for (range = hf_rangeset_first(&owner->ranges, 0, HF_EOF); range;
	     range = hf_rangeset_next(range, HF_EOF))
		record_release(file, owner, range);
	hf_survive_closing(file, owner, c->culprit.fd, c->culprit.via);
	hf_ledger_drop_owner(&hf_shim.ledger, file, owner);
}

void hf_closing_release(struct hf_file *file, const struct hf_closing *c)
{
	struct hf_owner *owner, *next;

	for (owner = hf_file_owners(file); owner; owner = next) {
		next = owner->next;
		if (owner->primitive == HF_PRIM_POSIX)
			release_posix(file, owner, c);
		else
			release_description(file, owner, c);
	}
}

void hf_closing_release_all(const struct hf_closing *c)
{
	struct hf_file *file = NULL;

	while ((file = hf_ledger_next_held(&hf_shim.ledger, file)))
		hf_closing_release(file, c);
}
