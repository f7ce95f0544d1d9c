/* SPDX-License-Identifier: MIT */
/*
 * Caches are shared: a thread is led to one by its thread pointer and takes it for the length of
 * one call. That bounds their number, needs nothing when a thread ends, and is right, since an
 * entry proves itself whoever wrote it. A cache that is in use is not waited for.
 */
#include "stack_cache.h"

#include "large.h"

#include <string.h>

#define CACHES 32
#define SETS 16
#define WAYS 4

struct hf_stack_cache {
	unsigned next_victim;
	uint64_t hits;
	struct hf_stack_entry entries[SETS][WAYS];
};

static struct hf_stack_cache caches[CACHES] HF_LARGE;

/*
 * Who has each cache: a thread's pointer, or 0. Atomic. Together, so that a fork child that looks
 * at all of them touches one page and not one of each cache.
 */
static uintptr_t owners[CACHES] HF_LARGE;

static unsigned hash_down(uint64_t n, unsigned bits)
{
	return (unsigned)((n * UINT64_C(0x9e3779b97f4a7c15)) >> (64 - bits));
}

static uintptr_t this_thread(void)
{
	return (uintptr_t)__builtin_thread_pointer();
}

struct hf_stack_cache *hf_stack_cache_claim(void)
{
	uintptr_t self = this_thread(), nobody = 0;
	unsigned n = hash_down(self >> 6, 5);

	return __atomic_compare_exchange_n(&owners[n], &nobody, self, false, __ATOMIC_ACQUIRE,
					   __ATOMIC_RELAXED)
		       ? &caches[n]
		       : NULL;
}

void hf_stack_cache_release(struct hf_stack_cache *cache)
{
	__atomic_store_n(&owners[cache - caches], 0, __ATOMIC_RELEASE);
}

void hf_stack_cache_forked(void)
{
	for (unsigned i = 0; i < CACHES; i++)
		if (owners[i] != this_thread()) /* else its handler forked, and will go back */
			__atomic_store_n(&owners[i], 0, __ATOMIC_RELAXED);
}

static unsigned set_of(const struct hf_stack_start *start)
{
	return hash_down(start->pc ^ start->sp, 4);
}

_Static_assert(CACHES == 1 << 5 && SETS == 1 << 4, "hash_down() is told the bits");

static bool registers_agree(const struct hf_stack_entry *entry, const struct hf_stack_start *start)
{
	for (unsigned bits = entry->used_registers; bits; bits &= bits - 1) {
		unsigned reg = (unsigned)__builtin_ctz(bits);

		if (entry->saved[reg] != start->saved[reg])
			return false;
	}
	return true;
}

/* Front to back, up to the first that differs: see the header. */
static bool words_agree(const struct hf_stack_entry *entry)
{
	for (unsigned i = 0; i < entry->word_count; i++)
		if (*entry->words[i].at != entry->words[i].value)
			return false;
	return true;
}

struct hf_stack_entry *hf_stack_cache_find(struct hf_stack_cache *cache,
					   const struct hf_stack_start *start, unsigned depth)
{
	struct hf_stack_entry *set = cache->entries[set_of(start)];

	for (unsigned way = 0; way < WAYS; way++) {
		struct hf_stack_entry *entry = &set[way];

		if (entry->pc == start->pc && entry->sp == start->sp && entry->depth == depth &&
		    registers_agree(entry, start) && words_agree(entry)) {
			cache->hits++;
			return entry;
		}
	}
	return NULL;
}

struct hf_stack_entry *hf_stack_cache_evict(struct hf_stack_cache *cache,
					    const struct hf_stack_start *start, unsigned depth)
{
	struct hf_stack_entry *set = cache->entries[set_of(start)];
	struct hf_stack_entry *entry = NULL;

	for (unsigned way = 0; way < WAYS && !entry; way++)
		if (set[way].pc == 0)
			entry = &set[way];
	if (!entry)
		entry = &set[cache->next_victim++ % WAYS];
	entry->pc = 0;
	entry->sp = start->sp;
	entry->depth = depth;
	entry->used_registers = 0;
	entry->word_count = 0;
	entry->mark = 0;
	memcpy(entry->saved, start->saved, sizeof(entry->saved));
	return entry;
}

void hf_stack_entry_commit(struct hf_stack_entry *entry, const struct hf_stack_start *start)
{
	/* A handler that jumps out of here leaves an empty entry, not half of one. */
	__atomic_signal_fence(__ATOMIC_RELEASE);
	entry->pc = start->pc;
}

uint64_t hf_stack_cache_hits(void)
{
	uint64_t hits = 0;

	for (unsigned i = 0; i < CACHES; i++)
		hits += caches[i].hits;
	return hits;
}

bool hf_stack_entry_add(struct hf_stack_entry *entry, const uintptr_t *at)
{
	for (unsigned i = 0; i < entry->word_count; i++)
		if (entry->words[i].at == at)
			return true;
	if (entry->word_count == HF_PROOF_WORDS)
		return false;
	entry->words[entry->word_count++] = (struct hf_stack_word){ at, *at };
	return true;
}
