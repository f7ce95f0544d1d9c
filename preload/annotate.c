/* SPDX-License-Identifier: MIT */
/* What the program itself tells: see lib/holdfast-annotate.h. */
#include <errno.h>

#include "rules.h"
#include "shim.h"

/* A lock of this thread on the file, or any other of the process. */
static struct hf_range *own_range(const struct hf_file *file, struct hf_owner **ret)
{
	struct hf_range *held, *found = NULL;
	struct hf_owner *owner;

	for (owner = hf_file_owners(file); owner; owner = owner->next)
		for (held = hf_rangeset_first(&owner->ranges, 0, HF_EOF); held;
		     held = hf_rangeset_next(held, HF_EOF))
			if (!found || hf_is_mine(held)) {
				found = held;
				*ret = owner;
			}
	return found;
}

static void note_refused(const char *what, int fd)
{
	struct hf_request refused = { .fd = fd, .via = what, .file = hf_fd_held_file(fd) };
	struct hf_rec_finding finding;
	struct hf_owner *owner = NULL;
	struct hf_range *held;

	if (!refused.file)
		return; /* what it has is another process's, or unknown: nothing can be shown */
	held = own_range(refused.file, &owner);
	refused.start = held->start;
	refused.end = held->end;
	refused.stack = hf_stack_here();
	finding = hf_rules_finding(&refused, HF_KIND_REENTRANT_ACQUIRE, HF_LEVEL_NOTE, owner, held);
	finding.error = EDEADLK;
	finding.proof = HF_PROOF_RESULT;
	hf_rules_record(&finding);
}

void hf_on_note_refused(const char *what, int fd)
{
	struct hf_section section;
	int error = errno;

	if (hf_section_enter(&section) == HF_ENTERED) {
		note_refused(what, fd);
		hf_section_leave(&section);
	}
	errno = error;
}

/* Nobody's thread took them any more, so nobody is surprised. */
static void hand_over(struct hf_file *file, int fd)
{
	struct hf_owner *owner;
	struct hf_range *held;

	for (owner = hf_file_owners(file); owner; owner = owner->next) {
		if (!hf_owner_has_fd(owner, fd) && owner->primitive != HF_PRIM_POSIX)
			continue;
		owner->handed_over = true;
		for (held = hf_rangeset_first(&owner->ranges, 0, HF_EOF); held;
		     held = hf_rangeset_next(held, HF_EOF))
			if (owner->primitive != HF_PRIM_POSIX || held->hold.fd == fd)
				held->hold.tid = 0;
	}
}

void hf_on_annotate_handover(int fd)
{
	struct hf_section section;
	struct hf_file *file;
	int error = errno;

	if (hf_anything_held() && hf_section_enter(&section) == HF_ENTERED) {
		file = hf_fd_held_file(fd);
		if (file)
			hand_over(file, fd);
		hf_section_leave(&section);
	}
	errno = error;
}

/* The thread's own word for itself: nothing else reads it. */
void hf_on_annotate_guarded(int fd)
{
	hf_thread.guarded = fd < 0 ? 0 : fd + 1;
}
