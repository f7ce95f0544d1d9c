/* SPDX-License-Identifier: MIT */
#include "handler.h"

#include <unwind.h>

/*
 * A frame that was called is found by a return address; the address of one that was interrupted is
 * that of the instruction to go on with, and the unwinder tells.
 */
static _Unwind_Reason_Code look(struct _Unwind_Context *context, void *found)
{
	int interrupted = 0;

	(void)_Unwind_GetIPInfo(context, &interrupted);
	*(bool *)found = interrupted != 0;
	return interrupted ? _URC_END_OF_STACK : _URC_NO_REASON;
}

bool hf_in_signal_handler(void)
{
	bool found = false;

	(void)_Unwind_Backtrace(look, &found);
	return found;
}
