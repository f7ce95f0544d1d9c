/* SPDX-License-Identifier: MIT */
/*
 * The cache of stacks against the unwinder, over random chains of calls. Built with -O2 and without
 * frame pointers; the functions have fixed frames, alloca, realigned stacks and many saved
 * registers. Sizes come from few values, so that different chains meet at the same stack pointer
 * and leave their words for each other: what a cache that proves too little is fooled by.
 */
#include <criterion/criterion.h>
#include <alloca.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "exports.h"

#define NOINLINE __attribute__((noinline, noclone))
#define DEPTH 16

struct chain {
	uint64_t random; /* what is left of the chain's choices */
	unsigned calls;
	unsigned checked;
	unsigned wrong;
};

static volatile unsigned sink;

static unsigned choose(struct chain *chain, unsigned n)
{
	unsigned ret = (unsigned)(chain->random % n);

	chain->random /= n;
	return ret;
}

static int same_stack(const struct hf_stack *a, const struct hf_stack *b)
{
	return a->count == b->count && a->id == b->id &&
	       !memcmp(a->pc, b->pc, a->count * sizeof(a->pc[0]));
}

/* One call site for all three: unwound, cached (maybe just now), cached. */
#define TAKE_THREE(stacks)                                                                         \
	for (volatile int i = 0; i < 3; i++) { /* volatile: not unrolled into three sites */       \
		checker.stack_use_cache(i > 0);                                                    \
		checker.stack_take(&(stacks)[i], DEPTH);                                           \
	}

static void compare(struct chain *chain, const struct hf_stack *stacks)
{
	chain->checked += 2;
	chain->wrong += !same_stack(&stacks[0], &stacks[1]) + !same_stack(&stacks[0], &stacks[2]);
}

static NOINLINE void check(struct chain *chain)
{
	struct hf_stack stacks[3];

	TAKE_THREE(stacks);
	compare(chain, stacks);
}

/* The frame is found by a register that nobody has saved when the stack is taken. */
static NOINLINE void check_with_alloca(struct chain *chain)
{
	struct hf_stack stacks[3];
	char *room = alloca(16 * choose(chain, 4) + 16);

	room[0] = 1;
	__asm__ volatile("" ::"r"(room) : "memory");
	TAKE_THREE(stacks);
	compare(chain, stacks);
}

static void call_next(struct chain *chain);

static NOINLINE void plain(struct chain *chain)
{
	call_next(chain);
	sink++;
}

static NOINLINE void with_alloca(struct chain *chain)
{
	char *room = alloca(16 * choose(chain, 4) + 16);

	room[0] = 1;
	__asm__ volatile("" ::"r"(room) : "memory");
	call_next(chain);
	sink += (unsigned)room[0];
}

static NOINLINE void realigned(struct chain *chain)
{
	_Alignas(64) volatile char room[64];

	room[0] = 1;
	call_next(chain);
	sink += (unsigned)room[0];
}

static NOINLINE void realigned_with_alloca(struct chain *chain)
{
	_Alignas(32) volatile char room[32];
	char *more = alloca(16 * choose(chain, 3) + 16);

	room[0] = more[0] = 1;
	__asm__ volatile("" ::"r"(more) : "memory");
	call_next(chain);
	sink += (unsigned)room[0] + (unsigned)more[0];
}

static NOINLINE void many_registers(struct chain *chain)
{
	unsigned a = sink, b = a * 3, c = b ^ 5, d = c + a, e = d * 7, f = e - b;

	call_next(chain);
	sink += a ^ b ^ c;
	call_next(chain);
	sink += d ^ e ^ f;
}

static NOINLINE void two_sites(struct chain *chain)
{
	if (choose(chain, 2)) {
		call_next(chain);
		sink++;
	} else {
		call_next(chain);
		sink--;
	}
}

static void call_next(struct chain *chain)
{
	static void (*const functions[])(struct chain *) = {
		plain,		with_alloca, realigned,		realigned_with_alloca,
		many_registers, two_sites,   check_with_alloca, check,
	};

	if (chain->calls++ < 14 && chain->random)
		functions[choose(chain, 8)](chain);
	else
		check(chain);
}

static uint64_t next_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

/* Many of the chains come again, as a program's do. */
static void run_chains(uint64_t seed, unsigned count, struct chain *total)
{
	uint64_t state = seed, recent[64] = { 0 };

	while (total->checked < count) {
		struct chain chain = { .random = next_random(&state) };
		uint64_t *again = &recent[state % 64];

		if (state & 0x100 && *again)
			chain.random = *again;
		else
			*again = chain.random >>= state % 40;
		plain(&chain);
		total->checked += chain.checked;
		total->wrong += chain.wrong;
	}
}

Test(stack, cached_stacks_equal_unwound_ones_over_random_chains, .timeout = 60)
{
	struct chain total = { 0 };

	checker.stack_init();
	run_chains(UINT64_C(0x5eed5eed5eed5eed), 300000, &total);
	cr_log_info("%u stacks compared, %llu from the cache", total.checked,
		    (unsigned long long)checker.stack_hits());
	cr_expect_eq(total.wrong, 0, "%u of %u wrong", total.wrong, total.checked);
	cr_expect_gt(checker.stack_hits(), total.checked / 2, "the cache was hardly used");
}

struct thread {
	pthread_t id;
	uint64_t seed;
	struct chain total;
};

static void *thread_chains(void *arg)
{
	struct thread *thread = arg;

	run_chains(thread->seed, 20000, &thread->total);
	return NULL;
}

/* They switch the cache on and off under each other's hands: whichever way, the stacks are equal.
 */
Test(stack, threads_that_share_a_cache_get_their_own_stacks, .timeout = 60)
{
	struct thread threads[4] = {
		{ .seed = 11 }, { .seed = 22 }, { .seed = 33 }, { .seed = 44 }
	};

	checker.stack_init();
	for (int i = 0; i < 4; i++)
		cr_assert_eq(pthread_create(&threads[i].id, NULL, thread_chains, &threads[i]), 0);
	for (int i = 0; i < 4; i++) {
		cr_assert_eq(pthread_join(threads[i].id, NULL), 0);
		cr_expect_eq(threads[i].total.wrong, 0);
	}
}

static struct hf_stack handler_stack;

static void handler(int signal)
{
	(void)signal;
	checker.stack_take(&handler_stack, DEPTH);
}

Test(stack, a_stack_in_a_signal_handler_goes_on_into_what_it_interrupted, .timeout = 10)
{
	struct hf_stack before;
	int found = 0;

	checker.stack_init();
	signal(SIGUSR1, handler);
	checker.stack_take(&before, DEPTH);
	raise(SIGUSR1);
	for (uint32_t i = 0; i < handler_stack.count; i++)
		found |= handler_stack.pc[i] == before.pc[1];
	cr_expect(found, "the test's own caller is in the handler's stack");
}

Test(stack, the_first_frame_is_the_callers_and_depth_is_a_limit, .timeout = 10)
{
	struct hf_stack stack;
	struct hf_object object;

	checker.stack_init();
	checker.stack_take(&stack, 3);
	cr_assert_eq(stack.count, 3);
	cr_assert_eq(checker.stack_object(stack.pc[0], &object), 0);
	cr_expect_eq(checker.stack_object((uintptr_t)run_chains, &object), 0);
	cr_expect(stack.pc[0] >= object.start && stack.pc[0] < object.end);
	cr_expect_str_eq(object.path, "", "the program itself has no name in the loader's list");
}

Test(stack, an_object_is_found_with_its_path_and_build_id, .timeout = 10)
{
	struct hf_object object;

	checker.stack_init();
	cr_assert_eq(checker.stack_object((uintptr_t)strtol, &object), 0);
	cr_expect_not_null(strstr(object.path, "libc"));
	cr_expect_eq(object.build_id_length, 20);
	cr_expect_eq(checker.stack_object(16, &object), -ENOENT);
}

static void *take_for_ever(void *arg)
{
	struct hf_stack stack;

	for (;;)
		checker.stack_take(&stack, DEPTH);
	return arg;
}

/* Other threads are inside of it at the moment of the fork, so many that some share this one's
 * cache. */
Test(stack, a_fork_child_uses_the_cache_whatever_other_threads_were_doing, .timeout = 60)
{
	pthread_t threads[64];

	checker.stack_init();
	for (int i = 0; i < 64; i++)
		cr_assert_eq(pthread_create(&threads[i], NULL, take_for_ever, NULL), 0);
	for (int round = 0; round < 10; round++) {
		pid_t child = fork();
		int status;

		if (child == 0) {
			uint64_t before;
			struct hf_stack stack;

			checker.forked();
			before = checker.stack_hits();
			for (volatile int i = 0; i < 10; i++)
				checker.stack_take(&stack, DEPTH);
			_exit(checker.stack_hits() < before + 9);
		}
		cr_assert_eq(waitpid(child, &status, 0), child);
		cr_assert_eq(status, 0);
	}
}
