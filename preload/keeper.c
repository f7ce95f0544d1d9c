/* SPDX-License-Identifier: MIT */
#include "keeper.h"

#include <fcntl.h>
#include <string.h>
#include <sys/sysmacros.h>

#include "message.h"
#include "proc.h"
#include "rawsys.h"

#define PATH_ROOM 48

struct search {
	const struct hf_proclock *lock;
	int own_pid;
	int pid;       /* whose descriptors are looked at */
	int keeper;    /* 0: none was found */
	bool complete; /* everybody could be looked at */
	bool found;    /* of one text: what it was searched for is there */
};

static bool see_lock(void *ctx, const char *line, size_t length)
{
	struct search *search = ctx;
	struct hf_proclock seen;

	if (length < 5 || memcmp(line, "lock:", 5) || hf_proclock_parse(line, length, &seen) != 0 ||
	    seen.waiting)
		return true;
	search->found = seen.primitive == HF_PRIM_OFD && seen.mode == search->lock->mode &&
			seen.id.ino == search->lock->id.ino && seen.start == search->lock->start &&
			seen.end == search->lock->end;
	return !search->found;
}

static bool see_descriptor(void *ctx, int fd)
{
	struct search *search = ctx;
	char path[PATH_ROOM];
	struct hf_text text = hf_text_in(path, sizeof(path));

	hf_text_format(&text, "/proc/%d/fdinfo/%d", search->pid, fd);
	search->found = false;
	(void)hf_proc_each_line(path, see_lock, search);
	if (search->found)
		search->keeper = search->pid;
	return !search->found;
}

/* One that has ended meanwhile has no descriptors. */
static bool is_there(int pid)
{
	char path[PATH_ROOM];
	struct hf_text text = hf_text_in(path, sizeof(path));

	hf_text_format(&text, "/proc/%d", pid);
	return raw_faccessat(AT_FDCWD, path, F_OK) == 0;
}

static bool see_process(void *ctx, int pid)
{
	struct search *search = ctx;
	char path[PATH_ROOM];
	struct hf_text text = hf_text_in(path, sizeof(path));

	if (pid == search->own_pid)
		return true;
	search->pid = pid;
	hf_text_format(&text, "/proc/%d/fd", pid);
	if (!hf_proc_each_number(path, see_descriptor, search) && !search->keeper && is_there(pid))
		search->complete = false;
	return !search->keeper;
}

static bool see_checker(void *ctx, const char *line, size_t length)
{
	static const char name[] = "/libholdfast-check.so";
	struct search *search = ctx;

	for (size_t i = 0; i + sizeof(name) - 1 <= length && !search->found; i++)
		search->found = !memcmp(line + i, name, sizeof(name) - 1);
	return !search->found;
}

static bool is_watched(struct search *search)
{
	char path[PATH_ROOM];
	struct hf_text text = hf_text_in(path, sizeof(path));

	hf_text_format(&text, "/proc/%d/maps", search->keeper);
	search->found = false;
	(void)hf_proc_each_line(path, see_checker, search);
	return search->found;
}

static const char *skip_fields(const char *at, const char *end, unsigned count)
{
	for (; count && at < end; at++)
		count -= *at == ' ';
	return at;
}

static uint64_t read_number(const char **at, const char *end, unsigned base)
{
	static const char digits[] = "0123456789abcdef";
	uint64_t ret = 0;

	for (; *at < end; (*at)++) {
		const char *digit = memchr(digits, **at, base);

		if (!digit)
			break;
		ret = ret * base + (uint64_t)(digit - digits);
	}
	return ret;
}

/* "7f...-7f... r--s 00000000 fe:01 4711   /path" */
static bool see_mapping(void *ctx, const char *line, size_t length)
{
	struct search *search = ctx;
	const char *end = line + length, *at = skip_fields(line, end, 3);
	uint64_t major = read_number(&at, end, 16), minor;

	at++;
	minor = read_number(&at, end, 16);
	at++;
	search->found = at < end && read_number(&at, end, 10) == search->lock->id.ino &&
			makedev((unsigned)major, (unsigned)minor) == search->lock->id.dev;
	return !search->found;
}

static bool is_mapped(struct search *search)
{
	search->found = false;
	(void)hf_proc_each_line("/proc/self/maps", see_mapping, search);
	return search->found;
}

enum hf_keeper hf_keeper_find(const struct hf_proclock *lock, int own_pid)
{
	struct search search = { .lock = lock, .own_pid = own_pid, .complete = true };
	bool all = hf_proc_each_number("/proc", see_process, &search);

	if (search.keeper)
		return is_watched(&search) ? HF_KEEPER_WATCHED : HF_KEEPER_STRANGER;
	return all && search.complete && is_mapped(&search) ? HF_KEEPER_MAPPING : HF_KEEPER_UNKNOWN;
}
