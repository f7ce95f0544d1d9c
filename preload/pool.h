/* SPDX-License-Identifier: MIT */
/*
 * The mapping that the recording is written to (lib/core/record.h has its format), and this
 * process's image in it. Under the recorder: everything else calls recorder.h.
 *
 * All of it may be called from any thread and from signal handlers, and never waits. Every process
 * of a run writes here, programs with bugs among them: what the header says is checked once, when
 * it is mapped, and copied.
 */
#ifndef HF_PRELOAD_POOL_H
#define HF_PRELOAD_POOL_H

#include <stdbool.h>

#include "record.h"

/*
 * Maps the run's pool that path names, or with NULL an own one. Descriptors are closed at once,
 * since one that stayed could become the program's own file. When a run's pool cannot be had this
 * is said, and an own one is mapped instead. Returns whether it is a run's.
 */
bool hf_pool_map(const char *path);

/* Who this process is, for its images. name is copied, text are the arguments, NUL-separated. */
void hf_pool_describe(const char *name, const char *arguments, size_t length);

/* Commits a HELLO for the program that was just loaded. */
void hf_pool_hello(void);

/* Around a fork() in the parent: the child starts when that began. */
void hf_pool_before_fork(void);
void hf_pool_after_fork(void);

/* In a fork child: its image is made with its first record. */
void hf_pool_forked(void);

/* This process's image, made if need be; NULL when there is none to be had. */
struct hf_image *hf_pool_image(void);

/*
 * Reserves a record of size bytes (at most HF_RECORD_MAX), zeroed but for what a reader never sees.
 * NULL when there is no room, which is counted. The record exists from hf_pool_commit() on, which
 * fills in its head and returns what refers to it.
 */
void *hf_pool_reserve(size_t size);
hf_ref hf_pool_commit(void *record, enum hf_record_type type, size_t size);

/* The record that ref refers to, if it has that type and is whole, else NULL. */
void *hf_pool_record(hf_ref ref, enum hf_record_type type);

/* Hangs a committed HF_RECORD_HELD in front of the others. The first of them; 0: there is none. */
void hf_pool_push_held(struct hf_rec_held *record, hf_ref ref);
hf_ref hf_pool_last_held(void);

/* There will be an event soon: its cell, which is in no near cache, may come meanwhile. */
void hf_pool_expect_event(void);

/*
 * Appends to the ring; sequence, image, tid and, where it is 0, time are filled in here. Returns
 * this process's image, NULL when there is none to be had.
 */
struct hf_image *hf_pool_event(const struct hf_event *event);

/* The calling thread's number, without a system call but for the first time. */
int hf_pool_tid(void);

/*
 * Asks for it again next time. A vfork child runs with its parent's thread-local data: before and
 * after what it records, so that neither is known by the other's number.
 */
void hf_pool_forget_tid(void);

/* ns, CLOCK_MONOTONIC. */
uint64_t hf_pool_now(void);

/*
 * Before system calls may become forbidden: makes what would need some later, for this thread. And
 * after they did: time stands still from then on, since reading the clock takes a system call on
 * some machines, and strict seccomp forbids even the instruction that it takes on the others.
 */
void hf_pool_prepare(void);
void hf_pool_stop_clock(void);

#endif
