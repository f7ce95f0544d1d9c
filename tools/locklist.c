/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "locklist.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <libsmartcols.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>

static const char *const primitive_names[HF_PRIM_COUNT] = {
	[HF_PRIM_NONE] = "?",
	[HF_PRIM_POSIX] = "posix",
	[HF_PRIM_OFD] = "ofd",
	[HF_PRIM_FLOCK] = "flock",
};

static const char *mode_name(enum hf_lockmode mode)
{
	return mode == HF_MODE_WRITE ? "write" : mode == HF_MODE_READ ? "read" : "none";
}

/* ---- table and tree ---- */

/* Each column once: its name, whether it may be cut on a narrow terminal, and what it shows. */
enum column {
	COL_PID,
	COL_TYPE,
	COL_MODE,
	COL_STATE,
	COL_RANGE,
	COL_FD,
	COL_BLOCKER,
	COL_PATH,
	COL_COMMAND,
	COL_COUNT
};

static const struct {
	const char *name;
	int flags;
} columns[COL_COUNT] = {
	[COL_PID] = { "PID", 0 },
	[COL_TYPE] = { "TYPE", 0 },
	[COL_MODE] = { "MODE", 0 },
	[COL_STATE] = { "STATE", 0 },
	[COL_RANGE] = { "BYTES", 0 },
	[COL_FD] = { "FD", SCOLS_FL_RIGHT },
	[COL_BLOCKER] = { "BLOCKED-BY", 0 },
	[COL_PATH] = { "PATH", SCOLS_FL_TRUNC },
	[COL_COMMAND] = { "COMMAND", SCOLS_FL_TRUNC },
};

struct printing {
	const struct locktable *table;
	locklist_filter *filter;
	const void *arg;
	struct libscols_table *out;
	struct libscols_line **lines; /* by index in the table; NULL: not printed (yet) */
	bool is_tree;
	size_t printed;
};

static int set_text(struct libscols_line *line, enum column column, const char *text)
{
	return scols_line_set_data(line, (size_t)column, text) ? -ENOMEM : 0;
}

static int set_number(struct libscols_line *line, enum column column, int number)
{
	char text[16];

	snprintf(text, sizeof(text), "%d", number);
	return set_text(line, column, number >= 0 ? text : "?");
}

static int set_range(struct libscols_line *line, const struct hf_proclock *lock)
{
	char text[48];

	if (lock->end == HF_EOF)
		snprintf(text, sizeof(text), "%" PRIu64 "-EOF", lock->start);
	else
		snprintf(text, sizeof(text), "%" PRIu64 "-%" PRIu64, lock->start, lock->end);
	return set_text(line, COL_RANGE, text);
}

static int set_path(struct libscols_line *line, const struct lock_entry *entry)
{
	char text[64];

	if (entry->path)
		return set_text(line, COL_PATH, entry->path);
	snprintf(text, sizeof(text), "inode %u:%u:%" PRIu64, major(entry->lock.id.dev),
		 minor(entry->lock.id.dev), entry->lock.id.ino);
	return set_text(line, COL_PATH, text);
}

/* The processes that a request waits for, each once; "?" for one that is not known. */
static char *blockers_text(const struct locktable *table, const struct lock_entry *waiter)
{
	const struct lock_entry *blocker = NULL;
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	const char *comma = "";
	pid_t last = 0;

	while (out && (blocker = locktable_next_blocker(table, waiter, blocker))) {
		pid_t pid = blocker->owner_count ? blocker->owners[0].pid : -1;

		if (pid == last)
			continue;
		fprintf(out, pid < 0 ? "%s?" : "%s%d", comma, (int)pid);
		comma = ",";
		last = pid;
	}
	return out && fclose(out) == 0 ? text : NULL;
}

static int set_blockers(const struct locktable *table, struct libscols_line *line,
			const struct lock_entry *entry)
{
	char *text;
	int status;

	if (!entry->lock.waiting)
		return 0;
	text = blockers_text(table, entry);
	status = text ? set_text(line, COL_BLOCKER, text) : -ENOMEM;
	free(text);
	return status;
}

static int fill_line(struct printing *p, struct libscols_line *line, const struct lock_entry *entry,
		     const struct lock_owner *owner)
{
	static const struct lock_owner unknown = { .pid = -1, .fd = -1 };

	owner = owner ? owner : &unknown;
	if (set_number(line, COL_PID, owner->pid) ||
	    set_text(line, COL_TYPE, primitive_names[entry->lock.primitive]) ||
	    set_text(line, COL_MODE, mode_name(entry->lock.mode)) ||
	    set_text(line, COL_STATE, entry->lock.waiting ? "waits" : "holds") ||
	    set_range(line, &entry->lock) || set_number(line, COL_FD, owner->fd) ||
	    set_blockers(p->table, line, entry) || set_path(line, entry) ||
	    set_text(line, COL_COMMAND, owner->command ? owner->command : "?"))
		return -ENOMEM;
	return 0;
}

static int add_entry(struct printing *p, const struct lock_entry *entry);

/* The line that an entry hangs below in the tree, made first if need be. NULL: it is at the top. */
static int find_parent_line(struct printing *p, const struct lock_entry *entry,
			    struct libscols_line **ret)
{
	const struct lock_entry *parent = p->is_tree ? locktable_parent(p->table, entry) : NULL;
	int status = 0;

	*ret = NULL;
	if (!parent || !p->filter(p->table, parent, p->arg))
		return 0;
	if (!p->lines[parent - p->table->entries])
		status = add_entry(p, parent);
	*ret = p->lines[parent - p->table->entries];
	return status;
}

/* One line for each process that has the lock, at least one. */
static int add_entry(struct printing *p, const struct lock_entry *entry)
{
	struct libscols_line **place = &p->lines[entry - p->table->entries];
	struct libscols_line *above, *line;
	size_t i = 0;
	int status = find_parent_line(p, entry, &above);

	do {
		line = status == 0 ? scols_table_new_line(p->out, above) : NULL;
		if (!line)
			return -ENOMEM;
		*place = *place ? *place : line;
		status = fill_line(p, line, entry, entry->owner_count ? &entry->owners[i] : NULL);
	} while (status == 0 && ++i < entry->owner_count);
	p->printed++;
	return status;
}

static int add_columns(struct printing *p)
{
	for (int i = 0; i < COL_COUNT; i++)
		if (!scols_table_new_column(
			    p->out, columns[i].name, 0,
			    columns[i].flags | (p->is_tree && i == COL_PID ? SCOLS_FL_TREE : 0)))
			return -ENOMEM;
	return 0;
}

static int print_lines(struct printing *p)
{
	if (add_columns(p))
		return -ENOMEM;
	for (size_t i = 0; i < p->table->count; i++)
		if (!p->lines[i] && p->filter(p->table, &p->table->entries[i], p->arg) &&
		    add_entry(p, &p->table->entries[i]))
			return -ENOMEM;
	return p->printed && scols_print_table(p->out) ? -ENOMEM : 0;
}

static int print_columns(struct printing *p)
{
	int status = -ENOMEM;

	p->out = scols_new_table();
	p->lines = calloc(p->table->count + 1, sizeof(*p->lines));
	if (p->out && p->lines)
		status = print_lines(p);
	free(p->lines);
	scols_unref_table(p->out);
	return status;
}

/* ---- JSON ---- */

static json_t *owners_json(const struct lock_entry *entry)
{
	json_t *owners = json_array();

	for (size_t i = 0; i < entry->owner_count; i++) {
		const struct lock_owner *owner = &entry->owners[i];
		json_t *fd = owner->fd >= 0 ? json_integer(owner->fd) : json_null();

		json_array_append_new(owners, json_pack("{s:i, s:o, s:s?}", "pid", (int)owner->pid,
							"fd", fd, "command", owner->command));
	}
	return owners;
}

static json_t *blockers_json(const struct locktable *table, const struct lock_entry *entry)
{
	const struct lock_entry *blocker = NULL;
	json_t *pids = json_array();

	if (!entry->lock.waiting)
		return pids;
	while ((blocker = locktable_next_blocker(table, entry, blocker))) {
		for (size_t i = 0; i < blocker->owner_count; i++)
			json_array_append_new(pids, json_integer(blocker->owners[i].pid));
		if (blocker->owner_count == 0)
			json_array_append_new(pids, json_null());
	}
	return pids;
}

static json_t *entry_json(const struct locktable *table, const struct lock_entry *entry)
{
	const struct hf_proclock *lock = &entry->lock;
	char device[32];

	snprintf(device, sizeof(device), "%u:%u", major(lock->id.dev), minor(lock->id.dev));
	return json_pack("{s:s, s:s, s:s, s:I, s:o, s:s?, s:s, s:I, s:b, s:o, s:o}", "type",
			 primitive_names[lock->primitive], "mode", mode_name(lock->mode), "state",
			 lock->waiting ? "waits" : "holds", "start", (json_int_t)lock->start, "end",
			 lock->end == HF_EOF ? json_null() : json_integer((json_int_t)lock->end),
			 "path", entry->path, "device", device, "inode", (json_int_t)lock->id.ino,
			 "known", entry->owner_count > 0, "processes", owners_json(entry),
			 "blocked_by", blockers_json(table, entry));
}

static int print_json(struct printing *p)
{
	json_t *locks = json_array();
	json_t *root = json_pack("{s:o, s:I}", "locks", locks, "unreadable_processes",
				 (json_int_t)p->table->unreadable);
	int status = root ? 0 : -ENOMEM;

	for (size_t i = 0; i < p->table->count && status == 0; i++) {
		const struct lock_entry *entry = &p->table->entries[i];

		if (!p->filter(p->table, entry, p->arg))
			continue;
		p->printed++;
		if (json_array_append_new(locks, entry_json(p->table, entry)))
			status = -ENOMEM;
	}
	if (status == 0)
		status =
			json_dumpf(root, stdout, JSON_INDENT(2)) || putchar('\n') == EOF ? -EIO : 0;
	json_decref(root);
	return status;
}

int locklist_print(const struct locktable *table, enum locklist_form form, locklist_filter *filter,
		   const void *arg, size_t *ret_printed)
{
	struct printing printing = {
		.table = table,
		.filter = filter,
		.arg = arg,
		.is_tree = form == LOCKLIST_TREE,
	};
	int status = form == LOCKLIST_JSON ? print_json(&printing) : print_columns(&printing);

	*ret_printed = printing.printed;
	return status;
}
