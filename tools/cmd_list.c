/* SPDX-License-Identifier: MIT */
/* holdfast list: who holds and who waits for which file lock, and who keeps whom waiting. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "command.h"
#include "locklist.h"
#include "locktable.h"
#include "procinfo.h"

#define PROC "/proc"

enum { KEY_JSON = CMD_LONG_ONLY, KEY_TREE };

static const struct cmd_option options[] = {
	{ 'p', "pid", "PID", "only the locks of this process, and those that it waits for" },
	{ KEY_JSON, "json", NULL, "print JSON" },
	{ KEY_TREE, "tree", NULL, "print each request below the one that it waits behind" },
	CMD_OPTIONS_END
};

static const struct cmd_usage usage = {
	.synopsis = "[--json|--tree] [FILE | --pid=PID]",
	.about = "Lists the file locks of this machine: fcntl's, by process (posix) and by open "
		 "file\n"
		 "description (ofd), and flock's; their holders, and who waits for them.\n",
	.options = options,
	.notes = "A holder '?' is one that cannot be told: in a process that you may not look "
		 "into, in\n"
		 "another pid namespace or, for a network file system, on another machine.\n"
		 "\n"
		 "Exit status: 0 done, 1 the locks cannot be read, or FILE or PID is not there, 2 "
		 "usage.\n",
};

struct request {
	const char *file;
	pid_t pid;
	enum locklist_form form;
	struct hf_fileid id; /* of file, as /proc/locks names it */
	uint64_t device;     /* of file, as stat() tells it */
};

static int parse_options(int argc, char **argv, struct request *ret)
{
	unsigned long long pid;
	int key;

	while ((key = cmd_next_option(argc, argv, &usage)) != -1) {
		if (key == KEY_JSON)
			ret->form = LOCKLIST_JSON;
		else if (key == KEY_TREE)
			ret->form = LOCKLIST_TREE;
		else if (cmd_read_number(optarg, INT32_MAX, &pid) && pid > 0)
			ret->pid = (pid_t)pid;
		else
			return cmd_usage_error("%s: not a process id", optarg);
	}
	if (argc - optind > 1 || (argc > optind && ret->pid))
		return cmd_usage_error("%s: one FILE, or one PID", argv[argc - 1]);
	ret->file = argv[optind];
	return CMD_OK;
}

/* Locks that the kernel shows to nobody's /proc: another pid namespace's, another machine's. */
static int ask_kernel(int fd, struct request *request, struct locktable *table)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	struct hf_proclock hidden = { .pid = -1, .id = request->id };
	size_t count;

	(void)locktable_of_file(table, request->id, &count);
	if (count > 0 || fcntl(fd, F_OFD_GETLK, &lock) != 0 || lock.l_type == F_UNLCK)
		return 0;
	hidden.primitive = lock.l_pid == -1 ? HF_PRIM_OFD : HF_PRIM_POSIX;
	hidden.mode = lock.l_type == F_WRLCK ? HF_MODE_WRITE : HF_MODE_READ;
	hidden.start = (uint64_t)lock.l_start;
	hidden.end = lock.l_len ? (uint64_t)(lock.l_start + lock.l_len - 1) : HF_EOF;
	return locktable_add(table, &hidden);
}

/* Opening a fifo or a device does something; only files and directories are opened for real. */
static int identify_file(struct request *request, struct locktable *table)
{
	int fd = open(request->file, O_PATH | O_CLOEXEC);
	struct stat st;
	int status, real;

	if (fd < 0 || fstat(fd, &st) != 0)
		return cmd_error(CMD_PROBLEM, "%s: %s", request->file, strerror(errno));
	request->device = st.st_dev;
	status = procinfo_fd_id(PROC, getpid(), fd, &request->id);
	if (status == 0 && (S_ISREG(st.st_mode) || S_ISDIR(st.st_mode))) {
		real = open(request->file, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
		if (real >= 0) {
			status = ask_kernel(real, request, table);
			close(real);
		}
	}
	close(fd);
	return status == 0 ? CMD_OK
			   : cmd_error(CMD_PROBLEM, "%s: %s", request->file, strerror(-status));
}

static bool has_owner(const struct lock_entry *entry, pid_t pid)
{
	for (size_t i = 0; i < entry->owner_count; i++)
		if (entry->owners[i].pid == pid)
			return true;
	return false;
}

/* What the process has or wants, and what keeps it or is kept waiting by it. */
static bool concerns_process(const struct locktable *table, const struct lock_entry *entry,
			     pid_t pid)
{
	size_t count;
	const struct lock_entry *other = locktable_of_file(table, entry->lock.id, &count);

	if (has_owner(entry, pid))
		return true;
	for (; count > 0; count--, other++)
		if (has_owner(other, pid) && other->lock.waiting != entry->lock.waiting &&
		    lock_entries_conflict(entry, other))
			return true;
	return false;
}

static bool is_wanted(const struct locktable *table, const struct lock_entry *entry,
		      const void *arg)
{
	const struct request *request = arg;

	if (request->pid)
		return concerns_process(table, entry, request->pid);
	if (!request->file)
		return true;
	/* Two subvolumes of a btrfs have the same superblock and may use the same inode number. */
	return hf_fileid_equal(entry->lock.id, request->id) &&
	       (entry->device == 0 || entry->device == request->device);
}

static void warn_of_unknown(const struct locktable *table, const struct request *request)
{
	size_t unknown = 0;

	for (size_t i = 0; i < table->count; i++)
		unknown += table->entries[i].owner_count == 0 &&
			   is_wanted(table, &table->entries[i], request);
	if (unknown && table->unreadable)
		cmd_warn("%zu unknown: you may not look into %zu processes; root sees them all",
			 unknown, table->unreadable);
	else if (unknown)
		cmd_warn("%zu unknown: held outside of this pid namespace or machine, or by a "
			 "descriptor in flight",
			 unknown);
}

static int print_locks(const struct locktable *table, const struct request *request)
{
	size_t printed;
	int status = locklist_print(table, request->form, is_wanted, request, &printed);

	if (status < 0)
		return cmd_error(CMD_PROBLEM, "%s", strerror(-status));
	if (printed == 0 && request->form != LOCKLIST_JSON)
		printf("%s%snobody holds a file lock or waits for one\n",
		       request->file ? request->file : "", request->file ? ": " : "");
	warn_of_unknown(table, request);
	return CMD_OK;
}

static int list(struct request *request)
{
	struct locktable table;
	int status = locktable_read(PROC, &table);

	if (status < 0)
		return cmd_error(CMD_PROBLEM, PROC "/locks: %s", strerror(-status));
	status = request->file ? identify_file(request, &table) : CMD_OK;
	if (status == CMD_OK)
		status = print_locks(&table, request);
	locktable_free(&table);
	return status;
}

int cmd_list(int argc, char **argv)
{
	struct request request = { 0 };
	int status = parse_options(argc, argv, &request);

	if (status != CMD_OK)
		return status;
	if (request.pid && kill(request.pid, 0) != 0 && errno == ESRCH)
		return cmd_error(CMD_PROBLEM, "%d: no such process", (int)request.pid);
	return list(&request);
}
