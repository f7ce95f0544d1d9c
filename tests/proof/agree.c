/* SPDX-License-Identifier: MIT */
/*
 * Does the ledger say what the kernel says?
 *
 * /proc/self/fdinfo lists the locks that were set through a descriptor's description. For OFD locks
 * and flock that is the owner, so each description is compared by itself. POSIX locks belong to the
 * process, and a joined range is listed under one of the descriptors that took part of it: they are
 * compared per file, over all descriptors. The second process then asks as a stranger, per byte.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "differential.h"
#include "locklist.h"
#include "oracle.h"
#include "proclocks.h"
#include "rawsys.h"
#include "shim.h"
#include "slots.h"

bool late_is_allowed;
bool locks_are_older;

static void add_line(struct locks *locks, enum hf_primitive primitive, const char *line, size_t length)
{
	struct hf_proclock parsed;
	struct lock lock;

	if (length < 5 || memcmp(line, "lock:", 5) || hf_proclock_parse(line, length, &parsed) < 0 ||
	    parsed.primitive != primitive || parsed.waiting)
		return;
	memset(&lock, 0, sizeof(lock));
	lock.primitive = parsed.primitive;
	lock.mode = parsed.mode;
	lock.start = parsed.start;
	lock.end = parsed.end;
	locks_add(locks, &lock);
}

struct info {
	size_t length;
	char text[16 * 1024];
};

static bool read_info(int fd, struct info *info)
{
	char path[64];
	ssize_t n;
	int file;

	snprintf(path, sizeof(path), "/proc/thread-self/fdinfo/%d", fd);
	file = raw_openat(AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0);
	info->length = 0;
	if (file < 0)
		return false;
	while ((n = raw_read(file, info->text + info->length, sizeof(info->text) - info->length)) > 0)
		info->length += (size_t)n;
	(void)raw_close(file);
	return true;
}

static void add_info(struct locks *locks, enum hf_primitive primitive, const struct info *info)
{
	const char *line = info->text, *end = info->text + info->length, *newline;

	for (; (newline = memchr(line, '\n', (size_t)(end - line))); line = newline + 1)
		add_line(locks, primitive, line, (size_t)(newline - line));
}

/* What was locked before an exec the kernel knows, and the new image's ledger does not. */
static bool is_right(const struct locks *kernel, const struct locks *ledger)
{
	return locks_are_older ? locks_cover(kernel, ledger) : locks_equal(kernel, ledger);
}

static bool disagreement(char *reason, const char *about, int number, const struct locks *kernel,
			 const struct locks *ledger)
{
	char k[150] = "", l[150] = "";

	locks_write(k, sizeof(k), kernel);
	locks_write(l, sizeof(l), ledger);
	snprintf(reason, REASON_SIZE, "%s %d: kernel:%s; ledger:%s", about, number, k, l);
	return false;
}

static struct hf_file *ledger_file(unsigned file)
{
	return hf_ledger_find(&hf_shim.ledger, file_id(file));
}

static struct hf_owner *posix_owner(unsigned file)
{
	struct hf_file *entry = ledger_file(file);

	return entry ? hf_file_owner(entry, HF_PRIM_POSIX, -1) : NULL;
}

/* The ledger knows a description by some of its descriptors; the kernel tells whether fd is another. */
static bool is_of(const struct hf_owner *owner, int fd)
{
	for (unsigned i = 0; i < owner->fd_count; i++)
		if (hf_oracle_same_description(owner->fds[i], fd, raw_getpid()) == 1)
			return true;
	return false;
}

static struct hf_owner *owner_of(const struct slot *slot, enum hf_primitive primitive)
{
	struct hf_file *entry = ledger_file((unsigned)slot->file);
	struct hf_owner *owner = entry ? hf_file_owners(entry) : NULL;

	while (owner && (owner->primitive != primitive || !is_of(owner, slot->fd)))
		owner = owner->next;
	return owner;
}

static const struct slot *slot_of_owner(const struct hf_owner *owner)
{
	for (const struct slot *slot = slots; slot < slots + SLOTS; slot++)
		if (slot->kind != SLOT_FREE && is_of(owner, slot->fd))
			return slot;
	return NULL;
}

static bool posix_agrees(const struct locks kernel[FILES], char *reason)
{
	for (unsigned file = 0; file < FILES; file++) {
		struct locks ledger = { 0 };
		struct hf_owner *owner = posix_owner(file);

		if (owner)
			locks_add_owner(&ledger, owner);
		if (!is_right(&kernel[file], &ledger))
			return disagreement(reason, "POSIX locks on file", (int)file, &kernel[file],
					    &ledger);
	}
	return true;
}

static bool description_agrees(const struct slot *slot, enum hf_primitive primitive,
			       const struct info *info, char *reason)
{
	struct locks kernel = { 0 }, ledger = { 0 };
	struct hf_owner *owner = owner_of(slot, primitive);

	add_info(&kernel, primitive, info);
	if (owner)
		locks_add_owner(&ledger, owner);
	return is_right(&kernel, &ledger) ||
	       disagreement(reason, primitive == HF_PRIM_OFD ? "OFD locks of fd" : "flock of fd",
			    slot->fd, &kernel, &ledger);
}

static bool fdinfo_agrees(char *reason)
{
	static struct locks posix[FILES];
	static struct info info;

	memset(posix, 0, sizeof(posix));
	for (struct slot *slot = slots; slot < slots + SLOTS; slot++) {
		if (slot->kind == SLOT_FREE || slot->file < 0)
			continue;
		if (!read_info(slot->fd, &info)) {
			snprintf(reason, REASON_SIZE, "fd %d is not open", slot->fd);
			return false;
		}
		add_info(&posix[slot->file], HF_PRIM_POSIX, &info);
		if (!description_agrees(slot, HF_PRIM_OFD, &info, reason) ||
		    !description_agrees(slot, HF_PRIM_FLOCK, &info, reason))
			return false;
	}
	return posix_agrees(posix, reason);
}

/* What a stranger would meet, by the ledger. */
static void expect(struct probe *ret)
{
	memset(ret, 0, sizeof(*ret));
	for (unsigned file = 0; file < FILES; file++) {
		struct hf_file *entry = ledger_file(file);
		struct hf_owner *owner = entry ? hf_file_owners(entry) : NULL;

		for (; owner; owner = owner->next)
			for (unsigned n = 0; n < EDGES; n++) {
				struct hf_range *held =
					hf_rangeset_first(&owner->ranges, edge(n), edge(n));
				unsigned bit = held ? 1u << n : 0;
				bool write = held && held->mode == HF_MODE_WRITE;

				if (held && owner->primitive == HF_PRIM_FLOCK) {
					ret->exclusive_refused |= (uint8_t)(1u << file);
					ret->shared_refused |= (uint8_t)(write ? 1u << file : 0);
				} else {
					ret->write_refused[file] |= (uint16_t)bit;
					ret->read_refused[file] |= (uint16_t)(write ? bit : 0);
				}
			}
	}
}

static bool stranger_agrees(char *reason)
{
	struct probe expected, got;

	expect(&expected);
	memset(&got, 0, sizeof(got));
	if (!witness_probe(&got)) {
		snprintf(reason, REASON_SIZE, "the second process is gone");
		return false;
	}
	count(&tally->probes);
	for (unsigned file = 0; file < FILES; file++)
		if (got.read_refused[file] != expected.read_refused[file] ||
		    got.write_refused[file] != expected.write_refused[file]) {
			snprintf(reason, REASON_SIZE,
				 "file %u: a second process is refused to read at edges %03x, write "
				 "%03x; by the ledger %03x, %03x",
				 file, got.read_refused[file], got.write_refused[file],
				 expected.read_refused[file], expected.write_refused[file]);
			return false;
		}
	if (got.shared_refused == expected.shared_refused &&
	    got.exclusive_refused == expected.exclusive_refused)
		return true;
	snprintf(reason, REASON_SIZE,
		 "a second process is refused flocks: shared %x, exclusive %x; by the ledger %x, %x",
		 got.shared_refused, got.exclusive_refused, expected.shared_refused,
		 expected.exclusive_refused);
	return false;
}

static bool is_open_in_a_slot(struct hf_fileid id)
{
	for (const struct slot *slot = slots; slot < slots + SLOTS; slot++)
		if (slot->kind != SLOT_FREE && hf_oracle_is_open(slot->fd, id))
			return true;
	return false;
}

/* Nobody holds a lock without a descriptor. */
static bool is_possible(struct hf_file *file, char *reason)
{
	struct hf_fileid id = hf_file_id(file);
	struct hf_owner *owner = hf_file_owners(file);
	bool is_open = is_open_in_a_slot(id);

	while (is_open && owner && (owner->primitive == HF_PRIM_POSIX || slot_of_owner(owner)))
		owner = owner->next;
	if (!owner)
		return true;
	snprintf(reason, REASON_SIZE, "inode %llu: the ledger has locks, through fd %d; nobody has %s open",
		 (unsigned long long)id.ino, owner->fd_count ? owner->fds[0] : -1,
		 is_open ? "their description" : "it");
	return false;
}

static bool all_are_possible(char *reason)
{
	struct hf_file *file = NULL;

	while ((file = hf_ledger_next_held(&hf_shim.ledger, file)))
		if (!is_possible(file, reason))
			return false;
	return true;
}

/* What the fast paths look at. */
static bool is_counted(char *reason)
{
	struct hf_file *file = NULL;
	unsigned held = 0;

	while ((file = hf_ledger_next_held(&hf_shim.ledger, file)))
		held++;
	if (held == hf_shim.ledger.held && !hf_thread.inside)
		return true;
	snprintf(reason, REASON_SIZE, "%u files are held, %u are counted; the thread is %s a section",
		 held, hf_shim.ledger.held, hf_thread.inside ? "inside" : "not inside");
	return false;
}

bool agree(bool ask_witness, char *reason)
{
	(void)hf_is_foreign(); /* a fresh child puts its ledger in order when it first asks */
	count(&tally->checks);
	return is_counted(reason) && fdinfo_agrees(reason) && all_are_possible(reason) &&
	       (!ask_witness || stranger_agrees(reason));
}
