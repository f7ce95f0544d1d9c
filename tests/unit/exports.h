/* SPDX-License-Identifier: MIT */
/* The checker's insides as the unit tests call them: see exports.c. */
#ifndef HF_TESTS_EXPORTS_H
#define HF_TESTS_EXPORTS_H

#include "stack.h"

void test_stack_init(void);
void test_stack_take(struct hf_stack *ret, unsigned depth);
void test_stack_use_cache(bool use);
uint64_t test_stack_hits(void);
int test_stack_object(uintptr_t address, struct hf_object *ret);

#endif
