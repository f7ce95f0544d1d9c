/* SPDX-License-Identifier: MIT */
/*
 * Who is in the way.
 *
 * /proc/locks lists every lock on the machine, with the holder's pid for POSIX and flock, and -1
 * for OFD locks. Who has one of those is found by looking through the fdinfo of every process that
 * may be looked at; a lock there that nobody in sight has is "unknown", never "nobody".
 *
 * On btrfs two files, in two subvolumes, can have one number in /proc/locks. There every line is
 * looked for in this way, as only the descriptor tells which of the files it is about. Of a holder
 * who may not be looked at the kernel can still be asked whether he is in the way.
 */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "lock.h"
#include "procfs.h"
#include "setlk.h"
#include "sys.h"

#define COMMAND_SIZE 256
#define STAT_SIZE 1024

struct search {
	struct hf_lock *lock;
	struct hf_fileid id; /* as /proc prints it */
	bool ambiguous;	     /* other files may have that one too */
	hf_mode mode;
	hf_holder_fn *fn;
	void *arg;
	struct hf_proclock wanted; /* the lock whose holders are looked for */
	unsigned found;
	unsigned elsewhere; /* on another file of the same number */
	long pid;	    /* being looked through */
};

/* ---- one holder, told to the caller ---- */

static void read_command(long pid, char *ret)
{
	char name[64];
	ssize_t count, i;

	(void)snprintf(name, sizeof(name), "/proc/%ld/cmdline", pid);
	count = hf_proc_read(name, ret, COMMAND_SIZE);
	if (count < 0)
		count = 0;
	while (count > 0 && !ret[count - 1])
		count--;
	for (i = 0; i < count; i++) {
		unsigned char c = (unsigned char)ret[i];

		if (!c)
			ret[i] = ' ';
		else if (c < ' ' || c == 0x7f)
			ret[i] = '?';
	}
	ret[count] = '\0';
}

/* Field 22; the second one, the program's name, may itself hold blanks and parentheses. */
static uint64_t read_start_time(long pid)
{
	char name[64], text[STAT_SIZE];
	unsigned long long ret;
	const char *rest;

	(void)snprintf(name, sizeof(name), "/proc/%ld/stat", pid);
	if (hf_proc_read(name, text, sizeof(text)) <= 0)
		return 0;
	rest = strrchr(text, ')');
	if (!rest || sscanf(rest + 1,
			    " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d "
			    "%*d %*d %llu",
			    &ret) != 1)
		return 0;
	return ret;
}

static enum hf_holder_kind kind_of(enum hf_primitive primitive)
{
	return primitive == HF_PRIM_POSIX ? HF_HOLDER_POSIX
	       : primitive == HF_PRIM_OFD ? HF_HOLDER_OFD
					  : HF_HOLDER_FLOCK;
}

static int tell(struct search *search, const struct hf_proclock *line, long pid)
{
	char command[COMMAND_SIZE] = "";
	struct hf_holder holder = {
		.size = sizeof(holder),
		.kind = kind_of(line->primitive),
		.mode = line->mode == HF_MODE_WRITE ? HF_EXCLUSIVE : HF_SHARED,
		.pid = (int32_t)pid,
		.start = line->start,
		.length = line->end == HF_EOF ? 0 : line->end - line->start + 1,
		.command = command,
	};

	if (pid > 0) {
		holder.start_time = read_start_time(pid);
		read_command(pid, command);
	}
	return search->fn(&holder, search->arg);
}

/* ---- who has this lock ---- */

static bool is_same_lock(const struct hf_proclock *a, const struct hf_proclock *b)
{
	return a->primitive == b->primitive && a->mode == b->mode && a->start == b->start &&
	       a->end == b->end && hf_fileid_equal(a->id, b->id) && !a->waiting;
}

static int see_fdinfo_line(const struct hf_proclock *line, void *arg)
{
	const struct hf_proclock *wanted = &((struct search *)arg)->wanted;

	return is_same_lock(line, wanted) && line->pid == wanted->pid;
}

static int see_descriptor(long fd, void *arg)
{
	struct search *search = arg;
	char name[64];

	(void)snprintf(name, sizeof(name), "/proc/%ld/fdinfo/%ld", search->pid, fd);
	if (hf_proc_each_lock(name, see_fdinfo_line, search) != 1)
		return 0;
	if (!search->ambiguous || hf_proc_is_on(search->pid, fd, search->lock->file->key.id))
		return 1;
	search->elsewhere++;
	return 0;
}

static int see_process(long pid, void *arg)
{
	struct search *search = arg;
	char name[64];

	search->pid = pid;
	(void)snprintf(name, sizeof(name), "/proc/%ld/fdinfo", pid);
	if (hf_proc_each_entry(name, see_descriptor, search) != 1)
		return 0;
	search->found++;
	return tell(search, &search->wanted, pid);
}

/* Has somebody else a lock on these bytes of the very file? Not to be asked for flock's. */
static bool is_locked_here(const struct search *search, const struct hf_proclock *line)
{
	struct flock range = hf_flock_of(F_WRLCK, line->start, line->end);

	return hf_sys.setlk(search->lock->fd, F_OFD_GETLK, &range) || range.l_type != F_UNLCK;
}

/* Nobody in sight has the lock: may it be one on another file of the same number? */
static bool is_anothers(const struct search *search, const struct hf_proclock *line)
{
	if (!search->ambiguous)
		return false;
	if (line->primitive == HF_PRIM_FLOCK)
		return search->elsewhere > 0;
	return !is_locked_here(search, line);
}

static int tell_whoever_has(struct search *search, const struct hf_proclock *line)
{
	int ret;

	search->wanted = *line;
	search->found = 0;
	search->elsewhere = 0;
	ret = hf_proc_each_entry("/proc", see_process, search);
	if (ret || search->found || is_anothers(search, line))
		return ret;
	return tell(search, line, 0);
}

/* ---- which locks are in the way ---- */

static bool is_in_the_way(const struct search *search, const struct hf_proclock *line)
{
	if (line->waiting || !hf_fileid_equal(line->id, search->id))
		return false;
	if (search->mode == HF_SHARED && line->mode != HF_MODE_WRITE)
		return false;
	return line->start <= search->lock->end && search->lock->start <= line->end;
}

/*
 * The lines are collected first: /proc/locks may change under a slow walk, and a caller's callback
 * would otherwise run with it open.
 */
struct lines {
	const struct search *search;
	struct hf_proclock *lines;
	size_t count;
	size_t room;
};

static int collect(const struct hf_proclock *line, void *arg)
{
	struct lines *lines = arg;
	struct hf_proclock *more;
	size_t i;

	if (!is_in_the_way(lines->search, line))
		return 0;
	/*
	 * Equal OFD locks (readers) look alike here, and their holders are found by the look. Else
	 * it is one lock told twice: the file is not read at one instant, and moves.
	 */
	for (i = 0; i < lines->count; i++)
		if (line->pid == lines->lines[i].pid && is_same_lock(line, &lines->lines[i]))
			return 0;
	if (lines->count == lines->room) {
		lines->room = lines->room ? lines->room * 2 : 16;
		more = realloc(lines->lines, lines->room * sizeof(*more));
		if (!more)
			return -ENOMEM;
		lines->lines = more;
	}
	lines->lines[lines->count++] = *line;
	return 0;
}

static int tell_line(struct search *search, const struct hf_proclock *line)
{
	if (line->primitive == HF_PRIM_OFD || search->ambiguous)
		return tell_whoever_has(search, line);
	/* Another pid namespace's holder is printed as 0, or not at all. */
	return tell(search, line, line->pid > 0 ? line->pid : 0);
}

static int each_holder(struct search *search)
{
	struct lines lines = { .search = search };
	size_t i;
	int ret = hf_proc_fileid(search->lock, &search->id);

	search->ambiguous = !ret && !hf_fileid_equal(search->id, search->lock->file->key.id);
	if (!ret)
		ret = hf_proc_each_lock("/proc/locks", collect, &lines);
	if (ret && ret != -ENOMEM)
		ret = -EOPNOTSUPP;
	for (i = 0; i < lines.count && !ret; i++)
		ret = tell_line(search, &lines.lines[i]);
	free(lines.lines);
	return ret;
}

int hf_lock_each_holder(hf_lock *lock, hf_mode mode, hf_holder_fn *fn, void *arg)
{
	struct search search = { .lock = lock, .mode = mode, .fn = fn, .arg = arg };
	int cancel, ret;

	if (!lock || !fn || !hf_mode_is_valid(mode))
		return -EINVAL;
	if (hf_lock_is_forked(lock))
		return -EPERM;
	cancel = hf_cancel_off();
	ret = each_holder(&search);
	hf_cancel_restore(cancel);
	return ret;
}
