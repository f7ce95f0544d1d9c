/* SPDX-License-Identifier: MIT */
/* HOLDFAST_OPTIONS, read once in the constructor (lib/core/options.h has the fields and the
 * syntax). */
#ifndef HF_PRELOAD_OPTIONS_H
#define HF_PRELOAD_OPTIONS_H

#include "core/options.h"

/* Constant once hf_options_read() has returned. */
extern struct hf_options hf_options;

/* envp is the constructor's third argument; hf_options.record points into it. */
void hf_options_read(char **envp);

/*
 * Says on stderr what was not understood, and prints the list for help=1. Apart from reading, since
 * the recorder needs options before it can say anything.
 */
void hf_options_complain(void);

/* The value of name in envp, NULL when it is not there. getenv() has no environment this early. */
const char *hf_env_find(char **envp, const char *name);

#endif
