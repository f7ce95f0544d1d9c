/* SPDX-License-Identifier: MIT */
/*
 * A lock is on an inode, a program means a name. Between the open and the grant, or while the lock
 * is held, the name can come to mean another inode.
 *
 * What counts is only what has been seen: a file that had a name when the lock was refused, or
 * waited for, and has none when it is granted. That a file without a name is locked says nothing by
 * itself: a server may have unlinked it on purpose and pass the descriptor on to its children.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "identify.h"
#include "rawsys.h"
#include "recorder.h"
#include "rules.h"
#include "shim.h"

void hf_inode_in_the_way(const struct hf_request *r)
{
	hf_file_notes(r->file)->was_linked = hf_has_name(r->fd);
}

/*
 * Closing it at once is the right answer to what has happened, unless work was done before. Reading
 * is no work: the file itself may say that another one took its place. What another thread has done
 * tells nothing: the one that took the lock may have done it for that one, which has looked.
 */
static bool is_used(struct hf_watch *watch, const struct hf_rec_consequence *then)
{
	return then->what != HF_THEN_TEARDOWN ||
	       (hf_tid() == watch->only_tid && hf_thread.changes != watch->seen);
}

/* It had a name when it could not be had. */
static void check_stale_inode(const struct hf_request *r)
{
	const unsigned used = HF_THEN_BIT(HF_THEN_WRITTEN) | HF_THEN_BIT(HF_THEN_UNLOCKED) |
			      HF_THEN_BIT(HF_THEN_TEARDOWN);
	struct hf_watch watch = {
		.unasked = true,
		.report_on = used,
		.end_on = used,
		.only_tid = hf_tid(),
		.seen = hf_thread.changes,
		.judge = is_used,
	};

	hf_file_notes(r->file)->was_linked = false;
	if (hf_has_name(r->fd))
		return;
	watch.finding = hf_rules_finding(r, HF_KIND_STALE_INODE, HF_LEVEL_NONE, NULL, NULL);
	watch.finding.proof = HF_PROOF_RESULT;
	hf_watch_add(&watch);
}

/* The thread asks about a file: it may be finding out. */
void hf_inode_looked(void)
{
	struct hf_section section;

	if (hf_section_enter(&section) != HF_ENTERED)
		return;
	hf_watch_end_own(HF_KIND_STALE_INODE);
	hf_section_leave(&section);
}

/*
 * Opens that emptied a file which had something in it, while nothing was locked. Their stacks are
 * recorded only if a lock follows. Guarded by the section; truncated_count may be read without.
 */
#define TRUNCATED 16

static struct truncation {
	bool used;
	int fd;
	struct hf_fileid id;
	struct hf_stack stack;
} truncated[TRUNCATED];
static unsigned truncated_next;
static uint32_t truncated_count;

static struct truncation *truncation_of(int fd)
{
	for (unsigned i = 0; i < TRUNCATED; i++)
		if (truncated[i].used && truncated[i].fd == fd)
			return &truncated[i];
	return NULL;
}

static void drop_truncation(struct truncation *truncation)
{
	if (!truncation || !truncation->used)
		return;
	truncation->used = false;
	__atomic_store_n(&truncated_count, truncated_count - 1, __ATOMIC_RELAXED);
}

static bool has_content(int dir, const char *path, struct hf_fileid *ret)
{
	struct stat st;

	if (raw_fstatat(dir, path, &st, 0) < 0 || !S_ISREG(st.st_mode) || st.st_size == 0)
		return false;
	ret->dev = st.st_dev;
	ret->ino = st.st_ino;
	return true;
}

void hf_inode_before_truncation(int dir, const char *path)
{
	hf_thread.truncates = !hf_anything_held() && !hf_is_foreign() &&
			      has_content(dir, path, &hf_thread.truncated);
}

static void remember_truncation(int fd)
{
	struct truncation *place = &truncated[truncated_next++ % TRUNCATED];
	struct hf_fileid id;

	if (!hf_identify(fd, &id) || !hf_fileid_equal(id, hf_thread.truncated))
		return;
	drop_truncation(place);
	place->used = true;
	place->fd = fd;
	place->id = hf_thread.truncated;
	hf_stack_take(&place->stack, HF_STACK_MAX);
	__atomic_store_n(&truncated_count, truncated_count + 1, __ATOMIC_RELAXED);
}

void hf_inode_opened(int fd)
{
	bool truncates = hf_thread.truncates;
	struct hf_section section;

	hf_thread.truncates = false;
	if (fd < 0 || (!truncates && !__atomic_load_n(&truncated_count, __ATOMIC_RELAXED)) ||
	    hf_section_enter(&section) != HF_ENTERED)
		return;
	drop_truncation(truncation_of(fd));
	if (truncates)
		remember_truncation(fd);
	hf_section_leave(&section);
}

static void check_trunc_before_lock(const struct hf_request *r)
{
	struct truncation *truncation = truncation_of(r->fd);
	struct hf_rec_finding finding;

	if (!truncation)
		return;
	drop_truncation(truncation);
	if (!hf_fileid_equal(truncation->id, hf_file_id(r->file)) || hf_file_is_held(r->file))
		return;
	finding = hf_rules_finding(r, HF_KIND_TRUNC_BEFORE_LOCK, HF_LEVEL_NONE, NULL, NULL);
	finding.opened = hf_recorder_stack(&truncation->stack);
	hf_rules_record(&finding);
}

void hf_inode_granted(const struct hf_request *r)
{
	if (hf_file_notes(r->file)->was_linked)
		check_stale_inode(r);
	if (truncated_count)
		check_trunc_before_lock(r);
}

static struct hf_range *first_range(const struct hf_file *file)
{
	return hf_rangeset_first(&hf_file_owners(file)->ranges, 0, HF_EOF);
}

/* Which of the locked files have a name, before one is taken away. */
void hf_inode_before_unlink(void)
{
	struct hf_section section;
	struct hf_file *file = NULL;

	if (!hf_anything_held() || hf_section_enter(&section) != HF_ENTERED)
		return;
	while ((file = hf_ledger_next_held(&hf_shim.ledger, file)))
		hf_file_notes(file)->had_name = hf_has_name(first_range(file)->hold.fd);
	hf_section_leave(&section);
}

static void note_unlinked(struct hf_file *file, const char *via)
{
	struct hf_range *held = first_range(file);
	struct hf_request unlink = {
		.fd = HF_NO_FD,
		.via = via,
		.start = held->start,
		.end = held->end,
		.file = file,
		.stack = hf_stack_here(),
	};
	enum hf_kind kind =
		strncmp(via, "rename", 6) ? HF_KIND_UNLINK_LOCKFILE : HF_KIND_REPLACED_BY_RENAME;
	struct hf_rec_finding finding =
		hf_rules_finding(&unlink, kind, HF_LEVEL_NONE, hf_file_owners(file), held);

	hf_rules_record(&finding);
}

void hf_inode_unlinked(const char *via)
{
	struct hf_section section;
	struct hf_file *file = NULL;

	if (!hf_anything_held() || hf_section_enter(&section) != HF_ENTERED)
		return;
	while ((file = hf_ledger_next_held(&hf_shim.ledger, file))) {
		int fd = first_range(file)->hold.fd;

		if (!hf_file_notes(file)->had_name || hf_has_name(fd))
			continue;
		hf_file_notes(file)->had_name = false;
		note_unlinked(file, via);
	}
	hf_section_leave(&section);
}
