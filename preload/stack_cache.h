/* SPDX-License-Identifier: MIT */
/*
 * Stacks that were unwound before, x86-64 only.
 *
 * Unwinding is a function of the registers where it starts and of the words that it reads from the
 * stack, given the code that is loaded. So a cached result may be used again exactly when all of
 * these are the same. An entry therefore lists every such word with its address:
 *
 *   - the return address of every frame;
 *   - where a callee saved a register that points into its caller's frame: such a register may be
 * what the caller's frame is found by (a frame pointer, in code that uses alloca or realigns its
 *     stack). Which register it is cannot be asked, so all of them are proven;
 *   - words of the frame itself that point to where it ends: a realigned frame is found through
 * one;
 *   - and of the registers at the start those that no frame saved.
 *
 * Comparing return addresses alone is not enough: one function called twice with different alloca
 * sizes leaves all of the first call's words where the second one's unwinder never looks.
 *
 * The words are read in the order in which the unwinder would need them, and reading stops at the
 * first that differs: so no word is read that an unwinder would not read too. What cannot be proven
 * this way, such as a stack with a signal handler's frame, is not kept.
 */
#ifndef HF_PRELOAD_STACK_CACHE_H
#define HF_PRELOAD_STACK_CACHE_H

#include <stdbool.h>
#include <stdint.h>

#include "stack.h"

enum hf_saved_register {
	HF_SAVED_RBX,
	HF_SAVED_RBP,
	HF_SAVED_R12,
	HF_SAVED_R13,
	HF_SAVED_R14,
	HF_SAVED_R15,
	HF_SAVED_COUNT
};

/* Where an unwind starts: just behind the call of hf_stack_take(). The layout is known to stack.c.
 */
struct hf_stack_start {
	uintptr_t pc;
	uintptr_t sp;
	uintptr_t saved[HF_SAVED_COUNT];
};

#define HF_PROOF_WORDS 64

struct hf_stack_word {
	const uintptr_t *at;
	uintptr_t value;
};

struct hf_stack_entry {
	uintptr_t pc; /* of the start; 0: an empty entry. Stored last */
	uintptr_t sp;
	unsigned depth;
	unsigned used_registers; /* a bit for every register that must be as in `saved` */
	uintptr_t saved[HF_SAVED_COUNT];
	unsigned word_count;
	uint32_t mark; /* hf_stack_mark()'s; 0: none yet */
	struct hf_stack_word words[HF_PROOF_WORDS];
	struct hf_stack stack;
};

struct hf_stack_cache;

/*
 * A cache that nobody else is using: to be given back. NULL when the thread's own is taken, by a
 * thread that shares it or by the code that this signal handler interrupted.
 */
struct hf_stack_cache *hf_stack_cache_claim(void);
void hf_stack_cache_release(struct hf_stack_cache *cache);

/* In a fork child: threads that are not there any more have none. */
void hf_stack_cache_forked(void);

/* An entry that is proven for that start, or NULL. */
struct hf_stack_entry *hf_stack_cache_find(struct hf_stack_cache *cache,
					   const struct hf_stack_start *start, unsigned depth);

/* An emptied entry to fill for that start; it counts from hf_stack_entry_commit() on. */
struct hf_stack_entry *hf_stack_cache_evict(struct hf_stack_cache *cache,
					    const struct hf_stack_start *start, unsigned depth);
void hf_stack_entry_commit(struct hf_stack_entry *entry, const struct hf_stack_start *start);

/* How often a proven stack was found since the start, in all caches: for tests and benchmarks. */
uint64_t hf_stack_cache_hits(void);

/* Adds a word to prove; false when there are too many. */
bool hf_stack_entry_add(struct hf_stack_entry *entry, const uintptr_t *at);

#endif
