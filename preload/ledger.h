/* SPDX-License-Identifier: MIT */
/*
 * What the process believes it holds: (dev, ino) -> owners -> byte ranges.
 *
 * Only locked inodes are here, no table of descriptors. A POSIX lock has one owner per file, the
 * process. OFD and flock locks have one owner per open file description, known by the descriptors
 * that are seen to refer to it.
 *
 * A ledger is an object and knows neither how an event was seen nor what is a misuse. It makes no
 * system call. It is not thread-safe: whoever uses it holds the section (shim.h).
 *
 * Invariants:
 *   - held counts the files that have a range; such files stand in the fingerprints. All files
 *     stand in listed.
 *   - A file without ranges stays (its path was recorded, descriptors point at it) until
 *     hf_ledger_trim() takes the oldest ones away; no pointer to a file survives a trim.
 *   - An owner without ranges leaves its file at once. The last one that did is kept for the next:
 *     most programs lock and unlock one file over and over.
 */
#ifndef HF_PRELOAD_LEDGER_H
#define HF_PRELOAD_LEDGER_H

#include <stdbool.h>
#include <stdint.h>

#include "fileid.h"
#include "rangeset.h"

#define HF_OWNER_FDS 8
#define HF_FINGERPRINTS 1024

struct hf_owner {
	struct hf_owner *next;
	enum hf_primitive primitive;
	struct hf_rangeset ranges;
	int fds[HF_OWNER_FDS]; /* of the description (not POSIX), those that were seen */
	unsigned fd_count;
	bool shared;	  /* another process has descriptors of it: a fork happened */
	bool inherited;	  /* the locks were taken by the parent, before the fork */
	bool handed_over; /* the program said that others may use and release it */
};

struct hf_file;

struct hf_ledger {
	const struct hf_mem *mem;
	struct hf_file *files; /* uthash by id */
	unsigned count;
	uint32_t held; /* read without the section, relaxed */
	/* Counts by a hash of the id, of the held files and of all: read without the section. */
	uint16_t fingerprints[HF_FINGERPRINTS];
	uint16_t listed[HF_FINGERPRINTS];
};

void hf_ledger_init(struct hf_ledger *ledger, const struct hf_mem *mem);

/* Could this file be held? No means no; yes means look it up. Callable without the section. */
bool hf_ledger_maybe_holds(const struct hf_ledger *ledger, struct hf_fileid id);

/* Could it be in the ledger at all, held or not? Likewise. */
bool hf_ledger_maybe_has(const struct hf_ledger *ledger, struct hf_fileid id);

/* NULL when it was never locked (or trimmed). */
struct hf_file *hf_ledger_find(struct hf_ledger *ledger, struct hf_fileid id);

/* Finds or adds; NULL when there is no memory. */
struct hf_file *hf_ledger_file(struct hf_ledger *ledger, struct hf_fileid id);

/* All files that have a range, one after the other; NULL starts and ends. */
struct hf_file *hf_ledger_next_held(struct hf_ledger *ledger, struct hf_file *after);

/* Forgets idle files while there are more than limit. True if any went: cached pointers are dead.
 */
bool hf_ledger_trim(struct hf_ledger *ledger, unsigned limit);

struct hf_fileid hf_file_id(const struct hf_file *file);
bool hf_file_is_held(const struct hf_file *file);
bool hf_file_is_remote(const struct hf_file *file);
struct hf_owner *hf_file_owners(const struct hf_file *file);

/* Does anybody but that owner, which may be NULL, hold something on it? */
bool hf_file_has_others(const struct hf_file *file, const struct hf_owner *owner);

/* What the user of the ledger keeps about a file. */
struct hf_file_notes *hf_file_notes(struct hf_file *file);
struct hf_file_notes {
	uint32_t changes;    /* grows with every change of belief: has anything moved since? */
	uint32_t pending;    /* blocking requests under way */
	bool named;	     /* its path was recorded */
	bool met;	     /* the next one is known: */
	bool remote;	     /* network or FUSE: calls may block, the oracle may lie */
	bool counted;	     /* it is in the image's count of files */
	uint64_t read_start; /* no byte outside is read-locked; start > end: none is */
	uint64_t read_end;
	bool was_linked; /* it had a name when a request was last refused or had to wait */
	bool had_name;	 /* and before the unlink or rename that is under way */
};

/*
 * The owner of primitive whose descriptor is fd; for POSIX, the process, whatever fd is. NULL when
 * there is none with ranges.
 */
struct hf_owner *hf_file_owner(struct hf_file *file, enum hf_primitive primitive, int fd);

/* Another descriptor of the owner's description was seen, or one was closed. */
void hf_owner_add_fd(struct hf_owner *owner, int fd);
void hf_owner_drop_fd(struct hf_owner *owner, int fd);
bool hf_owner_has_fd(const struct hf_owner *owner, int fd);

/*
 * Belief changes, after the kernel's state did. take finds or makes the owner; drop removes ranges.
 * 0, or -ENOMEM: then every range that touches start..end is forgotten, since what was believed of
 * it is no longer true. An owner left without ranges is released (the pointer is dead).
 */
int hf_ledger_take(struct hf_ledger *ledger, struct hf_file *file, enum hf_primitive primitive,
		   uint64_t start, uint64_t end, enum hf_lockmode mode, const struct hf_hold *hold);
int hf_ledger_drop(struct hf_ledger *ledger, struct hf_file *file, struct hf_owner *owner,
		   uint64_t start, uint64_t end);
void hf_ledger_drop_range(struct hf_ledger *ledger, struct hf_file *file, struct hf_owner *owner,
			  struct hf_range *range);
void hf_ledger_drop_owner(struct hf_ledger *ledger, struct hf_file *file, struct hf_owner *owner);

/* A fresh fork child: POSIX locks are not inherited; the others are, with their description. */
void hf_ledger_forked(struct hf_ledger *ledger);

#endif
