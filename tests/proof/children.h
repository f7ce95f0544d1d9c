/* SPDX-License-Identifier: MIT */
/* Operations that children do. */
#ifndef CHILDREN_H
#define CHILDREN_H

#include "differential.h"

/* Ends with this process's parent; what the slots have is the parent's too. */
void child_begin(void);

/* Compares ledger and kernel in a child. */
void child_check(void);

/* child_begin(), a sequence of the child's own that is checked step by step, and its end. */
void be_child(const struct op *op);

/* pid -1: any child. DONE when it ended with 0. */
enum outcome wait_for(pid_t pid, int flags);

/* The descriptors from one slot's to another's, by close_range with these flags. */
enum outcome close_slots(const struct op *op, int flags);

#endif
