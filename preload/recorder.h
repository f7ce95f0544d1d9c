/* SPDX-License-Identifier: MIT */
/*
 * Writes the recording (lib/core/record.h) into the shared mapping: no system call, no allocation,
 * nothing lost when the process dies. Where there is no run (plain LD_PRELOAD), findings go to
 * stderr as short text as well.
 *
 * Everything here may be called from any thread and from signal handlers; stack, module and file
 * records are written once per process and found again through small lock-free tables. A call
 * that finds no room counts what is lost and changes nothing. With no mapping at all every call is
 * a cheap no-op (but text still goes to stderr).
 */
#ifndef HF_PRELOAD_RECORDER_H
#define HF_PRELOAD_RECORDER_H

#include <stdbool.h>
#include <stdint.h>

#include "fileid.h"
#include "kinds.h"
#include "record.h"
#include "stack.h"

/*
 * Maps the pool that HOLDFAST_RUN names (opens it, maps it, closes it at once), or makes an own
 * one; writes the HELLO. envp is the constructor's third argument: an initfirst constructor runs
 * before environ is set. argv for the name and the ARGS record.
 */
void hf_recorder_init(int argc, char **argv, char **envp);

/* Around a fork(), in the parent: the child will say when that began. */
void hf_recorder_before_fork(void);
void hf_recorder_after_fork(void);

/* In a fresh fork child, before anything else is recorded: it gets an image of its own. */
void hf_recorder_forked(void);

/* Interns; 0 when it could not be written. */
hf_ref hf_recorder_stack(const struct hf_stack *stack);

/*
 * Names the file once per process; fd is open on it (readlink of /proc/self/fd). fs_type: f_type of
 * statfs(), 0 when it is not known.
 */
void hf_recorder_file(struct hf_fileid id, int fd, uint32_t fs_type);

/*
 * Writes a finding, or bumps the count of the same one (kind, here, taken). The head, and count,
 * are filled in here. Returns its reference, 0 when it could not be written. Prints it on stderr
 * where that is wanted, and stops the program where halt_on says so.
 */
hf_ref hf_recorder_finding(struct hf_rec_finding *finding);

/*
 * Where the repetitions of a finding are counted: for whoever knows that it is the same again, and
 * that it stops nobody. NULL when it was not recorded.
 */
uint32_t *hf_recorder_counter(hf_ref finding);

/* A consequence; the head is filled in here. Prints one line when the level of the finding rises.
 */
void hf_recorder_consequence(struct hf_rec_consequence *consequence);

/* An event; sequence, image, tid and, where it is 0, time are filled in here. */
void hf_recorder_event(const struct hf_event *event);

/* One will come, after a system call: some of what it takes is prepared. Needs no section. */
void hf_recorder_expect_event(void);

/* Before an exec; the reference is for hf_recorder_exec_failed(), should the call return. */
hf_ref hf_recorder_exec(const char *path, int32_t pid, uint32_t held);
void hf_recorder_exec_failed(hf_ref exec);

/*
 * With a lock that the finding tells of; path names the program. And the exec failed. In the
 * program that was started by that path: the finding of a lock that its predecessor had, which is
 * not told again, and its reference; NULL: no more.
 */
hf_ref hf_recorder_held(hf_ref finding, const char *path);
void hf_recorder_held_no_more(hf_ref held);
const struct hf_rec_finding *hf_recorder_take_held(const char *path, hf_ref *ret);

/* A child was started with that program, at that moment. */
void hf_recorder_spawned(const char *path, int32_t pid, uint64_t since);

/*
 * Before a seccomp filter forbids system calls: makes what the first record would make with some.
 * After HF_IMAGE_SECCOMP was flagged this thread records without any, and all its records have this
 * time.
 */
void hf_recorder_prepare(void);

/* This image is not watched any more (a seccomp filter, an unshared clone). */
void hf_recorder_flag(enum hf_image_flags flag);

/* Counters of the HELLO: another file was locked for the first time; a late audit found a loss. */
void hf_recorder_count_file(void);
void hf_recorder_count_late(void);

/* ns, CLOCK_MONOTONIC. */
uint64_t hf_recorder_now(void);

/* One line "holdfast: ..." on stderr, while fd 2 is still what it was at start. For warnings. */
void hf_recorder_say(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
