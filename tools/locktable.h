/* SPDX-License-Identifier: MIT */
/*
 * All file locks of this machine, and who holds or wants them.
 *
 * /proc/locks lists every lock and every waiting request, but names nobody for OFD locks, and for a
 * flock only who once took it. Who really has a lock is found in /proc/PID/fdinfo of every process:
 * several processes may share one. A lock nobody was found for has no owners here: that is
 * "unknown", never "nobody", since the kernel says that it is held.
 */
#ifndef HF_TOOLS_LOCKTABLE_H
#define HF_TOOLS_LOCKTABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "proclocks.h"

struct lock_owner {
	pid_t pid;
	int fd;	       /* -1: not known (a waiter, or a process that may not be looked into) */
	char *command; /* NULL: not known */
};

struct lock_entry {
	struct hf_proclock lock;
	struct lock_owner *owners; /* holders, or the one that waits; none: unknown */
	size_t owner_count;
	size_t order;	 /* its place in /proc/locks */
	uint64_t device; /* st_dev as stat() tells it, 0: not known; on btrfs it is not lock.id.dev
			  */
	char *path;	 /* NULL: not known */
};

struct locktable {
	struct lock_entry *entries; /* by file, first byte, and order */
	size_t count;
	size_t unreadable; /* processes that the caller may not look into */
};

/*
 * Reads everything below proc ("/proc"). 0, or -errno when proc/locks cannot be read or there is no
 * memory; then *ret is empty. locktable_free() takes an empty or zeroed table as well.
 */
int locktable_read(const char *proc, struct locktable *ret);
void locktable_free(struct locktable *table);

/* Adds a lock that the kernel tells of in another way, by an owner not known. 0 or -ENOMEM. */
int locktable_add(struct locktable *table, const struct hf_proclock *lock);

/* The owner's command is the entry's from now on, or freed. 0 or -ENOMEM. */
int lock_entry_add_owner(struct lock_entry *entry, const struct lock_owner *owner);

/* So is path, which may be NULL. */
void lock_entry_set_path(struct lock_entry *entry, char *path, uint64_t device);

/* The entries of one file; *ret_count of them follow the result, which is NULL for none. */
struct lock_entry *locktable_of_file(const struct locktable *table, struct hf_fileid id,
				     size_t *ret_count);

/* The same for the entries of that file whose first byte is start. */
struct lock_entry *locktable_starting_at(const struct locktable *table, struct hf_fileid id,
					 uint64_t start, size_t *ret_count);

/* Do entries a and b keep each other out: same file, same family, common bytes, not both reading?
 */
bool lock_entries_conflict(const struct lock_entry *a, const struct lock_entry *b);

/*
 * The holders that a waiting entry waits for, one a call: NULL first, then the last result; NULL at
 * the end.
 */
const struct lock_entry *locktable_next_blocker(const struct locktable *table,
						const struct lock_entry *waiter,
						const struct lock_entry *last);

/* The entry that the kernel has queued this waiter behind, a holder or a waiter; NULL for a holder.
 */
const struct lock_entry *locktable_parent(const struct locktable *table,
					  const struct lock_entry *entry);

#endif
