/* SPDX-License-Identifier: MIT */
/* The checker's insides as the unit tests call them: see exports.c. */
#ifndef HF_TESTS_EXPORTS_H
#define HF_TESTS_EXPORTS_H

#include "arena.h"
#include "recorder.h"
#include "stack.h"

struct checker {
	void (*stack_init)(void);
	/* Has a frame of the checker's own below hf_stack_take()'s. */
	void (*stack_take)(struct hf_stack *ret, unsigned depth);
	void (*stack_use_cache)(bool use);
	uint64_t (*stack_hits)(void);
	int (*stack_object)(uintptr_t address, struct hf_object *ret);

	void (*arena_init)(struct hf_arena *arena);

	/* As the constructor: what is said, the options, stacks, the recorder. */
	void (*start)(int argc, char **argv, char **envp);
	void (*forked)(void);
	hf_ref (*stack)(const struct hf_stack *stack);
	void (*file)(struct hf_fileid id, int fd, uint32_t fs_type);
	hf_ref (*finding)(struct hf_rec_finding *finding);
	void (*consequence)(struct hf_rec_consequence *consequence);
	void (*event)(const struct hf_event *event);
	hf_ref (*exec)(const char *path, int32_t pid, uint32_t held);
	void (*prepare)(void);
	void (*flag)(enum hf_image_flags flag);
};

extern const struct checker checker;

#endif
