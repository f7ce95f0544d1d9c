/* SPDX-License-Identifier: MIT */
/*
 * _Unwind_Backtrace from the static libgcc. backtrace() of glibc would load a library and allocate
 * at its first use, and frame pointers are not there in what distributions build.
 *
 * While it unwinds for the cache, this file looks into libgcc's struct _Unwind_Context: its first
 * member is an array of pointers to where each register was saved. No function tells that, only the
 * values. The pointers are believed when they point into the stack that was walked and the values
 * there are those that libgcc's functions return; else the stack is not cached. So another layout
 * would cost speed, not truth.
 */
#include "stack.h"

#include <signal.h>
#include <string.h>
#include <unwind.h>

#include "rawsys.h"
#include "stack_cache.h"

/* The checker's own code: frames in it are left out at the start of a stack. */
static struct hf_object own;

/* libgcc has filled the table that it needs. */
static bool is_warm; /* atomic */

void hf_stack_init(void)
{
	hf_objects_init();
	(void)hf_stack_object((uintptr_t)hf_stack_init, &own);
}

static _Unwind_Reason_Code stop(struct _Unwind_Context *context, void *ctx)
{
	(void)context;
	(void)ctx;
	return _URC_END_OF_STACK;
}

/*
 * libgcc fills a table at its first use, under pthread_once(), where a signal handler that unwinds
 * would wait for the thread that it interrupted. So the first use is made with signals blocked; not
 * in the constructor, where every exec would pay for the pages that it touches.
 */
static void warm_up(void)
{
	uint64_t all = UINT64_MAX, old;

	(void)raw_sigprocmask(SIG_SETMASK, &all, &old);
	(void)_Unwind_Backtrace(stop, NULL);
	(void)raw_sigprocmask(SIG_SETMASK, &old, NULL);
	__atomic_store_n(&is_warm, true, __ATOMIC_RELAXED);
}

static void backtrace_with(_Unwind_Trace_Fn walk_frame, void *walk)
{
	if (!__atomic_load_n(&is_warm, __ATOMIC_RELAXED))
		warm_up();
	(void)_Unwind_Backtrace(walk_frame, walk);
}

static bool is_own(uintptr_t pc)
{
	return pc >= own.start && pc < own.end;
}

static void add_pc(struct hf_stack *stack, uintptr_t pc)
{
	if (stack->count > 0 || !is_own(pc))
		stack->pc[stack->count++] = pc;
}

/* Distinct stacks should have distinct ids: every address is mixed in by a bijection of the rest.
 */
static uint64_t hash_of(const struct hf_stack *stack)
{
	uint64_t hash = stack->count;

	for (uint32_t i = 0; i < stack->count; i++) {
		hash ^= stack->pc[i];
		hash *= UINT64_C(0xff51afd7ed558ccd);
		hash ^= hash >> 32;
	}
	return hash ? hash : 1;
}

#if defined(__x86_64__) && !defined(__ILP32__)

#define COLUMN_RETURN_ADDRESS 16 /* DWARF's numbers of the registers */

static const unsigned char columns[HF_SAVED_COUNT] = { 3, 6, 12, 13, 14, 15 };

/* How far from the ends of a frame a register may point and still be what finds the frame. */
#define SLACK 256

/* One frame, kept until the next one tells where it ends. */
struct frame {
	uintptr_t sp;
	uintptr_t value[HF_SAVED_COUNT];
	const uintptr_t *saved_at[HF_SAVED_COUNT];
};

struct walk {
	const struct hf_stack_start *start;
	struct hf_stack *ret;
	unsigned depth;
	struct hf_stack_entry *entry; /* NULL: not to be cached, or not any more */
	bool begun;
	struct frame frame;
};

static const uintptr_t *slot_of(struct _Unwind_Context *context, unsigned column)
{
	const uintptr_t *const *slots = (const void *)context;

	return slots[column];
}

static bool is_between(const uintptr_t *slot, uintptr_t low, uintptr_t high)
{
	return (uintptr_t)slot >= low && (uintptr_t)slot < high && (uintptr_t)slot % 8 == 0;
}

/* False when libgcc's data are not what they are taken for. */
static bool read_frame(struct _Unwind_Context *context, struct frame *ret)
{
	uintptr_t here = (uintptr_t)__builtin_frame_address(0);

	ret->sp = _Unwind_GetCFA(context);
	for (unsigned reg = 0; reg < HF_SAVED_COUNT; reg++) {
		ret->value[reg] = _Unwind_GetGR(context, columns[reg]);
		ret->saved_at[reg] = slot_of(context, columns[reg]);
		if (!is_between(ret->saved_at[reg], here, ret->sp) ||
		    *ret->saved_at[reg] != ret->value[reg])
			return false;
	}
	return true;
}

/* A register that the frame may be found by: it was saved by a callee, or is as it was at the
 * start. */
static bool prove_register(struct walk *walk, unsigned reg)
{
	const uintptr_t *slot = walk->frame.saved_at[reg];

	if ((uintptr_t)slot >= walk->start->sp)
		return hf_stack_entry_add(walk->entry, slot);
	walk->entry->used_registers |= 1u << reg;
	return walk->frame.value[reg] == walk->start->saved[reg];
}

/* Words of the frame, near `around`, that point to about its end. */
static bool prove_words(struct walk *walk, uintptr_t around, uintptr_t end)
{
	uintptr_t from = around - SLACK < walk->frame.sp ? walk->frame.sp : around - SLACK;
	uintptr_t to = around + SLACK < end ? around + SLACK : end;

	if (around < walk->frame.sp || around > end)
		return true;
	for (uintptr_t at = (from + 7) & ~(uintptr_t)7; at + 8 <= to; at += 8) {
		uintptr_t value = *(const uintptr_t *)at;

		if (value >= end - SLACK / 2 && value <= end &&
		    !hf_stack_entry_add(walk->entry, (const uintptr_t *)at))
			return false;
	}
	return true;
}

/* The frame ends at `end`, and pc was read as its return address: is all of that proven? */
static bool prove_frame(struct walk *walk, struct _Unwind_Context *context, uintptr_t pc,
			uintptr_t end)
{
	const uintptr_t *slot = slot_of(context, COLUMN_RETURN_ADDRESS);
	const struct frame *frame = &walk->frame;

	if (end <= frame->sp)
		return false;
	for (unsigned reg = 0; reg < HF_SAVED_COUNT; reg++) {
		if (frame->value[reg] >= frame->sp - SLACK && frame->value[reg] <= end + SLACK &&
		    !prove_register(walk, reg))
			return false;
	}
	if (!prove_words(walk, frame->sp, end) ||
	    !prove_words(walk, frame->value[HF_SAVED_RBP], end))
		return false;
	if (is_between(slot, frame->sp, end))
		return *slot == pc && hf_stack_entry_add(walk->entry, slot);
	return pc == 0; /* the code itself says that it is the outermost frame */
}

/* Notes what leads to this frame; gives up caching where that cannot be told. */
static void note_frame(struct walk *walk, struct _Unwind_Context *context, uintptr_t pc,
		       bool interrupted)
{
	uintptr_t sp = _Unwind_GetCFA(context);

	if (interrupted || (walk->begun && !prove_frame(walk, context, pc, sp)) ||
	    !read_frame(context, &walk->frame))
		walk->entry = NULL;
}

static _Unwind_Reason_Code walk_frame(struct _Unwind_Context *context, void *ctx)
{
	struct walk *walk = ctx;
	int interrupted = 0;
	uintptr_t pc = _Unwind_GetIPInfo(context, &interrupted);

	if (!walk->begun && (pc != walk->start->pc || _Unwind_GetCFA(context) != walk->start->sp))
		return _URC_NO_REASON; /* below the caller that asked */
	if (walk->entry)
		note_frame(walk, context, pc, interrupted);
	walk->begun = true;
	if (pc != 0)
		add_pc(walk->ret, pc + (interrupted ? 1 : 0));
	return pc == 0 || walk->ret->count >= walk->depth ? _URC_END_OF_STACK : _URC_NO_REASON;
}

/* Unwinds; returns whether the entry, if there is one, proves the result. */
static bool unwind(struct hf_stack *ret, unsigned depth, const struct hf_stack_start *start,
		   struct hf_stack_entry *entry)
{
	struct walk walk = { .start = start, .ret = ret, .depth = depth, .entry = entry };

	ret->count = 0;
	backtrace_with(walk_frame, &walk);
	ret->id = hash_of(ret);
	return walk.begun && walk.entry;
}

static void copy_stack(struct hf_stack *ret, const struct hf_stack *stack)
{
	ret->count = stack->count;
	ret->id = stack->id;
	memcpy(ret->pc, stack->pc, stack->count * sizeof(stack->pc[0]));
}

static bool cache_in_use = true;

void hf_stack_use_cache(bool use)
{
	__atomic_store_n(&cache_in_use, use, __ATOMIC_RELAXED);
}

void hf_stack_forked(void)
{
	hf_stack_cache_forked();
}

static struct hf_stack_cache *claim_cache(void)
{
	return __atomic_load_n(&cache_in_use, __ATOMIC_RELAXED) ? hf_stack_cache_claim() : NULL;
}

/* Unwinds into ret, and into the cache if there is one and it can prove it: then that entry. */
static struct hf_stack_entry *take_anew(struct hf_stack_cache *cache, struct hf_stack *ret,
					unsigned depth, const struct hf_stack_start *start)
{
	struct hf_stack_entry *entry = cache ? hf_stack_cache_evict(cache, start, depth) : NULL;

	if (!unwind(ret, depth, start, entry) || !entry)
		return NULL;
	copy_stack(&entry->stack, ret);
	hf_stack_entry_commit(entry, start);
	return entry;
}

/* Called by the functions without _from, which stack_stub.S has. */
void hf_stack_take_from(struct hf_stack *ret, unsigned depth, const struct hf_stack_start *start);
uint32_t hf_stack_mark_from(unsigned depth, hf_stack_marker *marker,
			    const struct hf_stack_start *start);

void hf_stack_take_from(struct hf_stack *ret, unsigned depth, const struct hf_stack_start *start)
{
	struct hf_stack_cache *cache = claim_cache();
	struct hf_stack_entry *entry = cache ? hf_stack_cache_find(cache, start, depth) : NULL;

	if (entry)
		copy_stack(ret, &entry->stack);
	else
		(void)take_anew(cache, ret, depth, start);
	if (cache)
		hf_stack_cache_release(cache);
}

/* Apart from the rest for its stack, which is large, and most calls do without. */
static __attribute__((noinline)) uint32_t mark_anew(struct hf_stack_cache *cache,
						    struct hf_stack_entry *entry, unsigned depth,
						    hf_stack_marker *marker,
						    const struct hf_stack_start *start)
{
	struct hf_stack stack, *taken = &stack;
	uint32_t mark;

	if (entry)
		taken = &entry->stack;
	else
		entry = take_anew(cache, &stack, depth, start);
	mark = marker(taken);
	if (entry)
		entry->mark = mark;
	return mark;
}

uint32_t hf_stack_mark_from(unsigned depth, hf_stack_marker *marker,
			    const struct hf_stack_start *start)
{
	struct hf_stack_cache *cache = claim_cache();
	struct hf_stack_entry *entry = cache ? hf_stack_cache_find(cache, start, depth) : NULL;
	uint32_t mark = entry ? entry->mark : 0;

	if (!mark)
		mark = mark_anew(cache, entry, depth, marker, start);
	if (cache)
		hf_stack_cache_release(cache);
	return mark;
}

_Static_assert(sizeof(struct hf_stack_start) == 64, "stack_stub.S writes it");

#else

struct walk {
	struct hf_stack *ret;
	unsigned depth;
};

static _Unwind_Reason_Code walk_frame(struct _Unwind_Context *context, void *ctx)
{
	struct walk *walk = ctx;
	int interrupted = 0;
	uintptr_t pc = _Unwind_GetIPInfo(context, &interrupted);

	if (pc != 0)
		add_pc(walk->ret, pc + (interrupted ? 1 : 0));
	return pc == 0 || walk->ret->count >= walk->depth ? _URC_END_OF_STACK : _URC_NO_REASON;
}

void hf_stack_take(struct hf_stack *ret, unsigned depth)
{
	struct walk walk = { ret, depth };

	ret->count = 0;
	backtrace_with(walk_frame, &walk);
	ret->id = hash_of(ret);
}

uint32_t hf_stack_mark(unsigned depth, hf_stack_marker *marker)
{
	struct hf_stack stack;

	hf_stack_take(&stack, depth);
	return marker(&stack);
}

void hf_stack_use_cache(bool use)
{
	(void)use;
}

void hf_stack_forked(void)
{
}

#endif
