/* SPDX-License-Identifier: MIT */
/*
 * The checker hides everything that it is made of, and leaves its own frames out of stacks. So the
 * unit tests load its sources as a shared object, and this file is the way in.
 */
#include "exports.h"

#include "clock.h"
#include "options.h"
#include "say.h"
#include "stack_cache.h"

static __attribute__((noinline)) void take(struct hf_stack *ret, unsigned depth)
{
	hf_stack_take(ret, depth);
	__asm__ volatile("" ::: "memory"); /* a frame, not a tail call */
}

static void start(int argc, char **argv, char **envp)
{
	hf_clock_init();
	hf_say_init();
	hf_options_read(envp);
	hf_options_complain();
	hf_stack_init();
	hf_recorder_init(argc, argv, envp);
}

__attribute__((visibility("default"))) const struct checker checker = {
	.stack_init = hf_stack_init,
	.stack_take = take,
	.stack_use_cache = hf_stack_use_cache,
	.stack_hits = hf_stack_cache_hits,
	.stack_object = hf_stack_object,
	.arena_init = hf_arena_init,
	.start = start,
	.forked = hf_recorder_forked,
	.stack = hf_recorder_stack,
	.file = hf_recorder_file,
	.finding = hf_recorder_finding,
	.consequence = hf_recorder_consequence,
	.event = hf_recorder_event,
	.exec = hf_recorder_exec,
	.prepare = hf_recorder_prepare,
	.flag = hf_recorder_flag,
};
