/* SPDX-License-Identifier: MIT */
/*
 * The program's stderr, as long as it is one: a program that closes fd 2 and opens its data file is
 * given number 2 for it. So fd 2 is written to only while it is the file that it was at start.
 *
 * hf_recorder_say() (recorder.h) says single lines here.
 */
#ifndef HF_PRELOAD_SAY_H
#define HF_PRELOAD_SAY_H

#include "text.h"

/* Remembers what fd 2 is. Before this, and when fd 2 is closed at start, nothing is ever said. */
void hf_say_init(void);

/* One write of the whole text. */
void hf_say_text(const struct hf_text *text);

/* From now on nothing is said: a seccomp filter may kill the program for our fstat or write. */
void hf_say_stop(void);

#endif
