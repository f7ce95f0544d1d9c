/* SPDX-License-Identifier: MIT */
/*
 * The state of the checker in this process, and the section that guards it.
 *
 * The section is one lock for the whole process, held for non-blocking work only. Entering it
 * answers what the caller may do:
 *
 *   HF_ENTERED   the state is ours until hf_section_leave().
 *   HF_FORWARD   this is not our process (a vfork or CLONE_VM child shares our memory but not our
 *                descriptors), or nothing is watched any more: make the real call, touch nothing.
 *   HF_NESTED    this thread is inside already: a signal handler runs in a section after all, or
 *                something we call came back to us. Make the real call; the section that was
 *                interrupted audits everything when it leaves.
 *
 * Signals wait until a section is over: see signals.h. They are masked in it once the program has a
 * handler that cannot be made to wait otherwise; installing one takes the section itself, so no
 * unmasked section is under way when the flag rises. Handlers installed behind libc's back are what
 * HF_NESTED is for.
 *
 * Cancellation is disabled in a section: no thread may vanish with the lock.
 *
 * Forks. A word in a page that the kernel wipes in every child that gets a copy of our memory
 * (MADV_WIPEONFORK) is looked at before the lock is taken: in a fresh child the lock may be held by
 * a thread that does not exist there. pthread_atfork is not enough: _Fork and clone skip it.
 */
#ifndef HF_PRELOAD_SHIM_H
#define HF_PRELOAD_SHIM_H

#include <stdbool.h>
#include <stdint.h>

#include "arena.h"
#include "ledger.h"
#include "stack.h"

#define HF_IE __attribute__((tls_model("initial-exec")))

enum hf_entry { HF_FORWARD, HF_NESTED, HF_ENTERED };

struct hf_section {
	uint64_t mask;
	int cancel_state;
	int cancel_type;
	bool masked;
	bool cancel_saved;
};

/* Of the calling thread. In a vfork child it is the parent thread's own. */
struct hf_thread {
	int tid; /* 0: not asked yet */
	bool inside;
	bool nested;	  /* something came by while inside: audit on leaving */
	bool unlinking;	  /* an unlink or rename under way may take the name of a held file */
	bool fork_locked; /* the section below was entered for a fork() */
	struct hf_section fork_section;
	int guarded; /* what it asks through this descriptor, less one, is: annotate.c; 0: none */
	bool truncates; /* the open that is under way empties this file: */
	struct hf_fileid truncated;
	uint32_t changes;      /* files that it wrote to or renamed while something was watched */
	uintptr_t readable[4]; /* pages that were found readable, for hf_readable() */
};

extern _Thread_local struct hf_thread hf_thread HF_IE;

/*
 * Set by the stub of vfork (wrap_vfork.S): from then on this thread may be the child's, which runs
 * on the parent's memory and thread pointer. Cleared when the parent is seen to run again.
 */
extern _Thread_local uint32_t hf_vforked HF_IE;

struct hf_shim {
	struct hf_ledger ledger;
	struct hf_arena arena;
	int pid;		/* of the process whose state this is */
	uint32_t lock;		/* futex: 0 free, 1 taken, 2 taken and waited for */
	uint32_t ready;		/* the constructor has run */
	uint32_t blind;		/* a seccomp filter came: no system call of ours any more */
	uint32_t masking;	/* sections mask signals */
	uint32_t always_getpid; /* a CLONE_VM child may be running in our memory */
	uint32_t watching;	/* watches (watch.h) in use: read without the section */
	uint32_t *generation;	/* in the page that forks wipe */
};

extern struct hf_shim hf_shim;

/* Once, from the constructor. */
void hf_shim_init(void);

/*
 * Is anything held? Relaxed, without the section: what every fast path asks first. A blind process
 * may hold what it held, but no fast path may make a system call to find out.
 */
static inline bool hf_anything_held(void)
{
	return __builtin_expect(__atomic_load_n(&hf_shim.ledger.held, __ATOMIC_RELAXED) != 0, 0) &&
	       !__atomic_load_n(&hf_shim.blind, __ATOMIC_RELAXED);
}

/* The constructor has run: a call that comes before it can only be made. */
static inline bool hf_is_ready(void)
{
	return __builtin_expect(__atomic_load_n(&hf_shim.ready, __ATOMIC_ACQUIRE) != 0, 1);
}

/* Does a process whose memory this is not, or a blind one, run here? Then only forward. */
bool hf_is_foreign(void);

enum hf_entry hf_section_enter(struct hf_section *section);
void hf_section_leave(struct hf_section *section);

/* A nested call made a real call that may have changed locks. */
void hf_note_nested(void);

/* From now on signals are masked in sections. */
void hf_sections_mask(void);

/*
 * A fault inside the section, of which the program's handler is about to hear: it may never return.
 * Nothing is watched any more, and whoever waits for the section goes on without.
 */
void hf_section_lost(void);

int hf_tid(void);

#define HF_PAGE ((size_t)4096) /* or less than one */

/* Asks the kernel. */
bool hf_is_readable(const void *address, size_t length);

/* Can length bytes at address be read? Never faults; mostly it is remembered that they can. */
static inline bool hf_readable(const void *address, size_t length)
{
	uintptr_t first = (uintptr_t)address, page = first & ~(HF_PAGE - 1);

	if (__builtin_expect(page && page == hf_thread.readable[page / HF_PAGE % 4] &&
				     first - page + length <= HF_PAGE,
			     1))
		return true;
	return hf_is_readable(address, length);
}

/* The stack of the hook's caller, as deep as the options say, recorded; 0 when it cannot be. */
uint32_t hf_stack_here(void);

/*
 * Which file a descriptor is open on. The cache is a flat array by descriptor, filled by fstat and
 * emptied by every hook that opens, closes or duplicates onto a number, whether anything is held or
 * not. hf_fd_file() adds the file to the ledger; hf_fd_held_file() answers NULL unless its file is
 * held. Both need the section.
 */
struct hf_file *hf_fd_file(int fd);
struct hf_file *hf_fd_held_file(int fd);
void hf_fd_forget(int fd);
void hf_fd_forget_range(unsigned first, unsigned last);

/* Without the section: the file that fd was last seen on, NULL when there is none. */
struct hf_file *hf_fd_known(int fd);

/* Without the section: can closing fd concern a held file? False is certain, true is not. */
bool hf_fd_maybe_held(int fd);

/*
 * fd was just opened by a hooked function: no other descriptor of this process shares its
 * description, until a hook duplicates it. Everything else may have been duplicated unseen: before
 * the program was loaded, inside libc, by a system call of its own.
 */
void hf_fd_opened_alone(int fd);
void hf_fd_not_alone(int fd);
bool hf_fd_is_alone(int fd);

/* It is alone, and was opened after this process was forked: no parent has its description. */
bool hf_fd_is_unshared(int fd);
void hf_fd_forked(void); /* in a fresh child */

/*
 * fd was just opened on a file that was not in the ledger in that era. An era ends when a
 * descriptor's file is looked up for the ledger: what was known to be elsewhere may be this one.
 */
void hf_fd_opened_elsewhere(int fd, uint32_t era);
uint32_t hf_fd_era(void);

/* Where fd was opened, if that was while its file was held; 0. */
uint32_t hf_opened_at(int fd);

bool hf_is_open(int fd);

#endif
