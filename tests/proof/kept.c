/* SPDX-License-Identifier: MIT */
#include "kept.h"

#include <stdlib.h>
#include <string.h>

#include "differential.h"
#include "oracle.h"
#include "proc.h"
#include "proclocks.h"
#include "rawsys.h"

#define DESCRIPTIONS_MAX 32

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

int report_kept(const char *text)
{
	struct kept kept = { 0, 0 };
	char *at;
	int report = (int)strtol(text, &at, 10);

	for (unsigned file = 0; file < KEPT_FILES && *at == ':'; file++)
		inodes[file] = strtoull(at + 1, &at, 10);
	if (!hf_proc_each_fd(on_fd, NULL))
		return 1;
	for (unsigned file = 0; file < KEPT_FILES; file++)
		kept.files += has_posix[file];
	kept.descriptions = seen_count;
	return raw_write(report, &kept, sizeof(kept)) != sizeof(kept);
}
