/* SPDX-License-Identifier: MIT */
/*
 * What a program has of the POSIX locks that its predecessor in this process held when it called
 * exec. The look before could only foresee it: another thread may have changed a descriptor in
 * between, and a process that shares the table of descriptors, which exec unshares, keeps the
 * locks. So the predecessor leaves word, and here the kernel is asked.
 *
 * They are compared, and not adopted into the ledger. A predecessor that meant the lock for this
 * program and one that forgot the descriptor look the same, and this program does not say that it
 * knows: so its close of another descriptor may be the loss of a lock or the end of a leak, which
 * is harmless. And whatever it does with the file on its own account would be held against a lock
 * that it never took: to lock the file through a descriptor of its own, which the kernel grants
 * (relock-other-fd, reentrant-acquire: this thread has the number of the one that took it), to
 * write where the other only read (write-under-read-lock), to have children write
 * (fork-child-unlocked). All are warnings or worse, and correct programs do all of it. What is
 * certain is that it got the lock: exec-keeps-lock.
 *
 * From the constructor: there is one thread and no section yet.
 */
#include <fcntl.h>

#include "oracle.h"
#include "options.h"
#include "proc.h"
#include "rawsys.h"
#include "recorder.h"
#include "rules_process.h"
#include "shim.h"

struct search {
	struct hf_fileid id;
	int fd;
};

static bool is_on_file(void *ctx, int fd)
{
	struct search *search = ctx;

	if (!hf_oracle_is_open(fd, search->id) || (raw_fcntl(fd, F_GETFL, 0) & O_PATH))
		return true;
	search->fd = fd;
	return false;
}

/*
 * A lock of a table of descriptors that is not ours any more is listed with our pid all the same;
 * but it is in our way.
 */
static bool is_in_our_way(const struct hf_question *q)
{
	struct flock lock = {
		.l_type = F_WRLCK,
		.l_whence = SEEK_SET,
		.l_start = (off_t)q->start,
		.l_len = q->end == HF_EOF ? 0 : (off_t)(q->end - q->start + 1),
	};

	return raw_fcntl(q->fd, F_GETLK, (long)&lock) == 0 && lock.l_type != F_UNLCK &&
	       lock.l_pid == q->pid;
}

/* A descriptor that is left of the file is in search. */
static enum hf_truth ask(const struct hf_rec_finding *before, struct search *search)
{
	bool complete = hf_proc_each_fd(is_on_file, search);
	struct hf_question question = {
		.primitive = HF_PRIM_POSIX,
		.mode = before->mode,
		.fd = search->fd,
		.pid = hf_shim.pid,
		.start = before->start,
		.end = before->end,
		.id = before->id,
	};

	if (search->fd < 0) /* a close of the last one releases it */
		return complete ? HF_TRUTH_GONE : HF_TRUTH_UNKNOWN;
	return is_in_our_way(&question) ? HF_TRUTH_GONE : hf_oracle_ask(&question, NULL);
}

static void follow(hf_ref finding, enum hf_consequence what)
{
	struct hf_rec_consequence then = {
		.finding = finding,
		.what = (uint16_t)what,
		.fd = HF_NO_FD,
	};

	hf_recorder_consequence(&then);
}

/* It was to be kept. Whoever left the lock's own descriptor open wanted it so. */
static void tell_loss(struct hf_rec_finding lost)
{
	lost.kind = HF_KIND_EXEC_DROPS_LOCK;
	lost.level = hf_oracle_is_open(lost.fd, lost.id) ? HF_LEVEL_ERROR : HF_LEVEL_NONE;
	if (hf_options.enabled[lost.kind])
		(void)hf_recorder_finding(&lost);
}

static void compare(hf_ref finding, const struct hf_rec_finding *before)
{
	struct search search = { .id = before->id, .fd = HF_NO_FD };
	bool foreseen = before->kind == HF_KIND_EXEC_DROPS_LOCK;

	switch (ask(before, &search)) {
	case HF_TRUTH_GONE:
		follow(finding, foreseen ? HF_THEN_CONFIRMED : HF_THEN_WITHDRAWN);
		if (!foreseen)
			tell_loss(*before);
		break;
	case HF_TRUTH_HELD:
		if (foreseen)
			follow(finding, HF_THEN_WITHDRAWN);
		break;
	case HF_TRUTH_UNKNOWN:
		break;
	}
}

void hf_rules_arrived(const char *path)
{
	const struct hf_rec_finding *before;
	hf_ref finding;

	while ((before = hf_recorder_take_held(path, &finding)))
		compare(finding, before);
}
