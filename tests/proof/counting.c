/* SPDX-License-Identifier: MIT */
/*
 * Findings of the differential test: counted, not written down. The linker leads the calls here
 * (--wrap); the real recorder is linked and never started. It also starts the checker, which in the
 * preloaded library is init.c's business.
 */
#include "clock.h"
#include "differential.h"
#include "hooks.h"
#include "options.h"
#include "recorder.h"
#include "shim.h"
#include "stack.h"

extern void *hf_vfork_target;

hf_ref __wrap_hf_recorder_finding(struct hf_rec_finding *finding);
void __wrap_hf_recorder_consequence(struct hf_rec_consequence *consequence);

__attribute__((constructor)) static void checker_start(int argc, char **argv, char **envp)
{
	(void)argc, (void)argv;
	hf_clock_init();
	hf_options_default(&hf_options, true);
	hf_real_init();
	hf_vfork_target = (void *)REAL(vfork);
	hf_stack_init();
	hf_process_init(envp);
	hf_shim_init();
}

hf_ref __wrap_hf_recorder_finding(struct hf_rec_finding *finding)
{
	static hf_ref next = 1;

	if (!tally)
		return 0;
	count(&tally->findings[finding->kind]);
	if (finding->proof == HF_PROOF_LATE) {
		count(&tally->late);
		if (late_is_allowed)
			count(&tally->late_races);
	}
	return next++;
}

void __wrap_hf_recorder_consequence(struct hf_rec_consequence *consequence)
{
	(void)consequence;
}
