/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "setlk.h"

int hf_unlock(const struct hf_claim *claim)
{
	uint64_t from = claim->start;
	uint64_t start, end;
	bool some;
	int ret;

	for (;;) {
		hf_held_enter();
		some = hf_claim_uncovered(claim, from, &start, &end);
		hf_held_leave();
		if (!some)
			return 0;
		ret = hf_setlk(claim, F_UNLCK, start, end);
		if (ret || end == claim->end)
			return ret;
		from = end + 1;
	}
}
