/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "lockowners.h"

#include <errno.h>
#include <linux/kcmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "procinfo.h"

/* One walk through all processes. */
struct scan {
	const char *proc;
	struct locktable *table;
	pid_t pid;
	int fd;
};

static int add_owner(struct scan *scan, struct lock_entry *entry, pid_t pid, int fd)
{
	struct lock_owner owner = { .pid = pid,
				    .fd = fd,
				    .command = procinfo_command(scan->proc, pid) };

	if (fd >= 0 && !entry->path)
		lock_entry_set_path(entry, procinfo_fd_path(scan->proc, pid, fd),
				    procinfo_fd_device(scan->proc, pid, fd));
	return lock_entry_add_owner(entry, &owner);
}

static bool is_same_lock(const struct hf_proclock *a, const struct hf_proclock *b)
{
	return !a->waiting && a->primitive == b->primitive && a->mode == b->mode &&
	       a->pid == b->pid && a->start == b->start && a->end == b->end;
}

static bool is_same_description(const struct lock_owner *owner, pid_t pid, int fd)
{
	return syscall(SYS_kcmp, owner->pid, pid, KCMP_FILE, owner->fd, fd) == 0;
}

static bool has_owner(const struct lock_entry *entry, pid_t pid)
{
	for (size_t i = 0; i < entry->owner_count; i++)
		if (entry->owners[i].pid == pid)
			return true;
	return false;
}

/*
 * The entry that a lock line of fdinfo means. Two readers of the same bytes look alike in
 * /proc/locks when they use OFD locks: the one with the same open file description, else one that
 * nobody has claimed, else the last that looks so.
 */
static struct lock_entry *entry_of_line(struct scan *scan, const struct hf_proclock *line)
{
	struct lock_entry *unclaimed = NULL, *last = NULL;
	size_t count;
	struct lock_entry *entry =
		locktable_starting_at(scan->table, line->id, line->start, &count);

	for (; count > 0; count--, entry++) {
		if (!is_same_lock(&entry->lock, line))
			continue;
		last = entry;
		if (entry->owner_count == 0)
			unclaimed = unclaimed ? unclaimed : entry;
		else if (is_same_description(entry->owners, scan->pid, scan->fd))
			return entry;
	}
	return unclaimed ? unclaimed : last;
}

static int claim_line(struct scan *scan, const char *text)
{
	struct hf_proclock line;
	struct lock_entry *entry;

	if (hf_proclock_parse(text, strcspn(text, "\n"), &line) < 0)
		return 0;
	entry = entry_of_line(scan, &line);
	if (!entry || has_owner(entry, scan->pid))
		return 0;
	return add_owner(scan, entry, scan->pid, scan->fd);
}

static int scan_descriptor(int fd, void *arg)
{
	struct scan *scan = arg;
	char path[256], *line = NULL;
	size_t size = 0;
	int status = 0;
	FILE *in;

	scan->fd = fd;
	snprintf(path, sizeof(path), "%s/%d/fdinfo/%d", scan->proc, (int)scan->pid, fd);
	in = fopen(path, "re");
	if (!in)
		return 0;
	while (status == 0 && getline(&line, &size, in) > 0)
		if (!strncmp(line, "lock:", strlen("lock:")))
			status = claim_line(scan, line);
	free(line);
	fclose(in);
	return status;
}

static int scan_process(int pid, void *arg)
{
	struct scan *scan = arg;
	char path[256];
	int status;

	scan->pid = pid;
	snprintf(path, sizeof(path), "%s/%d/fdinfo", scan->proc, pid);
	status = procinfo_each_number(path, scan_descriptor, scan);
	if (status == -EACCES || status == -EPERM)
		scan->table->unreadable++;
	return status == -ENOMEM ? status : 0;
}

static bool matches_request(const struct hf_proclock *lock, const struct flock *request)
{
	uint64_t end = request->l_len ? (uint64_t)(request->l_start + request->l_len - 1) : HF_EOF;

	if (request->l_type == -1)
		return true;
	if ((lock->mode == HF_MODE_WRITE) != (request->l_type == F_WRLCK))
		return false;
	return request->l_whence != SEEK_SET || request->l_len < 0 ||
	       (lock->start == (uint64_t)request->l_start && lock->end == end);
}

static int claim_request(struct scan *scan, int fd, const struct flock *request)
{
	struct lock_entry *entry;
	struct hf_fileid id;
	size_t count;

	if (procinfo_fd_id(scan->proc, scan->pid, fd, &id) < 0)
		return 0;
	entry = locktable_of_file(scan->table, id, &count);
	for (; count > 0; count--, entry++)
		if (entry->lock.waiting && entry->lock.primitive == HF_PRIM_OFD &&
		    entry->owner_count == 0 && matches_request(&entry->lock, request))
			return add_owner(scan, entry, scan->pid, fd);
	return 0;
}

static int scan_thread(int tid, void *arg)
{
	struct scan *scan = arg;
	struct flock request;
	int fd = procinfo_waits_for_ofd(scan->proc, scan->pid, tid, &request);

	return fd < 0 ? 0 : claim_request(scan, fd, &request);
}

static int scan_threads(int pid, void *arg)
{
	struct scan *scan = arg;
	char path[256];

	scan->pid = pid;
	snprintf(path, sizeof(path), "%s/%d/task", scan->proc, pid);
	return procinfo_each_number(path, scan_thread, scan) == -ENOMEM ? -ENOMEM : 0;
}

static bool may_look_into(const char *proc, pid_t pid)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/%d/fdinfo", proc, (int)pid);
	return access(path, F_OK) != 0 || access(path, R_OK | X_OK) == 0;
}

/*
 * The pid of a POSIX lock is its holder, and that of a request is who waits. That of a flock only
 * took it: a process that can be looked into and does not show the lock has it no longer.
 */
static bool is_pid_owner(const char *proc, const struct hf_proclock *lock)
{
	if (lock->pid <= 0)
		return false;
	return lock->waiting || lock->primitive == HF_PRIM_POSIX || !may_look_into(proc, lock->pid);
}

static int add_told_owners(struct scan *scan)
{
	for (size_t i = 0; i < scan->table->count; i++) {
		struct lock_entry *entry = &scan->table->entries[i];

		if (entry->owner_count == 0 && is_pid_owner(scan->proc, &entry->lock) &&
		    add_owner(scan, entry, entry->lock.pid, -1))
			return -ENOMEM;
	}
	return 0;
}

/* NULL also when the entries are of two files: two subvolumes of a btrfs look like one here. */
static const struct lock_entry *entry_with_path(const struct lock_entry *entry, size_t count)
{
	const struct lock_entry *found = NULL;

	for (; count > 0; count--, entry++) {
		if (!entry->path)
			continue;
		if (found && found->device != entry->device)
			return NULL;
		found = entry;
	}
	return found;
}

/* A waiter's descriptor is not told, but the file is that of the holder. */
static void share_paths(struct locktable *table)
{
	size_t count;

	for (size_t i = 0; i < table->count; i += count) {
		struct lock_entry *file =
			locktable_of_file(table, table->entries[i].lock.id, &count);
		const struct lock_entry *known = entry_with_path(file, count);

		for (size_t k = 0; known && k < count; k++)
			if (!file[k].path) /* NOLINTNEXTLINE(clang-analyzer-core.*): it has one */
				lock_entry_set_path(&file[k], strdup(known->path), known->device);
	}
}

static bool has_ofd_waiter(const struct locktable *table)
{
	for (size_t i = 0; i < table->count; i++)
		if (table->entries[i].lock.waiting &&
		    table->entries[i].lock.primitive == HF_PRIM_OFD)
			return true;
	return false;
}

int lockowners_find(const char *proc, struct locktable *table)
{
	struct scan scan = { .proc = proc, .table = table };
	int status = 0;

	if (table->count == 0)
		return 0;
	status = procinfo_each_number(proc, scan_process, &scan);
	if (status == 0 && has_ofd_waiter(table))
		status = procinfo_each_number(proc, scan_threads, &scan);
	if (status == 0)
		status = add_told_owners(&scan);
	if (status == 0)
		share_paths(table);
	return status;
}
