/* SPDX-License-Identifier: MIT */
#include "trace.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "differential.h"
#include "locklist.h"
#include "rawsys.h"
#include "shim.h"
#include "tracefs.h"

#define CLAIMS_MAX 1024
#define OWNERS_MAX 64

/* A lock that the kernel said it granted; owner as the kernel writes its address. */
struct claim {
	uint64_t owner;
	int file;
	struct lock lock;
};

struct event {
	bool is_flock;
	bool is_ofd;
	char device[32];
	uint64_t inode;
	uint64_t owner;
	enum hf_lockmode mode;
	uint64_t start, end;
	int ret;
};

static struct {
	bool on;
	bool blind;	  /* until the next sequence */
	bool lost;	  /* events were */
	uint64_t process; /* the owner of this process's POSIX locks */
	struct event last;
	char device[FILES][32];
	uint64_t inode[FILES];
	unsigned count;
	struct claim claims[CLAIMS_MAX];
} book;

/* "name=..." of a line; NULL: it has none. */
static const char *field(const char *line, const char *name)
{
	const char *at = strstr(line, name);

	return at ? at + strlen(name) : NULL;
}

static bool read_number(const char *line, const char *name, int base, uint64_t *ret)
{
	const char *at = field(line, name);
	char *end;

	if (!at)
		return false;
	*ret = strtoull(at, &end, base);
	return end != at;
}

static bool read_mode(const char *line, enum hf_lockmode *ret)
{
	const char *type = field(line, "fl_type=F_");

	if (!type)
		return false;
	*ret = *type == 'W' ? HF_MODE_WRITE : *type == 'R' ? HF_MODE_READ : HF_MODE_NONE;
	return true;
}

static bool read_event(const char *line, struct event *ret)
{
	const char *device = field(line, "dev=");
	uint64_t result;

	if (!device || sscanf(device, "%31s", ret->device) != 1 ||
	    !read_number(line, "ino=", 16, &ret->inode) ||
	    !read_number(line, "fl_owner=", 16, &ret->owner) || !read_mode(line, &ret->mode) ||
	    !read_number(line, "fl_start=", 10, &ret->start) ||
	    !read_number(line, "fl_end=", 10, &ret->end) ||
	    !read_number(line, " ret=", 10, &result))
		return false;
	ret->ret = (int)result;
	ret->is_flock = strstr(line, "flock_lock_inode:") != NULL;
	ret->is_ofd = strstr(line, "FL_OFDLCK") != NULL;
	return true;
}

static int file_of_event(const struct event *event)
{
	for (int file = 0; file < FILES; file++)
		if (book.inode[file] == event->inode && !strcmp(book.device[file], event->device))
			return file;
	return -1;
}

static bool is_flock(const struct claim *claim)
{
	return claim->lock.primitive == HF_PRIM_FLOCK;
}

static void add_claim(const struct claim *claim)
{
	if (book.count == CLAIMS_MAX)
		book.lost = true;
	else
		book.claims[book.count++] = *claim;
}

/* Leaves of a claim what lies outside start..end: nothing, one part or two. */
static void cut(struct claim claim, uint64_t start, uint64_t end)
{
	struct claim left = claim, right = claim;

	left.lock.end = start - 1;
	right.lock.start = end + 1;
	if (claim.lock.start < start)
		add_claim(&left);
	if (claim.lock.end > end)
		add_claim(&right);
}

/* An owner's bytes, of flock or of the others. A description's last close names neither. */
static void take_away(int file, const struct event *event)
{
	for (unsigned i = book.count; i-- > 0;) {
		struct claim claim = book.claims[i];

		if (claim.file != file || claim.owner != event->owner ||
		    is_flock(&claim) != event->is_flock || claim.lock.start > event->end ||
		    claim.lock.end < event->start)
			continue;
		book.claims[i] = book.claims[--book.count];
		cut(claim, event->start, event->end);
	}
}

static struct lock lock_of(const struct event *event)
{
	struct lock lock;

	memset(&lock, 0, sizeof(lock)); /* it is compared with its padding */
	lock.primitive = event->is_flock ? HF_PRIM_FLOCK
			 : event->is_ofd ? HF_PRIM_OFD
					 : HF_PRIM_POSIX;
	lock.mode = event->mode;
	lock.start = event->start;
	lock.end = event->end;
	return lock;
}

/* Does the same description have that flock already? Then the request changed nothing. */
static bool is_held_alike(int file, const struct event *event)
{
	for (unsigned i = 0; i < book.count; i++)
		if (book.claims[i].file == file && book.claims[i].owner == event->owner &&
		    is_flock(&book.claims[i]) && book.claims[i].lock.mode == event->mode)
			return true;
	return false;
}

/*
 * A result other than 0 is a refusal, or a request that begins to wait. It changes nothing, but for
 * flock: the kernel gives up the old lock before it looks for the new one.
 */
static void enter(const struct event *event)
{
	int file = file_of_event(event);
	struct claim claim = { .owner = event->owner, .file = file };

	if (file < 0 || (event->ret != 0 && !event->is_flock) ||
	    (event->is_flock && is_held_alike(file, event)))
		return;
	take_away(file, event);
	if (event->ret != 0 || event->mode == HF_MODE_NONE)
		return;
	claim.lock = lock_of(event);
	add_claim(&claim);
}

static void on_line(void *unused, const char *line)
{
	struct event event;

	(void)unused;
	if (strstr(line, "LOST"))
		book.lost = true;
	if (!read_event(line, &event))
		return;
	count(&tally->trace_events);
	book.last = event;
	enter(&event);
}

/* A lock that is taken and dropped shows how the kernel names the file and this process. */
static bool get_known(unsigned file)
{
	struct flock lock = { .l_type = F_RDLCK, .l_whence = SEEK_SET };
	int fd = raw_openat(AT_FDCWD, file_path(file), O_RDONLY | O_CLOEXEC, 0);

	memset(&book.last, 0, sizeof(book.last));
	if (fd < 0 || raw_fcntl(fd, F_SETLK, (long)&lock) < 0)
		return false;
	(void)raw_close(fd);
	return tracefs_read(on_line, NULL) && !book.lost && book.last.owner;
}

static void forget(void)
{
	book.count = 0;
	book.blind = book.lost = false;
}

const char *trace_start(void)
{
	const char *why;
	uint64_t inodes[FILES];

	for (unsigned file = 0; file < FILES; file++)
		inodes[file] = file_id(file).ino;
	if (!tracefs_start(tracing_folder(), inodes, FILES, &why))
		return why;
	for (unsigned file = 0; file < FILES; file++) {
		if (!get_known(file))
			return "a lock that was taken does not show in the trace";
		book.inode[file] = book.last.inode;
		(void)strcpy(book.device[file], book.last.device);
	}
	book.on = true;
	return NULL;
}

void trace_stop(void)
{
	tracefs_stop();
}

/* What an earlier process left in the trace is read and forgotten: its locks went with it. */
bool trace_begin(void)
{
	if (!book.on)
		return true;
	(void)tracefs_read(on_line, NULL);
	forget();
	if (!get_known(0))
		return false;
	book.process = book.last.owner;
	forget();
	return true;
}

/* All of one owner's locks on a file, taken out of the rest. */
static void take_out(struct claim *rest, unsigned *left, const struct claim *like,
		     struct locks *ret)
{
	struct claim wanted = *like;

	for (unsigned i = 0; i < *left;) {
		if (rest[i].file != wanted.file || rest[i].owner != wanted.owner ||
		    rest[i].lock.primitive != wanted.lock.primitive) {
			i++;
			continue;
		}
		locks_add(ret, &rest[i].lock);
		rest[i] = rest[--*left];
	}
	locks_join(ret);
}

static bool say(char *reason, const char *what, int file, const struct locks *locks)
{
	char text[200];

	locks_write(text, sizeof(text), locks);
	snprintf(reason, REASON_SIZE, "by the tracepoints %s on file %d:%s", what, file, text);
	return false;
}

/* The ledger's owners, each of whom one of the trace must equal. */
struct believed {
	unsigned count;
	struct {
		int file;
		enum hf_primitive primitive;
		struct locks locks;
	} owners[OWNERS_MAX];
};

static void read_ledger(struct believed *ret)
{
	ret->count = 0;
	for (int file = 0; file < FILES; file++) {
		struct hf_file *entry = hf_ledger_find(&hf_shim.ledger, file_id((unsigned)file));
		struct hf_owner *owner = entry ? hf_file_owners(entry) : NULL;

		for (; owner && ret->count < OWNERS_MAX; owner = owner->next) {
			ret->owners[ret->count].file = file;
			ret->owners[ret->count].primitive = owner->primitive;
			ret->owners[ret->count].locks.count = 0;
			locks_add_owner(&ret->owners[ret->count++].locks, owner);
		}
	}
}

static bool strike_out(struct believed *believed, const struct claim *claim,
		       const struct locks *locks)
{
	for (unsigned i = 0; i < believed->count; i++)
		if (believed->owners[i].file == claim->file &&
		    believed->owners[i].primitive == claim->lock.primitive &&
		    locks_equal(&believed->owners[i].locks, locks)) {
			believed->owners[i] = believed->owners[--believed->count];
			return true;
		}
	return false;
}

static bool compare(char *reason)
{
	static struct believed believed;
	static struct claim rest[CLAIMS_MAX];
	static struct locks locks;
	unsigned left = book.count;

	read_ledger(&believed);
	memcpy(rest, book.claims, left * sizeof(rest[0]));
	while (left) {
		struct claim claim = rest[0];

		locks.count = 0;
		take_out(rest, &left, &claim, &locks);
		if (claim.lock.primitive == HF_PRIM_POSIX && claim.owner != book.process)
			return say(reason, "somebody else holds POSIX locks", claim.file, &locks);
		if (!strike_out(&believed, &claim, &locks))
			return say(reason, "there are locks that the ledger has not", claim.file,
				   &locks);
	}
	return !believed.count || say(reason, "there are not the ledger's locks",
				      believed.owners[0].file, &believed.owners[0].locks);
}

bool trace_agrees(bool raced, char *reason)
{
	if (!book.on)
		return true;
	if (!tracefs_read(on_line, NULL) || book.lost) {
		snprintf(reason, REASON_SIZE, "events of the trace are lost");
		return false;
	}
	if (book.blind)
		return true;
	count(&tally->trace_checks);
	if (compare(reason))
		return true;
	if (!raced)
		return false;
	book.blind = true;
	count(&tally->trace_blind);
	return true;
}
