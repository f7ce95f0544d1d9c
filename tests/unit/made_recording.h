/* SPDX-License-Identifier: MIT */
/* For tests of what reads recordings: one is made in memory, record by record, and reported. */
#ifndef HF_TESTS_MADE_RECORDING_H
#define HF_TESTS_MADE_RECORDING_H

#include "record.h"
#include "report.h"

extern struct hf_pool *pool;
extern uint64_t now;
extern uint32_t now_image;
extern int32_t now_tid;

/* What the header says lies at that offset. */
void *part(uint64_t offset);

/* An empty recording. */
void begin(void);

/* A process, which is the one that is recorded from now on; a child of 10. */
uint32_t image(enum hf_image_kind kind, int32_t pid);

hf_ref append(enum hf_record_type type, struct hf_record *record, size_t size);

/* Of a POSIX lock, through fd 3, on file { 1, 1 }. */
void event(enum hf_event_type type, enum hf_lockmode mode, uint64_t start, uint64_t end);

/*
 * An event of a story. Process and thread have one number, and an image from its first event on.
 * What is left at 0 is a POSIX lock, through fd 3, on file { 1, 1 }, taken at no stack.
 */
struct step {
	int32_t pid;
	enum hf_event_type type;
	enum hf_lockmode mode;
	uint64_t start;
	uint64_t end;
	enum hf_primitive primitive;
	unsigned flags; /* enum hf_event_flags */
	unsigned file;
	unsigned stack; /* the number stands for the place */
	int32_t fd;
};

/* A step says what matters to its story. */
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"

/* Writes the steps, in their order, after whatever was written before. */
void tell(const struct step *steps, size_t count);

#define TELL(...)                                                                                  \
	tell((const struct step[]){ __VA_ARGS__ },                                                 \
	     sizeof((const struct step[]){ __VA_ARGS__ }) / sizeof(struct step))

#define TOLD(...) (begin(), TELL(__VA_ARGS__), report())

/* The image of that process, made if need be; the process is the one that is recorded. */
struct hf_image *process(int32_t pid);

/* The report of what was written, read back from a file as the command does it. */
struct report *report(void);

#endif
