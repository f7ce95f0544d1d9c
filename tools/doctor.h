/* SPDX-License-Identifier: MIT */
/*
 * Can the checker see a program, and if not, why?
 *
 * The checker gets into a program through LD_PRELOAD, that is through the dynamic loader. What has
 * no loader, or a loader that distrusts its environment, is not watched; saying so beforehand, with
 * the reason, is the difference between "no misuse" and "nobody looked".
 */
#ifndef HF_TOOLS_DOCTOR_H
#define HF_TOOLS_DOCTOR_H

#include <limits.h>
#include <stdbool.h>
#include <stdio.h>

enum hf_reason {
#define HF_REASON(NAME, ...) HF_REASON_##NAME,
#include "doctor.def"
#undef HF_REASON
};

struct hf_verdict {
	enum hf_reason reason;
	bool can_see;
	const char *slug;    /* "static", stable */
	const char *why;     /* a clause */
	const char *advice;  /* what to do; "" when nothing is to be done */
	char file[PATH_MAX]; /* what decided it: the program as found in PATH, or its interpreter */
	char detail[320];    /* this case's own: the loader, the machine, the error; may be "" */
};

/*
 * Looks at program as execvp() would find it; a script is judged by its interpreter, and one that
 * goes through env(1) by what env starts. 0 with a verdict, which "there is no such program" is
 * too; -errno when none could be reached (out of memory).
 *
 * The verdict is about the caller: setuid programs of one's own and file capabilities under root do
 * not stop the checker.
 */
int hf_doctor_verdict(const char *program, struct hf_verdict *ret);

/* Two lines at most: the verdict with its reason, and what to do. */
void hf_verdict_print(FILE *out, const char *program, const struct hf_verdict *verdict);

#endif
