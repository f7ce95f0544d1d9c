/* SPDX-License-Identifier: MIT */
#include "twins.h"

#include "oracle.h"
#include "proc.h"
#include "shim.h"

struct twins {
	struct hf_owner *owner;
	struct hf_fileid id;
	int fd;
	int first; /* these are about to be closed */
	int last;
};

static bool add_twin(void *ctx, int fd)
{
	struct twins *twins = ctx;

	if ((fd < twins->first || fd > twins->last) && hf_oracle_is_open(fd, twins->id) &&
	    hf_oracle_same_description(twins->fd, fd, hf_shim.pid) == 1)
		hf_owner_add_fd(twins->owner, fd);
	return true;
}

void hf_twins_find(struct hf_file *file, struct hf_owner *owner, int fd, int first, int last)
{
	struct twins twins = { owner, hf_file_id(file), fd, first, last };

	if (!hf_fd_is_alone(fd))
		(void)hf_proc_each_fd(add_twin, &twins);
}

void hf_twins_before_replace(int fd)
{
	struct hf_file *file = hf_fd_held_file(fd);
	struct hf_owner *owner = file ? hf_file_owners(file) : NULL;

	for (; owner; owner = owner->next)
		if (hf_owner_has_fd(owner, fd))
			hf_twins_find(file, owner, fd, 1, 0);
}

static void drop_where_not_last(struct hf_file *file, int fd)
{
	struct hf_owner *owner;

	for (owner = hf_file_owners(file); owner; owner = owner->next)
		if (owner->fd_count > 1)
			hf_owner_drop_fd(owner, fd);
}

void hf_twins_after_replace(int fd)
{
	struct hf_file *file = NULL;

	while ((file = hf_ledger_next_held(&hf_shim.ledger, file)))
		drop_where_not_last(file, fd);
}

void hf_twins_find_all(void)
{
	struct hf_file *file = NULL;
	struct hf_owner *owner;

	while ((file = hf_ledger_next_held(&hf_shim.ledger, file)))
		for (owner = hf_file_owners(file); owner; owner = owner->next)
			if (owner->fd_count)
				hf_twins_find(file, owner, owner->fds[0], 1, 0);
}

static void prune(struct hf_file *file, struct hf_owner *owner)
{
	for (unsigned i = owner->fd_count; i-- > 0 && owner->fd_count > 1;)
		if (!hf_oracle_is_open(owner->fds[i], hf_file_id(file)))
			hf_owner_drop_fd(owner, owner->fds[i]);
}

void hf_twins_prune(void)
{
	struct hf_file *file = NULL;
	struct hf_owner *owner;

	while ((file = hf_ledger_next_held(&hf_shim.ledger, file)))
		for (owner = hf_file_owners(file); owner; owner = owner->next)
			prune(file, owner);
}
