/* SPDX-License-Identifier: MIT */
/* HOLDFAST_OPTIONS, read once in the constructor: KEY=VALUE:KEY=VALUE... (options.def). */
#ifndef HF_PRELOAD_OPTIONS_H
#define HF_PRELOAD_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "kinds.h"

struct hf_options {
	bool enabled[HF_KIND_COUNT]; /* checks=default,-upgrade,+long-hold | all | none */
	unsigned stack_depth;	     /* stack_depth=24 */
	enum hf_level halt_on;	     /* halt_on=none|note|warning|error */
	bool to_stderr;		     /* stderr=0|1; by default 1 without a run, 0 with one */
	const char *record;	     /* record=DIR: keep a recording there (plain preload) */
	unsigned wait_report_ms;
	unsigned long_hold_ms;
	bool help;
	unsigned unknown; /* keys or values that were not understood: warned about */
};

extern struct hf_options hf_options;

/* envp as in hf_recorder_init. Values point into envp. Warnings are said later, by
 * hf_options_complain(), when the recorder knows where stderr is. */
void hf_options_read(char **envp);
void hf_options_complain(void);

#endif
