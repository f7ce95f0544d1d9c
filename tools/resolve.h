/* SPDX-License-Identifier: MIT */
/*
 * Gives what was folded its symbols and its words: numbers of stacks become functions and lines.
 * Every different stack is resolved once.
 */
#ifndef HF_TOOLS_RESOLVE_H
#define HF_TOOLS_RESOLVE_H

#include "fold.h"
#include "report.h"

struct resolver;

struct resolver *resolver_new(struct report *report);
void resolver_free(struct resolver *resolver);

/* Fills *ret, but for its id and what mutes it. */
void resolve_finding(struct resolver *resolver, const struct fold_finding *folded,
		     struct report_finding *ret);

/* The stack with that number of the fold, without a title; NULL for 0. */
const struct report_stack *resolve_stack_number(struct resolver *resolver, uint32_t number);

#endif
