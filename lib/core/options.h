/* SPDX-License-Identifier: MIT */
/*
 * The text of HOLDFAST_OPTIONS: KEY=VALUE:KEY=VALUE... with the keys of options.def. A value ends
 * at the next colon and so cannot hold one.
 *
 * Read by the checker in the program's process, and by the command before it starts a program with
 * options that no checker would understand.
 */
#ifndef HF_CORE_OPTIONS_H
#define HF_CORE_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kinds.h"
#include "text.h"

struct hf_options {
	bool enabled[HF_KIND_COUNT]; /* checks=default,-upgrade,+long-hold | all | none */
	unsigned stack_depth;	     /* 1..HF_STACK_MAX */
	enum hf_level halt_on;	     /* HF_LEVEL_NONE: never */
	bool to_stderr;
	bool notes; /* on stderr, too */
	const char
		*record; /* a folder, record_length bytes of the text; NULL when none was named */
	size_t record_length;
	unsigned wait_report_ms;
	unsigned long_hold_ms;
	bool help;
	unsigned unknown; /* keys or values that were not understood */
};

/* Told about one key or value that was not understood: a sentence without its full stop. */
typedef void hf_options_complaint(void *ctx, const char *sentence);

/* The defaults. with_run: a run collects the findings, so stderr is not wanted. */
void hf_options_default(struct hf_options *options, bool with_run);

/*
 * Applies text to *options. What is not understood changes nothing, is counted in options->unknown
 * and told to complain, which may be NULL; the rest of the text still counts. options->record
 * points into text.
 */
void hf_options_parse(struct hf_options *options, const char *text, hf_options_complaint *complain,
		      void *ctx);

/* The kinds that are not enabled, bit 1 << kind of each: for the judges outside of the process. */
uint64_t hf_options_kinds_off(const struct hf_options *options);

/* Writes line number n (from 0) of what help=1 prints; false when there are no more. */
bool hf_options_help_line(unsigned n, struct hf_text *ret);

#endif
