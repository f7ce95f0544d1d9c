/* SPDX-License-Identifier: MIT */
/* What libc locks and closes under other names: message queues, the password files. */
#include <errno.h>
#include <fcntl.h>
#include <mqueue.h>
#include <shadow.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "differential.h"
#include "oracle.h"
#include "proc.h"
#include "rawsys.h"
#include "shim.h"
#include "slots.h"

#define PASSWORD_LOCK "/etc/.pwd.lock"

/* Without a name from the start. */
static int open_queue(void)
{
	struct mq_attr small = { .mq_maxmsg = 1, .mq_msgsize = 1 };
	char name[40];
	int queue;

	snprintf(name, sizeof(name), "/holdfast-differential-%d", (int)getpid());
	queue = mq_open(name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600, &small);
	if (queue >= 0)
		(void)mq_unlink(name);
	return queue;
}

/* To mq_close() a queue is a descriptor like any other: this one has become one of a file. */
static enum outcome close_file_as_queue(const struct op *op, const struct slot *slot, int queue)
{
	if (calls.dup2(slot->fd, queue) < 0) {
		(void)calls.close(queue);
		return FAILED;
	}
	if (op->b % 2)
		(void)request(op, queue, (enum hf_lockmode)op->mode, false);
	return outcome_of(calls.mq_close(queue));
}

static enum outcome close_locked_queue(int queue)
{
	struct flock lock = { .l_type = F_RDLCK, .l_whence = SEEK_SET };

	(void)calls.fcntl(queue, F_SETLK, (uintptr_t)&lock);
	(void)calls.flock(queue, LOCK_EX | LOCK_NB);
	return outcome_of(calls.mq_close(queue));
}

enum outcome do_mq_close(const struct op *op)
{
	struct slot *slot = slot_used(op->a);
	int queue;

	if (!slot)
		return NOTHING;
	queue = open_queue();
	if (queue < 0)
		return FAILED;
	return op->b % 4 ? close_file_as_queue(op, slot, queue) : close_locked_queue(queue);
}

struct search {
	struct hf_fileid id;
	int fd;
};

static bool is_wanted(void *ctx, int fd)
{
	struct search *search = ctx;

	if (hf_oracle_is_open(fd, search->id))
		search->fd = fd;
	return search->fd < 0;
}

/* Asked as a stranger, through libc's own descriptor: any other one would drop the lock. */
static bool kernel_has(struct hf_fileid id)
{
	struct search search = { id, -1 };
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

	(void)hf_proc_each_fd(is_wanted, &search);
	return search.fd >= 0 && raw_fcntl(search.fd, F_OFD_GETLK, (long)&lock) == 0 &&
	       lock.l_type == F_WRLCK && lock.l_pid == raw_getpid();
}

static bool ledger_has(struct hf_fileid id)
{
	struct hf_file *file = hf_ledger_find(&hf_shim.ledger, id);

	return file && hf_file_owner(file, HF_PRIM_POSIX, -1);
}

static void compare(const char *after, bool expected)
{
	struct hf_fileid id;
	struct stat st;

	if (raw_fstatat(AT_FDCWD, PASSWORD_LOCK, &st, 0) < 0)
		return;
	id = (struct hf_fileid){ st.st_dev, st.st_ino };
	if (kernel_has(id) != expected || ledger_has(id) != expected)
		disagree("after %s the lock of the password files is expected to be %s; kernel: "
			 "%d, ledger: %d",
			 after, expected ? "held" : "gone", kernel_has(id), ledger_has(id));
}

/* Takes the machine's own lock, for a moment; others who have it are waited for. */
enum outcome do_lckpwdf(const struct op *op)
{
	int fd;

	if (calls.lckpwdf())
		return FAILED;
	compare("lckpwdf", true);
	if (op->b % 2) {
		fd = calls.open(PASSWORD_LOCK, O_RDONLY | O_CLOEXEC, 0);
		(void)calls.close(fd);
		compare("a close of their lock file", false);
	}
	if (calls.ulckpwdf())
		return FAILED;
	compare("ulckpwdf", false);
	return DONE;
}

static const char *no_terminal(void)
{
	int fd = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);

	if (fd < 0)
		return "no pseudo-terminals here";
	(void)raw_close(fd);
	return NULL;
}

static const char *no_queue(void)
{
	int queue = open_queue();

	if (queue < 0)
		return "no message queues here";
	(void)raw_close(queue);
	return NULL;
}

const char *op_lacks(enum op_name name)
{
	switch (name) {
	case OP_mq_close:
		return no_queue();
	case OP_lckpwdf:
		return geteuid() == 0 ? NULL : "lckpwdf() needs root";
	case OP_login_tty:
		return no_terminal();
	default:
		return NULL;
	}
}

enum op_name op_of_hook(const char *name)
{
	if (!strcmp(name, "lckpwdf") || !strcmp(name, "ulckpwdf"))
		return OP_lckpwdf;
	return strcmp(name, "login_tty") ? OP_COUNT : OP_login_tty;
}
