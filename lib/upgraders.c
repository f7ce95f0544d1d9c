/* SPDX-License-Identifier: MIT */
/*
 * Is another process upgrading the same bytes? No list says so: a waiting OFD lock is nobody's in
 * /proc/locks. But a process that shares the lock shows it in fdinfo under a descriptor, and a
 * thread of it that sleeps in F_OFD_SETLKW on that very descriptor shows that in its syscall file,
 * to who has ptrace rights over it. Both together are an upgrade.
 *
 * Two that look at the same moment do not see each other. They then wait as they would have.
 */
#include "config.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "lock.h"
#include "procfs.h"

struct look {
	const struct hf_lock *lock;
	struct hf_fileid id;
	long pid;
	long fd; /* of that process, holding the shared lock */
};

static int see_task(long tid, void *arg)
{
	const struct look *look = arg;
	char name[64], text[128];
	unsigned long fd, command;
	long number;

	(void)snprintf(name, sizeof(name), "/proc/%ld/task/%ld/syscall", look->pid, tid);
	return hf_proc_read(name, text, sizeof(text)) > 0 &&
	       sscanf(text, "%ld %lx %lx", &number, &fd, &command) == 3 && number == SYS_fcntl &&
	       fd == (unsigned long)look->fd && command == F_OFD_SETLKW;
}

static int see_lock(const struct hf_proclock *line, void *arg)
{
	const struct look *look = arg;

	return line->primitive == HF_PRIM_OFD && line->mode == HF_MODE_READ && !line->waiting &&
	       hf_fileid_equal(line->id, look->id) && line->start <= look->lock->end &&
	       look->lock->start <= line->end;
}

static int see_descriptor(long fd, void *arg)
{
	struct look *look = arg;
	char name[64];

	(void)snprintf(name, sizeof(name), "/proc/%ld/fdinfo/%ld", look->pid, fd);
	if (hf_proc_each_lock(name, see_lock, look) != 1 ||
	    !hf_proc_is_on(look->pid, fd, look->lock->file->key.id))
		return 0;
	look->fd = fd;
	(void)snprintf(name, sizeof(name), "/proc/%ld/task", look->pid);
	return hf_proc_each_entry(name, see_task, look) == 1;
}

static int see_process(long pid, void *arg)
{
	struct look *look = arg;
	char name[64];

	if (pid == getpid())
		return 0; /* the claims know better */
	look->pid = pid;
	(void)snprintf(name, sizeof(name), "/proc/%ld/fdinfo", pid);
	return hf_proc_each_entry(name, see_descriptor, look) == 1;
}

bool hf_is_upgrade_elsewhere(const struct hf_lock *lock)
{
	struct look look = { .lock = lock };

	return !hf_proc_fileid(lock, &look.id) &&
	       hf_proc_each_entry("/proc", see_process, &look) == 1;
}
