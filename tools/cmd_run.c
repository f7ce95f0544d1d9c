/* SPDX-License-Identifier: MIT */
/*
 * holdfast run: a command under a lock, as flock(1), on a lock that fcntl users see.
 *
 * Who has the lock? It belongs to an open file description, which this process and, unless -o is
 * given, the command share. So it ends when the last of them does: killing this process alone does
 * not let another one in beside the running command. With -o the command does not get the
 * descriptor, and the lock ends with this process.
 */
#include "config.h"

#include <errno.h>
#include <getopt.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

#include "child.h"
#include "command.h"
#include "flock_wait.h"
#include "holdfast.h"
#include "holdfast-annotate.h"

/* How long a person at a terminal waits before being told for whom. */
#define QUIET_NS HF_SEC(1)
#define MAX_SECONDS 1e9

enum { KEY_VERBOSE = CMD_LONG_ONLY, KEY_RANGE, KEY_FLOCK };

static const struct cmd_option options[] = {
	{ 's', "shared", NULL, "take a shared (read) lock" },
	{ 'x', "exclusive", NULL, "take an exclusive (write) lock; the default" },
	{ 'w', "wait", "SECONDS", "give up after SECONDS, which may have decimals" },
	{ 'n', "nonblock", NULL, "give up at once when somebody else has the lock" },
	{ 'E', "conflict-exit-code", "CODE", "exit status when giving up; 1 if not given" },
	{ 'o', "close", NULL, "do not share the lock with COMMAND and what it leaves running" },
	{ KEY_RANGE, "range", "START:LENGTH", "lock these bytes only; LENGTH 0: to the end" },
	{ KEY_FLOCK, "flock", NULL, "take a flock(2) lock as well, to exclude flock(1) too" },
	{ KEY_VERBOSE, "verbose", NULL, "tell who is in the way, and how long it took" },
	CMD_OPTIONS_END
};

static const struct cmd_usage usage = {
	.synopsis = "[option]... FILE [--] COMMAND [ARGUMENT]...",
	.about =
		"Takes a lock on FILE, which is created if need be, runs COMMAND, and releases "
		"it.\n"
		"\n"
		"The lock excludes other holdfast runs and everybody who locks FILE with fcntl or\n"
		"lockf. It does not exclude flock(1) or flock(2), unless --flock is given.\n",
	.options = options,
	.notes = "Exit status: COMMAND's, or 128+N when signal N ended it; CODE (1) when the lock "
		 "was\n"
		 "given up; 2 usage; 125 no lock for another reason; 126 COMMAND cannot be run; "
		 "127 it\n"
		 "is not there.\n",
	.has_command = true,
};

struct request {
	const char *file;
	char **command;
	hf_mode mode;
	int64_t timeout_ns;
	int conflict_status;
	uint64_t start, length;
	bool is_range, is_flock, is_close, is_verbose;
};

/* ---- the command line ---- */

static bool read_range(const char *text, struct request *ret)
{
	char start[32];
	unsigned long long numbers[2];
	const char *colon = strchr(text, ':');

	if (!colon || (size_t)(colon - text) >= sizeof(start))
		return false;
	snprintf(start, sizeof(start), "%.*s", (int)(colon - text), text);
	if (!cmd_read_number(start, INT64_MAX, &numbers[0]) ||
	    !cmd_read_number(colon + 1, INT64_MAX, &numbers[1]))
		return false;
	ret->is_range = true;
	ret->start = numbers[0];
	ret->length = numbers[1];
	return true;
}

static int parse_value(int key, struct request *ret)
{
	unsigned long long number;
	double seconds;

	switch (key) {
	case 'w':
		if (!cmd_read_seconds(optarg, MAX_SECONDS, &seconds))
			return cmd_usage_error("%s: not a number of seconds", optarg);
		ret->timeout_ns = (int64_t)(seconds * 1e9 + 0.5);
		return CMD_OK;
	case 'E':
		if (!cmd_read_number(optarg, 255, &number))
			return cmd_usage_error("%s: not an exit status from 0 to 255", optarg);
		ret->conflict_status = (int)number;
		return CMD_OK;
	default:
		if (!read_range(optarg, ret))
			return cmd_usage_error("%s: not a range START:LENGTH", optarg);
		return CMD_OK;
	}
}

static int parse_option(int key, struct request *ret)
{
	switch (key) {
	case 's':
	case 'x':
		ret->mode = key == 's' ? HF_SHARED : HF_EXCLUSIVE;
		return CMD_OK;
	case 'n':
		ret->timeout_ns = HF_NOWAIT;
		return CMD_OK;
	case 'o':
		ret->is_close = true;
		return CMD_OK;
	case KEY_FLOCK:
		ret->is_flock = true;
		return CMD_OK;
	case KEY_VERBOSE:
		ret->is_verbose = true;
		return CMD_OK;
	default:
		return parse_value(key, ret);
	}
}

static int parse_command_line(int argc, char **argv, struct request *ret)
{
	int key, status = CMD_OK;

	while (status == CMD_OK && (key = cmd_next_option(argc, argv, &usage)) != -1)
		status = parse_option(key, ret);
	if (status != CMD_OK)
		return status;
	if (ret->is_flock && ret->is_range)
		return cmd_usage_error("--flock locks the whole file: it does not go with --range");
	if (optind == argc)
		return cmd_usage_error("no FILE given");
	ret->file = argv[optind++];
	if (optind < argc && !strcmp(argv[optind], "--"))
		optind++;
	if (optind == argc)
		return cmd_usage_error("no COMMAND given");
	ret->command = argv + optind;
	return CMD_OK;
}

/* ---- telling people ---- */

static bool wants_words(const struct request *request)
{
	return request->is_verbose || isatty(STDERR_FILENO);
}

struct telling {
	const char *file;
	bool is_flock; /* who has a flock is in the way of a flock only */
};

static int print_holder(const struct hf_holder *holder, void *arg)
{
	const struct telling *telling = arg;
	const char *mode = holder->mode == HF_EXCLUSIVE ? "an exclusive" : "a shared";
	char who[32] = "somebody who may not be seen";

	if ((holder->kind == HF_HOLDER_FLOCK) != telling->is_flock)
		return 0;
	if (holder->pid > 0)
		snprintf(who, sizeof(who), "pid %d", (int)holder->pid);
	cmd_warn("%s: %s %s is held by %s%s%s", telling->file, mode,
		 telling->is_flock ? "flock" : "lock", who, *holder->command ? ": " : "",
		 holder->command);
	return 0;
}

static void tell_who_is_in_the_way(hf_lock *lock, const struct request *request, bool is_flock)
{
	struct telling telling = { .file = request->file, .is_flock = is_flock };
	int status = hf_lock_each_holder(lock, request->mode, print_holder, &telling);

	if (status < 0)
		cmd_warn("%s: who holds the lock cannot be told: %s", request->file,
			 hf_strerror(status));
}

static int on_wait(hf_lock *lock, hf_mode mode, void *arg)
{
	(void)mode;
	tell_who_is_in_the_way(lock, arg, false);
	return 0;
}

/* ---- the lock ---- */

static int64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* What is left of a timeout that began at start_ns. */
static int64_t time_left(int64_t timeout_ns, int64_t start_ns)
{
	int64_t passed = now_ns() - start_ns;

	if (timeout_ns == HF_FOREVER)
		return HF_FOREVER;
	return passed < timeout_ns ? timeout_ns - passed : 0;
}

static int open_with(const struct request *request, unsigned flags, hf_lock **ret)
{
	if (request->is_range)
		return hf_lock_open_range(request->file, flags, request->start, request->length,
					  ret);
	return hf_lock_open(request->file, flags, ret);
}

/* A reader may lock a file that it may not write. */
static int open_lock(const struct request *request, hf_lock **ret)
{
	int status = open_with(request, HF_FOLLOW, ret);

	if ((status == -EACCES || status == -EROFS || status == -EISDIR) &&
	    request->mode == HF_SHARED &&
	    open_with(request, HF_FOLLOW | HF_READONLY | HF_NO_CREATE, ret) == 0)
		return 0;
	return status;
}

/*
 * On a terminal the first second passes in silence: most locks are free by then. --verbose tells at
 * once, before the wait begins.
 */
static int acquire(hf_lock *lock, struct request *request, int64_t start_ns)
{
	bool is_patient = request->timeout_ns > QUIET_NS && isatty(STDERR_FILENO);
	int status;

	if (request->is_verbose && (status = hf_lock_on_wait(lock, on_wait, request)) < 0)
		return status;
	if (!request->is_verbose && is_patient) {
		status = hf_lock_acquire(lock, request->mode, QUIET_NS);
		if (status != -ETIMEDOUT)
			return status;
		tell_who_is_in_the_way(lock, request, false);
	}
	status = hf_lock_acquire(lock, request->mode, time_left(request->timeout_ns, start_ns));
	if (status == -EBUSY && wants_words(request))
		tell_who_is_in_the_way(lock, request, false);
	return status;
}

/* On NFS and CIFS flock(2) is a lock of fcntl's kind already, and would meet our own. */
static bool has_flock_of_its_own(int fd)
{
	struct statfs fs;

	return fstatfs(fd, &fs) != 0 ||
	       (fs.f_type != NFS_SUPER_MAGIC && fs.f_type != SMB_SUPER_MAGIC &&
		fs.f_type != CIFS_SUPER_MAGIC && fs.f_type != SMB2_SUPER_MAGIC);
}

static int acquire_flock(hf_lock *lock, const struct request *request, int64_t start_ns)
{
	int operation = request->mode == HF_SHARED ? LOCK_SH : LOCK_EX;
	int fd = hf_lock_fd(lock), status;

	if (!request->is_flock || !has_flock_of_its_own(fd))
		return 0;
	status = flock_wait(fd, operation, 0);
	if (status != -EBUSY)
		return status;
	if (wants_words(request))
		tell_who_is_in_the_way(lock, request, true);
	return flock_wait(fd, operation, time_left(request->timeout_ns, start_ns));
}

static int acquire_all(hf_lock *lock, struct request *request, int64_t start_ns)
{
	int status = acquire(lock, request, start_ns);

	return status == 0 ? acquire_flock(lock, request, start_ns) : status;
}

/* Scripts ask with -n and expect silence, as from flock(1). */
static int refuse(const struct request *request, int status)
{
	if (status != -EBUSY && status != -ETIMEDOUT)
		return cmd_error(CMD_FAILED, "%s: %s", request->file, hf_strerror(status));
	if (wants_words(request))
		cmd_warn("%s: %s", request->file, hf_strerror(status));
	return request->conflict_status;
}

/* ---- the command ---- */

/*
 * The library's descriptors are closed in a forked child and by an exec. A duplicate of them is
 * not, and has the lock as well.
 */
static int share_lock(hf_lock *lock, const struct request *request)
{
	if (request->is_close)
		return CMD_OK;
	if (dup(hf_lock_fd(lock)) < 0)
		return cmd_error(CMD_FAILED, "%s: %s", request->file, strerror(errno));
	if (holdfast_annotate_handover)
		holdfast_annotate_handover(hf_lock_fd(lock));
	return CMD_OK;
}

static int run_command(const struct request *request)
{
	struct child_plan plan = { .argv = request->command };
	struct child_end end;
	bool is_exec;
	int status = child_run(&plan, &end, &is_exec);

	if (status == 0)
		return end.status;
	return cmd_error(!is_exec	     ? CMD_FAILED
			 : status == -ENOENT ? CMD_NOT_FOUND
					     : CMD_NOT_EXECUTABLE,
			 "%s: %s", request->command[0], strerror(-status));
}

static int run_locked(hf_lock *lock, struct request *request)
{
	int64_t start_ns = now_ns();
	int status = acquire_all(lock, request, start_ns);

	if (status < 0)
		return refuse(request, status);
	if (request->is_verbose)
		cmd_warn("%s: got the lock after %.3f s", request->file,
			 (double)(now_ns() - start_ns) / 1e9);
	status = share_lock(lock, request);
	return status == CMD_OK ? run_command(request) : status;
}

int cmd_run(int argc, char **argv)
{
	/*
	 * Never closed, since that would unlock, also for what the command left running. Static, so
	 * that it is no leak.
	 */
	static hf_lock *lock;
	struct request request = { .command = argv,
				   .mode = HF_EXCLUSIVE,
				   .timeout_ns = HF_FOREVER,
				   .conflict_status = CMD_PROBLEM };
	int status = parse_command_line(argc, argv, &request);

	if (status != CMD_OK)
		return status;
	status = open_lock(&request, &lock);
	if (status < 0)
		return cmd_error(CMD_FAILED, "%s: %s", request.file, hf_strerror(status));
	return run_locked(lock, &request);
}
