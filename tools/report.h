/* SPDX-License-Identifier: MIT */
/*
 * The model that every format prints: recordings in, findings out, nothing formatted yet.
 *
 *	report_new -> report_add (per recording) -> report_finish -> a format -> report_free
 *
 * report_add folds: a finding that was made again, in this process or another, with the same kind
 * and the same stacks is counted, not kept. So memory grows with what is different, never with how
 * much was recorded. report_finish gives the findings their levels, symbols, order and ids.
 *
 * Recordings stay open until report_free: strings and records of the model point into them.
 */
#ifndef HF_TOOLS_REPORT_H
#define HF_TOOLS_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kinds.h"
#include "record.h"
#include "recording.h"
#include "store.h"

/* One line of a stack that people read. */
struct report_frame {
	const char *function; /* NULL: not known */
	const char *file;     /* NULL: not known; already shortened by --strip-prefix */
	const char *source;   /* the file to show lines of; NULL: not there, or changed since */
	const char *module;   /* base name of the object, "" for none (JIT code) */
	uint64_t offset;      /* in the module */
	int line;	      /* 0: not known */
	int column;
	bool inlined;
	bool own; /* the program's or its libraries' code, not the system's */
};

struct report_stack {
	const char
		*title; /* "Taken here, thread 7, 1.8 ms earlier: write lock, bytes 0-EOF, fd 3" */
	size_t count;
	struct report_frame *frames; /* innermost first, without what comes before main() */
};

/* What followed from a finding. */
struct report_then {
	const struct hf_rec_consequence *record;
	struct report_stack *here; /* NULL: no stack */
	const char *sentence; /* "Then used without the lock: write(3, ...), ..., 40 us later" */
};

#define REPORT_THEN_MAX 4

enum report_muted {
	REPORT_HEARD,
	REPORT_SUPPRESSED, /* a rule of --suppressions matches */
	REPORT_KNOWN	   /* --baseline has it */
};

struct report_finding {
	const struct hf_kind_info *kind;
	enum hf_level level; /* NOTE, WARNING or ERROR */
	enum report_muted muted;
	char id[9]; /* of kind and functions: the same after lines have moved */
	const struct hf_rec_finding *record; /* the telling one of those folded together */
	const struct hf_image *image;	     /* where; NULL when its slot was lost */
	const char *path;		     /* of the file, "" when it is not known */
	struct report_stack *here;	     /* never NULL, but count may be 0 */
	struct report_stack *taken;	     /* NULL: none */
	struct report_stack *opened;	     /* NULL: none */
	const struct report_frame *where;    /* the line to point at; NULL: none is known */
	const char *message;		     /* what happened, one sentence per line */
	const char *proof;		     /* how it is known; "": needs no proof */
	struct report_then then[REPORT_THEN_MAX];
	size_t then_count;
	uint64_t count; /* how often it was seen */
};

/* A program that ran without the checker, or stopped being watched. */
struct report_blind {
	const char *path;
	const char *reason; /* why, in a few words, or "" */
	int32_t pid;
};

struct report_summary {
	unsigned long errors, warnings, notes; /* heard findings */
	unsigned long suppressed;
	unsigned long known;
	unsigned long processes;
	unsigned long files;
	uint64_t locks;
	uint64_t findings_lost; /* the log was full */
	uint64_t events_lost;	/* the ring was overwritten */
};

struct report_options {
	const char *strip_prefix; /* NULL: none */
	bool strict;		  /* notes become warnings */
	bool notes;		  /* notes are printed */
};

struct fold;
struct resolver;

struct report {
	struct report_options options;
	struct store memory; /* of everything below */
	struct recording **recordings;
	size_t recording_count;
	struct fold *fold;
	struct resolver *resolver;
	struct symbols *symbols;
	struct report_finding *findings; /* in the order of printing */
	size_t finding_count;
	struct report_blind *blind;
	size_t blind_count;
	const char **remarks; /* lines about the recording itself: what could not be read */
	size_t remark_count;
	bool incomplete; /* a recording is cut short: what is missing may hold findings */
	struct report_summary summary;
};

struct report *report_new(const struct report_options *options);

/* Takes what was opened over; report_free() closes it. */
void report_add(struct report *report, const struct recording *opened);

/* Adds a line about the recording itself; it must live as long as the report. */
void report_remark(struct report *report, const char *line);

void report_finish(struct report *report);

/* Counts again, after findings were muted. */
void report_count(struct report *report);

/* The stack that the fold has given this number, without a title; NULL for 0. */
const struct report_stack *report_stack_at(const struct report *report, uint32_t number);

/* Is it heard, and loud enough to be printed with these options? */
bool report_shows(const struct report *report, const struct report_finding *finding);

/* The highest level of the findings that are heard; HF_LEVEL_NONE when there are none. */
enum hf_level report_worst(const struct report *report);

void report_free(struct report *report);

#endif
