/* SPDX-License-Identifier: MIT */
/*
 * What a process can do only once, or only to itself: children do it, each with a file of its own
 * open besides what it inherits.
 */
#include <fcntl.h>
#include <linux/close_range.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "children.h"
#include "kept.h"
#include "rawsys.h"
#include "shim.h"
#include "slots.h"

enum { LEFT_OUT = 3 }; /* exit status */

static enum outcome in_child(const struct op *op, void (*act)(const struct op *))
{
	pid_t pid;

	if (!slot_free())
		return NOTHING;
	pid = fork();
	if (pid == 0) {
		child_begin();
		act(op);
		calls._exit(tally->reason[0] ? 1 : 0);
	}
	return pid < 0 ? FAILED : wait_for(pid, 0);
}

/* A file under one of the numbers 0..2, locked through it: only that number knows the description.
 */
static int lock_low_number(const struct op *op)
{
	int number = op->via % 3;
	int fd = calls.open(file_path(op->file % DIRECTORY), O_RDWR | O_CLOEXEC, 0);

	if (calls.dup2(fd, number) != number)
		calls._exit(LEFT_OUT);
	(void)calls.close(fd);
	(void)slot_fill(SLOT_FD, number, NULL);
	(void)request(op, number, (enum hf_lockmode)op->mode, false);
	return number;
}

static int open_terminal(void)
{
	int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	char name[64];

	if (master < 0 || grantpt(master) || unlockpt(master) ||
	    ptsname_r(master, name, sizeof(name)))
		return -1;
	return calls.open(name, O_RDWR | O_NOCTTY | O_CLOEXEC, 0);
}

/* The numbers 0..2 become the terminal's. */
static void act_login_tty(const struct op *op)
{
	int terminal = open_terminal();

	(void)lock_low_number(op);
	if (calls.login_tty(terminal))
		calls._exit(LEFT_OUT);
	slots_closed(0, 2);
	child_check();
}

enum outcome do_login_tty(const struct op *op)
{
	return in_child(op, act_login_tty);
}

static uint64_t announced(enum hf_kind kind)
{
	return __atomic_load_n(&tally->findings[kind], __ATOMIC_RELAXED);
}

static unsigned files_with_posix_locks(void)
{
	struct hf_file *file = NULL;
	unsigned files = 0;

	while ((file = hf_ledger_next_held(&hf_shim.ledger, file)))
		files += hf_file_owner(file, HF_PRIM_POSIX, -1) != NULL;
	return files;
}

/* This process goes, its child goes on without the POSIX locks, with numbers 0..2 or without. */
static void act_daemon(const struct op *op)
{
	uint64_t before = announced(HF_KIND_DAEMONIZE_DROPS_LOCK);
	bool keeps_numbers = op->b % 2;
	int parent = raw_getpid();
	unsigned dropped;

	(void)lock_low_number(op);
	dropped = files_with_posix_locks();
	if (calls.daemon(1, keeps_numbers))
		calls._exit(LEFT_OUT);
	if (!keeps_numbers)
		slots_closed(0, 2);
	if (announced(HF_KIND_DAEMONIZE_DROPS_LOCK) - before != dropped)
		disagree("daemon() drops the POSIX locks of %u files, and of %u it is said",
			 dropped, (unsigned)(announced(HF_KIND_DAEMONIZE_DROPS_LOCK) - before));
	while (raw_getppid() == parent) /* whose end would end who asks for that signal */
		(void)sched_yield();
	be_child(op);
}

/* The daemon comes to us, who adopt orphans; the witness is the only other child, and stays. */
enum outcome do_daemon(const struct op *op)
{
	enum outcome outcome = in_child(op, act_daemon);

	return outcome == DONE ? wait_for(-1, 0) : outcome;
}

/* Of a process with one thread: the descriptors need no copying, and are just closed. */
static void act_close_range_unshare(const struct op *op)
{
	struct op close = *op;

	(void)lock_low_number(op);
	close.a = (uint8_t)(op->a + 1);
	close_slots(&close, CLOSE_RANGE_UNSHARE);
	be_child(op);
}

enum outcome do_close_range_unshare(const struct op *op)
{
	return in_child(op, act_close_range_unshare);
}

struct program {
	char *argv[4];
	char text[300];
};

/* The new image is told where to say what it finds, what to do then, and where the files are. */
static void describe(struct program *program, int report, uint32_t seed)
{
	snprintf(program->text, sizeof(program->text), "%d:%u:%s", report, seed, files_folder());
	program->argv[0] = (char *)(uintptr_t) "/proc/self/exe";
	program->argv[1] = (char *)(uintptr_t) "--report-kept";
	program->argv[2] = program->text;
	program->argv[3] = NULL;
}

static void exec_via(unsigned via, char **argv)
{
	const char *path = argv[0];

	switch (via % 10) {
	case 0:
		(void)calls.execve(path, argv, environ);
		break;
	case 1:
		(void)calls.execv(path, argv);
		break;
	case 2:
		(void)calls.execvp(path, argv);
		break;
	case 3:
		(void)calls.execvpe(path, argv, environ);
		break;
	case 4:
		(void)calls.fexecve(raw_openat(AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0), argv,
				    environ);
		break;
	case 5:
		(void)calls.execl(path, path, argv[1], argv[2], NULL);
		break;
	case 6:
		(void)calls.execlp(path, path, argv[1], argv[2], NULL);
		break;
	case 7:
		(void)calls.execle(path, path, argv[1], argv[2], NULL, environ);
		break;
	case 8:
		(void)calls.execveat(AT_FDCWD, path, argv, environ, 0);
		break;
	default:
		(void)calls.syscall(SYS_execve, (long)path, (long)argv, (long)environ, 0, 0, 0);
		break;
	}
}

static int reporting_to;

/* With or without descriptors that the exec closes: those of the low number's file drop its locks.
 */
static void act_exec(const struct op *op)
{
	struct program program;
	int number = lock_low_number(op);

	for (struct slot *slot = slots; slot < slots + SLOTS; slot++)
		if (slot->kind != SLOT_FREE && slot->fd != number && op->b % 2)
			(void)calls.fcntl(slot->fd, F_SETFD, 0);
	tally->held_at_exec = files_with_posix_locks();
	describe(&program, reporting_to, op->seed);
	exec_via(op->b / 2, program.argv);
	calls._exit(LEFT_OUT);
}

static void compare_kept(const struct kept *kept, const uint64_t before[HF_KIND_COUNT])
{
	uint64_t keeps = announced(HF_KIND_EXEC_KEEPS_LOCK) - before[HF_KIND_EXEC_KEEPS_LOCK];
	uint64_t drops = announced(HF_KIND_EXEC_DROPS_LOCK) - before[HF_KIND_EXEC_DROPS_LOCK];
	uint64_t leaks = announced(HF_KIND_NO_CLOEXEC) - before[HF_KIND_NO_CLOEXEC];

	if (kept->reason[0])
		disagree("after an exec: %s", kept->reason);
	else if (keeps != kept->files || drops != tally->held_at_exec - kept->files)
		disagree("an exec keeps the POSIX locks of %u files of %u; said of %u, and of %u "
			 "that it drops them",
			 kept->files, tally->held_at_exec, (unsigned)keeps, (unsigned)drops);
	else if (leaks != kept->descriptions)
		disagree("an exec hands on %u locked descriptions; said of %u", kept->descriptions,
			 (unsigned)leaks);
}

/* Where a CLONE_VM child may be running in this memory nothing is said about execs. */
enum outcome do_exec(const struct op *op)
{
	uint64_t before[HF_KIND_COUNT];
	enum outcome outcome;
	struct kept kept;
	int ends[2];

	if (hf_shim.always_getpid || pipe(ends))
		return NOTHING;
	memcpy(before, tally->findings, sizeof(before));
	(void)raw_fcntl(ends[0], F_SETFD, FD_CLOEXEC);
	reporting_to = ends[1];
	outcome = in_child(op, act_exec);
	(void)raw_close(ends[1]);
	if (outcome == DONE && raw_read(ends[0], &kept, sizeof(kept)) == sizeof(kept))
		compare_kept(&kept, before);
	(void)raw_close(ends[0]);
	return outcome;
}
