/* SPDX-License-Identifier: MIT */
#include "ledger.h"

#include <errno.h>
#include <string.h>

/*
 * uthash in the arena. Without HASH_NONFATAL_OOM it would end the program; with it a failed insert
 * leaves the element out, which shows as hh.tbl == NULL.
 */
static const struct hf_mem *hash_mem; /* valid inside a ledger call: the section is held */
#define uthash_malloc(size) hf_mem_alloc(hash_mem, (size))
#define uthash_free(block, size) hf_mem_release(hash_mem, (block), (size))
#define HASH_NONFATAL_OOM 1
#include <uthash.h>

struct hf_file {
	struct hf_fileid id;
	struct hf_owner *owners;
	struct hf_owner *spare; /* without ranges; NULL */
	struct hf_file_notes notes;
	UT_hash_handle hh;
};

static unsigned fingerprint(struct hf_fileid id)
{
	uint64_t h = (id.ino ^ id.dev << 32) * UINT64_C(0x9e3779b97f4a7c15);

	return (unsigned)(h >> 54);
}

_Static_assert(HF_FINGERPRINTS == 1u << 10, "fingerprint() makes ten bits");

void hf_ledger_init(struct hf_ledger *ledger, const struct hf_mem *mem)
{
	memset(ledger, 0, sizeof(*ledger));
	ledger->mem = mem;
}

bool hf_ledger_maybe_holds(const struct hf_ledger *ledger, struct hf_fileid id)
{
	return __atomic_load_n(&ledger->fingerprints[fingerprint(id)], __ATOMIC_RELAXED) != 0;
}

bool hf_ledger_maybe_has(const struct hf_ledger *ledger, struct hf_fileid id)
{
	return __atomic_load_n(&ledger->listed[fingerprint(id)], __ATOMIC_RELAXED) != 0;
}

static void count_print(uint16_t *print, int change)
{
	__atomic_store_n(print, (uint16_t)(*print + change), __ATOMIC_RELAXED);
}

struct hf_file *hf_ledger_find(struct hf_ledger *ledger, struct hf_fileid id)
{
	struct hf_file *file;

	HASH_FIND(hh, ledger->files, &id, sizeof(id), file);
	return file;
}

struct hf_file *hf_ledger_file(struct hf_ledger *ledger, struct hf_fileid id)
{
	struct hf_file *file = hf_ledger_find(ledger, id);

	if (file)
		return file;
	file = hf_mem_alloc(ledger->mem, sizeof(*file));
	if (!file)
		return NULL;
	memset(file, 0, sizeof(*file));
	file->id = id;
	hash_mem = ledger->mem;
	HASH_ADD(hh, ledger->files, id, sizeof(id), file);
	if (!file->hh.tbl) {
		hf_mem_release(ledger->mem, file, sizeof(*file));
		return NULL;
	}
	ledger->count++;
	count_print(&ledger->listed[fingerprint(id)], 1);
	return file;
}

struct hf_file *hf_ledger_next_held(struct hf_ledger *ledger, struct hf_file *after)
{
	struct hf_file *file = after ? after->hh.next : ledger->files;

	while (file && !file->owners)
		file = file->hh.next;
	return file;
}

static void release_owner(struct hf_ledger *ledger, struct hf_owner *owner)
{
	if (owner)
		hf_rangeset_empty(&owner->ranges);
	hf_mem_release(ledger->mem, owner, sizeof(*owner));
}

bool hf_ledger_trim(struct hf_ledger *ledger, unsigned limit)
{
	struct hf_file *file, *next;
	bool trimmed = false;

	hash_mem = ledger->mem;
	for (file = ledger->files; file && ledger->count > limit; file = next) {
		next = file->hh.next;
		if (file->owners || file->notes.pending)
			continue;
		HASH_DEL(ledger->files, file);
		count_print(&ledger->listed[fingerprint(file->id)], -1);
		release_owner(ledger, file->spare);
		hf_mem_release(ledger->mem, file, sizeof(*file));
		ledger->count--;
		trimmed = true;
	}
	return trimmed;
}

struct hf_fileid hf_file_id(const struct hf_file *file)
{
	return file->id;
}

bool hf_file_is_held(const struct hf_file *file)
{
	return __atomic_load_n(&file->owners, __ATOMIC_RELAXED) != NULL;
}

bool hf_file_is_remote(const struct hf_file *file)
{
	return file->notes.remote;
}

struct hf_owner *hf_file_owners(const struct hf_file *file)
{
	return file->owners;
}

bool hf_file_has_others(const struct hf_file *file, const struct hf_owner *owner)
{
	return file->owners && (file->owners != owner || owner->next);
}

struct hf_file_notes *hf_file_notes(struct hf_file *file)
{
	return &file->notes;
}

bool hf_owner_has_fd(const struct hf_owner *owner, int fd)
{
	for (unsigned i = 0; i < owner->fd_count; i++)
		if (owner->fds[i] == fd)
			return true;
	return false;
}

void hf_owner_add_fd(struct hf_owner *owner, int fd)
{
	if (owner->fd_count < HF_OWNER_FDS && !hf_owner_has_fd(owner, fd))
		owner->fds[owner->fd_count++] = fd;
}

void hf_owner_drop_fd(struct hf_owner *owner, int fd)
{
	for (unsigned i = 0; i < owner->fd_count; i++)
		if (owner->fds[i] == fd)
			owner->fds[i--] = owner->fds[--owner->fd_count];
}

struct hf_owner *hf_file_owner(struct hf_file *file, enum hf_primitive primitive, int fd)
{
	struct hf_owner *owner = file->owners;

	while (owner && (owner->primitive != primitive ||
			 (primitive != HF_PRIM_POSIX && !hf_owner_has_fd(owner, fd))))
		owner = owner->next;
	return owner;
}

static void now_held(struct hf_ledger *ledger, struct hf_file *file)
{
	count_print(&ledger->fingerprints[fingerprint(file->id)], 1);
	__atomic_store_n(&ledger->held, ledger->held + 1, __ATOMIC_RELAXED);
}

static void no_longer_held(struct hf_ledger *ledger, struct hf_file *file)
{
	count_print(&ledger->fingerprints[fingerprint(file->id)], -1);
	__atomic_store_n(&ledger->held, ledger->held - 1, __ATOMIC_RELAXED);
}

/* The file's spare one, or a new one, in no list yet. */
static struct hf_owner *get_owner(struct hf_ledger *ledger, struct hf_file *file)
{
	struct hf_owner *owner = file->spare;

	if (owner) {
		file->spare = NULL;
		return owner;
	}
	owner = hf_mem_alloc(ledger->mem, sizeof(*owner));
	if (owner)
		hf_rangeset_init(&owner->ranges, ledger->mem);
	return owner;
}

/* Its memory may be needed elsewhere, if the file has a spare one already. */
static void put_owner(struct hf_ledger *ledger, struct hf_file *file, struct hf_owner *owner)
{
	if (file->spare)
		release_owner(ledger, owner);
	else
		file->spare = owner;
}

static struct hf_owner *new_owner(struct hf_ledger *ledger, struct hf_file *file,
				  enum hf_primitive primitive, int fd)
{
	struct hf_owner *owner = get_owner(ledger, file);

	if (!owner)
		return NULL;
	owner->primitive = primitive;
	owner->fd_count = 0;
	owner->shared = owner->inherited = owner->handed_over = false;
	if (primitive != HF_PRIM_POSIX)
		hf_owner_add_fd(owner, fd);
	return owner;
}

static void link_owner(struct hf_ledger *ledger, struct hf_file *file, struct hf_owner *owner)
{
	bool first = !file->owners;

	owner->next = file->owners;
	__atomic_store_n(&file->owners, owner, __ATOMIC_RELAXED);
	if (first)
		now_held(ledger, file);
}

void hf_ledger_drop_owner(struct hf_ledger *ledger, struct hf_file *file, struct hf_owner *owner)
{
	struct hf_owner **at = &file->owners;

	while (*at != owner)
		at = &(*at)->next;
	__atomic_store_n(at, owner->next, __ATOMIC_RELAXED);
	if (owner->ranges.count || owner->ranges.many)
		hf_rangeset_empty(&owner->ranges);
	put_owner(ledger, file, owner);
	file->notes.changes++;
	if (!file->owners)
		no_longer_held(ledger, file);
}

static void drop_if_empty(struct hf_ledger *ledger, struct hf_file *file, struct hf_owner *owner)
{
	file->notes.changes++;
	if (!owner->ranges.count)
		hf_ledger_drop_owner(ledger, file, owner);
}

/* All that touches start..end, whole: it takes no memory to believe less. */
static void forget(struct hf_ledger *ledger, struct hf_file *file, struct hf_owner *owner,
		   uint64_t start, uint64_t end)
{
	struct hf_range *range;

	while ((range = hf_rangeset_first(&owner->ranges, start, end)))
		hf_rangeset_remove(&owner->ranges, range);
	drop_if_empty(ledger, file, owner);
}

/* An owner without ranges; nothing is left if it does not get one. */
static int take_first(struct hf_ledger *ledger, struct hf_file *file, enum hf_primitive primitive,
		      uint64_t start, uint64_t end, enum hf_lockmode mode,
		      const struct hf_hold *hold)
{
	struct hf_owner *owner = new_owner(ledger, file, primitive, hold->fd);

	if (!owner)
		return -ENOMEM;
	if (hf_rangeset_set(&owner->ranges, start, end, mode, hold) < 0) {
		put_owner(ledger, file, owner);
		return -ENOMEM;
	}
	link_owner(ledger, file, owner);
	file->notes.changes++;
	return 0;
}

int hf_ledger_take(struct hf_ledger *ledger, struct hf_file *file, enum hf_primitive primitive,
		   uint64_t start, uint64_t end, enum hf_lockmode mode, const struct hf_hold *hold)
{
	struct hf_owner *owner = hf_file_owner(file, primitive, hold->fd);
	int err;

	if (!owner)
		return take_first(ledger, file, primitive, start, end, mode, hold);
	err = hf_rangeset_set(&owner->ranges, start, end, mode, hold);
	if (err < 0)
		forget(ledger, file, owner, start, end);
	else
		file->notes.changes++;
	return err;
}

int hf_ledger_drop(struct hf_ledger *ledger, struct hf_file *file, struct hf_owner *owner,
		   uint64_t start, uint64_t end)
{
	int err = hf_rangeset_clear(&owner->ranges, start, end);

	if (err < 0)
		forget(ledger, file, owner, start, end);
	else
		drop_if_empty(ledger, file, owner);
	return err;
}

void hf_ledger_drop_range(struct hf_ledger *ledger, struct hf_file *file, struct hf_owner *owner,
			  struct hf_range *range)
{
	hf_rangeset_remove(&owner->ranges, range);
	drop_if_empty(ledger, file, owner);
}

/* What the parent knows of this owner is not ours, or ours only through the description. */
static void inherit(struct hf_ledger *ledger, struct hf_file *file, struct hf_owner *owner)
{
	if (owner->primitive == HF_PRIM_POSIX) {
		hf_ledger_drop_owner(ledger, file, owner);
		return;
	}
	owner->shared = true;
	owner->inherited = true;
}

void hf_ledger_forked(struct hf_ledger *ledger)
{
	struct hf_file *file;
	struct hf_owner *owner, *next;

	for (file = ledger->files; file; file = file->hh.next) {
		file->notes.pending = 0;
		for (owner = file->owners; owner; owner = next) {
			next = owner->next;
			inherit(ledger, file, owner);
		}
	}
}
