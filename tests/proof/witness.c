/* SPDX-License-Identifier: MIT */
/*
 * The second process. It asks the kernel as a stranger to all locks of the first one, and takes a
 * lock that is in its way. It is made before anything is opened, and makes raw system calls only.
 */
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "differential.h"
#include "proc.h"
#include "proclocks.h"
#include "rawsys.h"
#include "tracefs.h"

#ifndef F_OFD_SETLK
#define F_OFD_SETLK 37
#endif

enum question {
	PROBE,
	HOLD,
	DROP,
	CROSS
};

struct ask {
	enum question question;
	unsigned microseconds;
	unsigned other; /* file */
	struct op op;
};

static int line = -1; /* to the other process */
static pid_t witness;
static int own_fds[FILES];

static bool is_refused(int fd, short type, uint64_t at)
{
	struct flock lock = {
		.l_type = type,
		.l_whence = SEEK_SET,
		.l_start = (off_t)at,
		.l_len = at == HF_EOF ? 0 : 1,
	};

	return raw_fcntl(fd, F_GETLK, (long)&lock) == 0 && lock.l_type != F_UNLCK;
}

static bool is_flock_refused(int fd, int operation)
{
	if (raw_flock(fd, operation | LOCK_NB) < 0)
		return true;
	(void)raw_flock(fd, LOCK_UN);
	return false;
}

static struct probe look(void)
{
	struct probe probe = { 0 };

	for (unsigned file = 0; file < FILES; file++) {
		for (unsigned n = 0; n < EDGES; n++) {
			if (is_refused(own_fds[file], F_RDLCK, edge(n)))
				probe.read_refused[file] |= (uint16_t)(1u << n);
			if (is_refused(own_fds[file], F_WRLCK, edge(n)))
				probe.write_refused[file] |= (uint16_t)(1u << n);
		}
		if (is_flock_refused(own_fds[file], LOCK_SH))
			probe.shared_refused |= (uint8_t)(1u << file);
		if (is_flock_refused(own_fds[file], LOCK_EX))
			probe.exclusive_refused |= (uint8_t)(1u << file);
	}
	return probe;
}

static bool set_lock(const struct op *op, bool hold)
{
	uint64_t start, end;
	struct flock lock = { .l_type = hold ? F_WRLCK : F_UNLCK, .l_whence = SEEK_SET };
	int fd = own_fds[op->file];

	op_range(op, &start, &end);
	if (hold) {
		lock.l_start = (off_t)start;
		lock.l_len = end == HF_EOF ? 0 : (off_t)(end - start + 1);
	}
	switch (op->primitive) {
	case HF_PRIM_POSIX:
		return raw_fcntl(fd, F_SETLK, (long)&lock) == 0;
	case HF_PRIM_OFD:
		return raw_fcntl(fd, F_OFD_SETLK, (long)&lock) == 0;
	default:
		return raw_flock(fd, hold ? LOCK_EX | LOCK_NB : LOCK_UN) == 0;
	}
}

static void hold_a_while(const struct ask *ask)
{
	bool held = set_lock(&ask->op, true);

	(void)raw_write(line, &held, sizeof(held));
	if (!held || !ask->microseconds)
		return;
	(void)usleep(ask->microseconds);
	(void)set_lock(&ask->op, false);
}

/* Waits for the whole of the other file, and says that it has been granted by writing once more. */
static void cross(const struct ask *ask)
{
	struct flock all = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	bool held = set_lock(&ask->op, true);

	(void)raw_write(line, &held, sizeof(held));
	if (!held)
		return;
	(void)raw_fcntl(own_fds[ask->other], F_SETLKW, (long)&all);
	all.l_type = F_UNLCK;
	(void)raw_fcntl(own_fds[ask->other], F_SETLK, (long)&all);
	(void)set_lock(&ask->op, false);
	(void)raw_write(line, &held, sizeof(held));
}

static void serve(void)
{
	struct op last = { 0 };
	struct probe probe;
	struct ask ask;

	while (raw_read(line, &ask, sizeof(ask)) == sizeof(ask))
		switch (ask.question) {
		case PROBE:
			probe = look();
			(void)raw_write(line, &probe, sizeof(probe));
			break;
		case HOLD:
			last = ask.op;
			hold_a_while(&ask);
			break;
		case CROSS:
			cross(&ask);
			break;
		case DROP:
			(void)set_lock(&last, false);
			(void)raw_write(line, &probe, 1);
			break;
		}
	_exit(0);
}

bool witness_start(void)
{
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends))
		return false;
	witness = fork();
	line = ends[witness == 0];
	if (witness) {
		(void)raw_close(ends[1]);
		return witness > 0;
	}
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	(void)prctl(PR_SET_NAME, UNTRACED_NAME);
	(void)raw_close(ends[0]);
	for (unsigned file = 0; file < FILES; file++)
		own_fds[file] = raw_openat(AT_FDCWD, file_path(file),
					   (file == DIRECTORY ? O_RDONLY : O_RDWR) | O_CLOEXEC, 0);
	serve();
	return false;
}

void witness_end(void)
{
	(void)raw_close(line);
	(void)kill(witness, SIGKILL);
	(void)waitpid(witness, NULL, 0);
}

static bool ask(const struct ask *question, void *answer, size_t size)
{
	return raw_write(line, question, sizeof(*question)) == sizeof(*question) &&
	       raw_read(line, answer, size) == (ssize_t)size;
}

bool witness_probe(struct probe *ret)
{
	struct ask probe;

	memset(&probe, 0, sizeof(probe));
	probe.question = PROBE;
	return ask(&probe, ret, sizeof(*ret));
}

bool witness_hold(const struct op *op, unsigned microseconds)
{
	struct ask hold = { .question = HOLD, .microseconds = microseconds, .op = *op };
	bool held;

	return ask(&hold, &held, sizeof(held)) && held;
}

void witness_drop(void)
{
	struct ask drop = { .question = DROP };
	char answer;

	(void)ask(&drop, &answer, 1);
}

static bool is_waiting(void *found, const char *text, size_t length)
{
	struct hf_proclock lock;

	if (hf_proclock_parse(text, length, &lock) == 0 && lock.waiting && lock.pid == witness)
		*(bool *)found = true;
	return !*(bool *)found;
}

bool witness_cross(const struct op *op, unsigned other)
{
	struct ask cross = { .question = CROSS, .other = other, .op = *op };
	bool held, waits = false;

	if (!ask(&cross, &held, sizeof(held)) || !held)
		return false;
	while (!waits && hf_proc_each_line("/proc/locks", is_waiting, &waits))
		(void)sched_yield();
	return true;
}

void witness_uncross(void)
{
	bool held;

	(void)raw_read(line, &held, sizeof(held));
}
