/* SPDX-License-Identifier: MIT */
#include "kept.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "children.h"
#include "oracle.h"
#include "proc.h"
#include "proclocks.h"
#include "rawsys.h"
#include "slots.h"

#define DESCRIPTIONS_MAX 32
#define OPS_AFTERWARDS 12

static uint64_t inodes[KEPT_FILES];
static bool has_posix[KEPT_FILES];

/* A description counts once for each kind of lock. */
static struct {
	int fd;
	enum hf_primitive primitive;
} seen[DESCRIPTIONS_MAX];
static unsigned seen_count;

static bool was_seen(int fd, enum hf_primitive primitive)
{
	for (unsigned i = 0; i < seen_count; i++)
		if (seen[i].primitive == primitive &&
		    hf_oracle_same_description(seen[i].fd, fd, raw_getpid()) == 1)
			return true;
	return false;
}

static void see(int fd, const struct hf_proclock *lock)
{
	unsigned file = 0;

	while (file < KEPT_FILES && inodes[file] != lock->id.ino)
		file++;
	if (file == KEPT_FILES)
		return;
	if (lock->primitive == HF_PRIM_POSIX) {
		has_posix[file] = true;
	} else if (!was_seen(fd, lock->primitive) && seen_count < DESCRIPTIONS_MAX) {
		seen[seen_count].fd = fd;
		seen[seen_count++].primitive = lock->primitive;
	}
}

static bool on_line(void *ctx, const char *line, size_t length)
{
	struct hf_proclock lock;

	if (length > 5 && !memcmp(line, "lock:", 5) && hf_proclock_parse(line, length, &lock) == 0)
		see(*(int *)ctx, &lock);
	return true;
}

static bool on_fd(void *unused, int fd)
{
	char path[HF_FDINFO_PATH];

	(void)unused;
	hf_proc_fdinfo_path(path, fd);
	(void)hf_proc_each_line(path, on_line, &fd);
	return true;
}

static bool fill_slot(void *unused, int fd)
{
	(void)unused;
	if (file_of(fd) >= 0 && slot_free())
		(void)slot_fill(SLOT_FD, fd, NULL);
	return true;
}

/* As a child of its former self, which shares descriptions with its parent. */
static void go_on(uint64_t seed, char *reason)
{
	static struct tally own;

	tally = &own;
	locks_are_older = true;
	(void)hf_proc_each_fd(fill_slot, NULL);
	child_begin();
	for (unsigned i = 0; i < OPS_AFTERWARDS && !*reason; i++) {
		struct op op = op_random(&seed, true);

		(void)op_run(&op);
		if (agree(false, reason) && own.late)
			(void)strcpy(reason, "a loss was found that nobody caused");
	}
}

static bool find_files(const char *folder)
{
	struct stat null = { 0 };

	if (!files_find(folder) || raw_fstatat(AT_FDCWD, "/dev/null", &null, 0) < 0)
		return false;
	for (unsigned file = 0; file < FILES; file++)
		inodes[file] = file_id(file).ino;
	inodes[FILES] = null.st_ino;
	return true;
}

int report_kept(const char *text)
{
	struct kept kept;
	char *at;
	int report = (int)strtol(text, &at, 10);
	uint64_t seed = strtoull(at + 1, &at, 10);

	memset(&kept, 0, sizeof(kept));
	if (!find_files(at + 1) || !hf_proc_each_fd(on_fd, NULL))
		return 1;
	for (unsigned file = 0; file < KEPT_FILES; file++)
		kept.files += has_posix[file];
	kept.descriptions = seen_count;
	go_on(seed, kept.reason);
	return raw_write(report, &kept, sizeof(kept)) != sizeof(kept);
}
