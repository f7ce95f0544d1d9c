/* SPDX-License-Identifier: MIT */
/*
 * One line on a terminal that tells how far a long piece of work is; nothing at all elsewhere.
 *
 *	struct progress progress;
 *
 *	progress_begin(&progress, "reading records", total);
 *	while (...)
 *		progress_update(&progress, ++done);
 *	progress_end(&progress);
 *
 * The line appears when the work takes longer than PROGRESS_DELAY_NS, is renewed a few times a
 *second and erased by progress_end(). progress_update() is cheap: it looks at the clock once in
 * PROGRESS_STEP calls, and not even that when there is no terminal. What else is written to stderr
 * meanwhile belongs after progress_end(). One thread at a time.
 */
#ifndef HF_TOOLS_PROGRESS_H
#define HF_TOOLS_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#define PROGRESS_STEP 1024
#define PROGRESS_DELAY_NS INT64_C(500000000)
#define PROGRESS_INTERVAL_NS INT64_C(100000000)

struct progress {
	FILE *out;	  /* NULL: not a terminal, everything does nothing */
	const char *what; /* borrowed until progress_end() */
	uint64_t total;	  /* 0: not known, and no percentage is shown */
	uint64_t calls;
	int64_t next_ns; /* CLOCK_MONOTONIC: when the line may be written next */
	bool is_shown;
};

/* On stderr, when that is a terminal that can erase a line (TERM is set and not "dumb"). */
void progress_begin(struct progress *progress, const char *what, uint64_t total);

/* The same on another stream and with another delay. */
void progress_begin_on(struct progress *progress, FILE *out, int64_t delay_ns, const char *what,
		       uint64_t total);

void progress_update(struct progress *progress, uint64_t done);

/* Erases the line; may be called again. */
void progress_end(struct progress *progress);

#endif
