/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "locktable.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lockowners.h"

static int compare_ids(const struct hf_fileid *a, const struct hf_fileid *b)
{
	if (a->dev != b->dev)
		return a->dev < b->dev ? -1 : 1;
	return a->ino < b->ino ? -1 : a->ino > b->ino;
}

static int compare_entries(const void *left, const void *right)
{
	const struct lock_entry *a = left, *b = right;
	int order = compare_ids(&a->lock.id, &b->lock.id);

	if (order)
		return order;
	if (a->lock.start != b->lock.start)
		return a->lock.start < b->lock.start ? -1 : 1;
	return a->order < b->order ? -1 : a->order > b->order;
}

static void sort_entries(struct locktable *table)
{
	if (table->count > 1)
		qsort(table->entries, table->count, sizeof(*table->entries), compare_entries);
}

/* Leaves the table unsorted. */
static int append(struct locktable *table, const struct hf_proclock *lock)
{
	size_t count = table->count;
	struct lock_entry *more = table->entries;

	/* Full at every power of two. */
	if ((count & (count - 1)) == 0)
		more = reallocarray(more, count ? 2 * count : 1, sizeof(*more));
	if (!more)
		return -ENOMEM;
	table->entries = more;
	more[count] = (struct lock_entry){ .lock = *lock, .order = count };
	table->count++;
	return 0;
}

int locktable_add(struct locktable *table, const struct hf_proclock *lock)
{
	int status = append(table, lock);

	sort_entries(table);
	return status;
}

/* Lines that are no lock of the three kinds, or of a kernel to come, are stepped over. */
static int read_lines(FILE *in, struct locktable *table)
{
	char *line = NULL;
	size_t size = 0;
	int status = 0;

	while (status == 0 && getline(&line, &size, in) > 0) {
		struct hf_proclock lock;

		if (hf_proclock_parse(line, strcspn(line, "\n"), &lock) == 0)
			status = append(table, &lock);
	}
	free(line);
	if (status == 0 && ferror(in))
		status = -EIO;
	return status;
}

int locktable_read(const char *proc, struct locktable *ret)
{
	struct locktable table = { 0 };
	char path[256];
	int status;
	FILE *in;

	*ret = table;
	snprintf(path, sizeof(path), "%s/locks", proc);
	in = fopen(path, "re");
	if (!in)
		return -errno;
	status = read_lines(in, &table);
	fclose(in);
	sort_entries(&table);
	if (status == 0)
		status = lockowners_find(proc, &table);
	if (status < 0)
		locktable_free(&table);
	*ret = table;
	return status;
}

void locktable_free(struct locktable *table)
{
	for (size_t i = 0; i < table->count; i++) {
		for (size_t k = 0; k < table->entries[i].owner_count; k++)
			free(table->entries[i].owners[k].command);
		free(table->entries[i].owners);
		free(table->entries[i].path);
	}
	free(table->entries);
	*table = (struct locktable){ 0 };
}

int lock_entry_add_owner(struct lock_entry *entry, const struct lock_owner *owner)
{
	struct lock_owner *more =
		reallocarray(entry->owners, entry->owner_count + 1, sizeof(*more));

	if (!more) {
		free(owner->command);
		return -ENOMEM;
	}
	entry->owners = more;
	entry->owners[entry->owner_count++] = *owner;
	return 0;
}

void lock_entry_set_path(struct lock_entry *entry, char *path, uint64_t device)
{
	free(entry->path);
	entry->path = path;
	entry->device = device;
}

/* The first entry of file id, or of a file after it, that starts at byte start or later. */
static size_t lower_bound(const struct locktable *table, struct hf_fileid id, uint64_t start)
{
	size_t low = 0, high = table->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct hf_proclock *lock = &table->entries[middle].lock;
		int order = compare_ids(&lock->id, &id);

		if (order < 0 || (order == 0 && lock->start < start))
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static struct lock_entry *entries_between(const struct locktable *table, size_t first, size_t end,
					  size_t *ret_count)
{
	*ret_count = end - first;
	return end > first ? &table->entries[first] : NULL;
}

struct lock_entry *locktable_of_file(const struct locktable *table, struct hf_fileid id,
				     size_t *ret_count)
{
	/* No lock starts at the last byte that the type can hold. */
	return entries_between(table, lower_bound(table, id, 0), lower_bound(table, id, UINT64_MAX),
			       ret_count);
}

struct lock_entry *locktable_starting_at(const struct locktable *table, struct hf_fileid id,
					 uint64_t start, size_t *ret_count)
{
	return entries_between(table, lower_bound(table, id, start),
			       lower_bound(table, id, start + 1), ret_count);
}

static bool is_same_owner(const struct lock_entry *a, const struct lock_entry *b)
{
	if (a->lock.primitive != b->lock.primitive)
		return false;
	if (a->lock.primitive == HF_PRIM_POSIX)
		return a->lock.pid == b->lock.pid;
	for (size_t i = 0; i < a->owner_count; i++)
		for (size_t k = 0; k < b->owner_count; k++)
			if (a->owners[i].pid == b->owners[k].pid &&
			    a->owners[i].fd == b->owners[k].fd && a->owners[i].fd >= 0)
				return true;
	return false;
}

/* Two subvolumes of a btrfs may use one inode number, and have one superblock. */
static bool is_same_file(const struct lock_entry *a, const struct lock_entry *b)
{
	return hf_fileid_equal(a->lock.id, b->lock.id) &&
	       (!a->device || !b->device || a->device == b->device);
}

bool lock_entries_conflict(const struct lock_entry *a, const struct lock_entry *b)
{
	bool is_flock = a->lock.primitive == HF_PRIM_FLOCK;

	return is_same_file(a, b) && is_flock == (b->lock.primitive == HF_PRIM_FLOCK) &&
	       a->lock.start <= b->lock.end && b->lock.start <= a->lock.end &&
	       hf_modes_conflict(a->lock.mode, b->lock.mode) && !is_same_owner(a, b);
}

const struct lock_entry *locktable_next_blocker(const struct locktable *table,
						const struct lock_entry *waiter,
						const struct lock_entry *last)
{
	size_t count;
	const struct lock_entry *first = locktable_of_file(table, waiter->lock.id, &count);
	const struct lock_entry *end = first + count;

	for (last = last ? last + 1 : first; last < end; last++)
		if (!last->lock.waiting && lock_entries_conflict(waiter, last))
			return last;
	return NULL;
}

const struct lock_entry *locktable_parent(const struct locktable *table,
					  const struct lock_entry *entry)
{
	size_t count;
	const struct lock_entry *at = locktable_of_file(table, entry->lock.id, &count);
	const struct lock_entry *parent = NULL;

	for (; entry->lock.waiting && count > 0; count--, at++)
		if (at->lock.number == entry->lock.number && at->order < entry->order &&
		    at->lock.depth + 1 == entry->lock.depth &&
		    (!parent || at->order > parent->order))
			parent = at;
	return parent;
}
