/* SPDX-License-Identifier: MIT */
/*
 * Waits that take long, and who had the lock when they began. Afterwards it cannot be asked any
 * more. An OFD lock has no process: the command looks for its holder in the recording.
 */
#include <string.h>

#include "options.h"
#include "oracle.h"
#include "proc.h"
#include "recorder.h"
#include "rules.h"
#include "shim.h"
#include "systemlocks.h"

_Static_assert(HF_NAME_LENGTH == HF_COMMAND_LENGTH, "a command fits a finding");

static void see_flock(const struct hf_proclock *lock, void *data)
{
	struct hf_request *r = data;

	if (!r->wait->blocker && lock->primitive == HF_PRIM_FLOCK && !lock->waiting &&
	    hf_modes_conflict(lock->mode, r->mode))
		r->wait->blocker = lock->pid;
}

int hf_wait_blocker(const struct hf_request *r)
{
	struct hf_question question = {
		.primitive = r->primitive,
		.mode = r->mode,
		.fd = r->fd,
		.pid = hf_shim.pid,
		.start = r->start,
		.end = r->end,
		.id = hf_file_id(r->file),
	};

	return hf_file_is_remote(r->file) ? 0 : hf_oracle_stranger(&question);
}

void hf_wait_begins(struct hf_request *r)
{
	if (!hf_options.enabled[HF_KIND_LONG_WAIT])
		return;
	if (r->primitive == HF_PRIM_FLOCK)
		hf_systemlocks_each(hf_file_id(r->file), see_flock, r);
	else
		r->wait->blocker = hf_wait_blocker(r);
	if (r->wait->blocker > 0)
		hf_proc_command(r->wait->blocker, r->wait->blocker_name);
}

void hf_wait_ended(const struct hf_request *r, uint64_t ms)
{
	struct hf_rec_finding finding;

	if (ms < hf_options.wait_report_ms)
		return;
	finding = hf_rules_finding(r, HF_KIND_LONG_WAIT, HF_LEVEL_NONE, NULL, NULL);
	finding.flags = 0; /* a fact of the clock */
	finding.holder_pid = r->wait->blocker > 0 ? r->wait->blocker : 0;
	memcpy(finding.name, r->wait->blocker_name, sizeof(finding.name));
	hf_rules_record(&finding);
}
