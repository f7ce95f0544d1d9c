/* SPDX-License-Identifier: MIT */
/*
 * What is done to the bytes of a file, against what is held of them.
 *
 * Judged byte by byte: SQLite's locks lie outside its data, and a program may read-lock one record
 * and write another.
 */
#include <fcntl.h>

#include "oracle.h"
#include "rules.h"
#include "shim.h"

static bool is_write_locked(const struct hf_file *file, uint64_t start, uint64_t end)
{
	struct hf_owner *owner;
	struct hf_range *held;

	for (owner = hf_file_owners(file); owner; owner = owner->next)
		for (held = hf_rangeset_first(&owner->ranges, start, end); held;
		     held = hf_rangeset_next(held, end))
			if (held->mode == HF_MODE_WRITE)
				return true;
	return false;
}

/* A read lock on some of the bytes, of which no write lock has any. */
static struct hf_range *only_read_locked(const struct hf_file *file, uint64_t start, uint64_t end,
					 struct hf_owner **ret)
{
	struct hf_owner *owner;
	struct hf_range *held;

	if (is_write_locked(file, start, end))
		return NULL;
	for (owner = hf_file_owners(file); owner; owner = owner->next) {
		held = owner->inherited ? NULL : hf_rangeset_first(&owner->ranges, start, end);
		if (held) {
			*ret = owner;
			return held;
		}
	}
	return NULL;
}

void hf_access_written(int fd, uint64_t at, uint64_t bytes, const char *via)
{
	struct hf_request write = {
		.fd = fd,
		.via = via,
		.start = at,
		.end = at + (bytes ? bytes - 1 : 0),
		.file = hf_fd_file(fd),
	};
	struct hf_rec_finding finding;
	struct hf_owner *owner;
	struct hf_range *held;

	if (!write.file || !bytes)
		return;
	held = only_read_locked(write.file, write.start, write.end, &owner);
	if (!held || !hf_oracle_is_open(fd, hf_file_id(write.file)))
		return;
	write.stack = hf_stack_here();
	finding =
		hf_rules_finding(&write, HF_KIND_WRITE_UNDER_READ_LOCK, HF_LEVEL_NONE, owner, held);
	hf_rules_record(&finding);
}

/*
 * The bytes between the first and the last that were read-locked since the file was last free: so
 * that most writes need no section. Words are stored and loaded whole; who sees an old one writes
 * at the same moment as another thread locks.
 */
void hf_access_granted(const struct hf_request *r)
{
	struct hf_file_notes *notes = hf_file_notes(r->file);

	if (!hf_file_is_held(r->file)) {
		__atomic_store_n(&notes->read_start, HF_EOF, __ATOMIC_RELAXED);
		__atomic_store_n(&notes->read_end, 0, __ATOMIC_RELAXED);
	}
	if (r->mode != HF_MODE_READ)
		return;
	if (r->start < notes->read_start)
		__atomic_store_n(&notes->read_start, r->start, __ATOMIC_RELAXED);
	if (r->end > notes->read_end)
		__atomic_store_n(&notes->read_end, r->end, __ATOMIC_RELAXED);
}

static bool may_be_read_locked(struct hf_file *file, int64_t at, uint64_t bytes)
{
	const struct hf_file_notes *notes = hf_file_notes(file);
	uint64_t start = __atomic_load_n(&notes->read_start, __ATOMIC_RELAXED);
	uint64_t end = __atomic_load_n(&notes->read_end, __ATOMIC_RELAXED);

	if (!hf_file_is_held(file) || start > end)
		return false;
	return at < 0 || ((uint64_t)at <= end && (uint64_t)at + bytes > start);
}

bool hf_access_matters(int fd, int64_t at, uint64_t bytes)
{
	struct hf_file *file;

	if (!hf_anything_held())
		return false;
	file = hf_fd_known(fd);
	if (file ? !may_be_read_locked(file, at, bytes) : !hf_fd_maybe_held(fd))
		return false;
	return !hf_is_foreign();
}

static bool is_unlocked(struct hf_watch *watch, const struct hf_rec_consequence *then)
{
	const struct hf_file *file = hf_ledger_find(&hf_shim.ledger, watch->finding.id);

	(void)then;
	return !file || !hf_file_is_held(file);
}

void hf_access_asked(struct hf_request *r)
{
	struct hf_section section;
	struct hf_watch watch = {
		.exact = true,
		.unasked = true,
		.any_retakes = true,
		.report_on = HF_THEN_BIT(HF_THEN_WRITTEN),
		.end_on = HF_THEN_BIT(HF_THEN_WRITTEN) | HF_THEN_BIT(HF_THEN_RETAKEN) |
			  HF_THEN_BIT(HF_THEN_TEARDOWN),
		.only_tid = hf_tid(),
		.judge = is_unlocked,
	};

	if (hf_section_enter(&section) != HF_ENTERED)
		return;
	r->file = hf_fd_file(r->fd);
	if (r->file && !hf_file_is_held(r->file)) {
		r->stack = hf_stack_here();
		watch.finding =
			hf_rules_finding(r, HF_KIND_GETLK_THEN_ACT, HF_LEVEL_NONE, NULL, NULL);
		hf_watch_end(HF_KIND_GETLK_THEN_ACT, watch.finding.id);
		hf_watch_add(&watch);
	}
	hf_section_leave(&section);
}
