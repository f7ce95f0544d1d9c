/* SPDX-License-Identifier: MIT */
/*
 * A finding in words, made once for the short text that the checker prints in the program and for
 * the reports of the command. The sentences are those of kinds.def with their placeholders filled
 * in.
 */
#ifndef HF_CORE_MESSAGE_H
#define HF_CORE_MESSAGE_H

#include "kinds.h"
#include "record.h"
#include "text.h"

/*
 * Adds what happened: one or more lines, without a newline at the end. file is how the reader knows
 * the file, NULL when no path was recorded. A sentence (but the first) that needs something that is
 * not known, such as the call that closed a descriptor, is left out.
 */
void hf_message_what(struct hf_text *ret, const struct hf_rec_finding *finding, const char *file);

/* Adds what followed, a clause such as "written without the lock: write(), 8 bytes at 512, fd 3".
 */
void hf_message_then(struct hf_text *ret, const struct hf_rec_consequence *consequence);

/* How it is known, a sentence; "" for a fact that needs no proof. */
const char *hf_message_proof(enum hf_proof proof);

/* What a set of consequences looks like to hf_finding_level(). */
#define HF_THEN_BIT(what) (1u << (what))

/*
 * The level of a finding after the consequences in the set `then`. Where kinds.def says
 * OF_CONSEQUENCE: error once the lock that is gone was used or missed, note when it was only torn
 * down, warning as long as neither is known; never below finding->level. Elsewhere finding->level,
 * which tells the cases of a kind apart, or the level of kinds.def if it is 0. HF_LEVEL_NONE when
 * the finding was withdrawn; one on a file system that cannot be asked is a warning at most.
 */
enum hf_level hf_finding_level(const struct hf_rec_finding *finding, unsigned then);

/* Words of single values, as they stand in the sentences. */
const char *hf_primitive_name(unsigned primitive);	     /* "POSIX", "OFD", "flock" */
const char *hf_mode_name(unsigned mode, unsigned primitive); /* "write", for a flock "exclusive" */
void hf_text_add_range(struct hf_text *text, uint64_t start, uint64_t end); /* "0-EOF", "7" */
void hf_text_add_duration(struct hf_text *text, uint64_t ns);		    /* "40 us", "1.8 ms" */
void hf_text_add_errno(struct hf_text *text, int error); /* "EAGAIN", "error 42" */

#endif
