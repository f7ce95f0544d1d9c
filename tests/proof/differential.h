/* SPDX-License-Identifier: MIT */
/*
 * The differential test: random operations on files in a process that has the checker's hooks linked
 * in, and after each of them the ledger must say what the kernel says.
 *
 *   differential.c  options, runs, shrinking, the table of counts
 *   ops.def, ops*.c what can be done
 *   slots.[ch]      the descriptors that operations work on
 *   agree.c         ledger against /proc/self/fdinfo and against the second process
 *   witness.c       the second process: asks as a stranger, and gets in the way when told to
 *   trace.c         the third witness: ledger against the kernel's tracepoints, for root
 *   tracefs.c       reads them
 *   counting.c      stands in for what records findings: counts them by kind
 *
 * A sequence of operations is plain data made from a seed, and each operation finds its operands when
 * it runs ("the third open slot"), so that any part of a sequence is a sequence: a failing one is
 * shrunk by leaving parts out.
 */
#ifndef DIFFERENTIAL_H
#define DIFFERENTIAL_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "fileid.h"
#include "kinds.h"
#include "locktypes.h"
#include "real.h"

#define FILES 4 /* the last one is a directory */
#define DIRECTORY (FILES - 1)
#define EDGES 9 /* ranges start and end at one of these; the last is the end of the file */
#define REASON_SIZE 400

enum op_name {
#define DIFF_OP(name, weight, outcomes) OP_##name,
#include "ops.def"
#undef DIFF_OP
	OP_COUNT
};

enum outcome {
	NOTHING, /* no operand: nothing was called */
	DONE,
	REFUSED,     /* somebody's lock is in the way */
	WAITED,	     /* granted after somebody was in the way */
	INTERRUPTED, /* by a signal, while waiting */
	DEADLOCK,    /* the kernel has found one */
	FAILED,	     /* any other error */
	OUTCOME_COUNT
};

struct op {
	uint8_t name;
	uint8_t primitive;
	uint8_t mode;
	uint8_t file;
	uint8_t from, to; /* edges */
	uint8_t a, b;	  /* which slots */
	uint8_t via;	  /* which of several functions that do it */
	uint8_t thread;	  /* done by the second thread */
	uint32_t seed;	  /* of operations that make more of them */
};

/* Shared by all processes of a run. */
struct tally {
	uint64_t ops[OP_COUNT][OUTCOME_COUNT];
	uint64_t locks[HF_PRIM_COUNT][3][OUTCOME_COUNT]; /* by mode; NONE: unlock */
	uint64_t findings[HF_KIND_COUNT];
	uint64_t late;	     /* losses found without a culprit */
	uint64_t late_races; /* of those, the ones while threads were racing */
	uint64_t checks;
	uint64_t probes;
	uint64_t trace_events;
	uint64_t trace_checks;
	uint64_t trace_blind; /* the trace's own order was not the kernel's: threads were racing */
	uint32_t failed_at; /* index of the op after which ledger and kernel disagreed */
	unsigned held_at_exec; /* files with POSIX locks, by the ledger of a process that execs */
	char reason[REASON_SIZE];
};

extern struct tally *tally;

/* What the program calls: the hooks, but for the one that --without names. */
extern struct hf_real calls;

/* Which functions --without may name; NULL at the end. */
extern const char *const hooks_tested[];

/* May signal handlers be installed in this run? Sections mask signals or not. */
extern bool with_handlers;

void count(uint64_t *counter);

/* Ledger and kernel do: the first reason is kept. */
__attribute__((format(printf, 1, 2))) void disagree(const char *format, ...);
uint32_t random_next(uint64_t *state);

/* A random operation; only_local: one that may run while another thread runs others. */
struct op op_random(uint64_t *state, bool only_local);
enum outcome op_run(const struct op *op);
const char *op_text(const struct op *op);

/* NULL, or what this machine has not got to do it with. */
const char *op_lacks(enum op_name name);

/* The one operation that calls it; OP_COUNT when there are more. */
enum op_name op_of_hook(const char *name);

/* The request that op describes, as the result of the function; NONE unlocks. */
int request(const struct op *op, int fd, enum hf_lockmode mode, bool wait);
enum outcome outcome_of(int ret); /* of a function that has set errno */

/* From..to of op as bytes; to before or at from means to the end of the file. */
uint64_t edge(unsigned number);
void op_range(const struct op *op, uint64_t *start, uint64_t *end);

/* The functions of ops.def. */
#define DIFF_OP(name, weight, outcomes) enum outcome do_##name(const struct op *op);
#include "ops.def"
#undef DIFF_OP

/* A releasing call that no hook of this process can see was made: beliefs must be asked again. */
extern bool released_elsewhere;

/* Losses without a culprit are no failure until cleared: threads race, or a child released. */
extern bool late_is_allowed;

/* This image may have locks from before it was exec'ed. */
extern bool locks_are_older;

/* False, with the reason, when ledger and kernel disagree. ask_witness: the second process too. */
bool agree(bool ask_witness, char *reason);

/* What a lock of that file's bytes would meet, asked by the second process. */
struct probe {
	uint16_t read_refused[FILES];  /* bit n: a read lock on byte edge(n) */
	uint16_t write_refused[FILES];
	uint8_t shared_refused;	       /* flock; bit n: file n */
	uint8_t exclusive_refused;
};

bool witness_start(void);
void witness_end(void);
bool witness_probe(struct probe *ret);

/* Takes that lock, and gives it back after so many microseconds, or at witness_drop(). */
bool witness_hold(const struct op *op, unsigned microseconds);
void witness_drop(void);

/*
 * Takes a POSIX lock as op describes it, and then waits for the whole of another file, on which the
 * caller has one. False when it could not, and is not waiting; else it gives both back at
 * witness_uncross(), to be called once it can go on.
 */
bool witness_cross(const struct op *op, unsigned other);
void witness_uncross(void);

/* Where the files are. */
const char *file_path(unsigned file);
const char *file_alias(unsigned file); /* a second name of the same inode */
struct hf_fileid file_id(unsigned file);
int file_of(int fd); /* -1: none of them */
const char *tracing_folder(void); /* an empty one */
void files_make(void);
const char *files_folder(void);
bool files_find(const char *made_there); /* by another image of this process */
void files_remove(void);

#endif
