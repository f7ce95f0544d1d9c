/* SPDX-License-Identifier: MIT */
/*
 * Hooks of what makes children and waits for them. What one process holds while another waits is
 * for the command to put together: events here, no rules.
 */
#include <errno.h>
#include <sys/wait.h>

#include "audit.h"
#include "hooks.h"
#include "recorder.h"
#include "rules_process.h"
#include "shim.h"
#include "watch.h"

/* Only while something is held: nobody asks about the rest. */
static void record(enum hf_event_type type, int pid)
{
	struct hf_event event = { .type = (uint8_t)type, .fd = pid };
	struct hf_section section;
	int error = errno;

	if (hf_anything_held() && hf_section_enter(&section) == HF_ENTERED) {
		event.stack = hf_stack_here();
		hf_recorder_event(&event);
		hf_section_leave(&section);
	}
	errno = error;
}

int hf_on_fork(int (*real)(void))
{
	int ret = real();

	if (ret > 0)
		record(HF_EVENT_FORK, ret);
	return ret;
}

void hf_on_spawned(int pid)
{
	record(HF_EVENT_FORK, pid);
}

void hf_before_waitpid(int pid, int options)
{
	if (!(options & WNOHANG))
		record(HF_EVENT_WAITPID, pid > 0 ? pid : -1);
}

void hf_before_waitid(int type, int id, int options)
{
	hf_before_waitpid(type == P_PID ? id : -1, options);
}

static void before_daemon(void)
{
	struct hf_section section;
	int error = errno;

	if ((hf_anything_held() || hf_watching()) && hf_section_enter(&section) == HF_ENTERED) {
		hf_audit_all();
		hf_rules_daemon();
		hf_section_leave(&section);
	}
	errno = error;
}

/*
 * libc forks inside, and its parent never comes back. 0: this is the child. What was locked through
 * one of the numbers 0..2 alone is released if they were replaced.
 */
static void after_daemon(int ret)
{
	struct hf_section section;
	int error = errno;

	hf_fd_forget_range(0, 2);
	if (hf_section_enter(&section) == HF_ENTERED) {
		hf_audit_all();
		if (ret == 0)
			hf_rules_daemon_runs();
		else
			hf_rules_withdraw();
		hf_section_leave(&section);
	}
	errno = error;
}

int hf_on_daemon(int keep_dir, int keep_fds, int (*real)(int, int))
{
	int ret;

	before_daemon();
	ret = real(keep_dir, keep_fds);
	after_daemon(ret);
	return ret;
}
