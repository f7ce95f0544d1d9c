/* SPDX-License-Identifier: MIT */
/* A lock table printed for people or programs. */
#ifndef HF_TOOLS_LOCKLIST_H
#define HF_TOOLS_LOCKLIST_H

#include "locktable.h"

enum locklist_form { LOCKLIST_TABLE, LOCKLIST_TREE, LOCKLIST_JSON };

/* Is this entry to be printed? */
typedef bool locklist_filter(const struct locktable *table, const struct lock_entry *entry,
			     const void *arg);

/* Prints on stdout; *ret_printed is the number of entries. 0 or -ENOMEM. */
int locklist_print(const struct locktable *table, enum locklist_form form, locklist_filter *filter,
		   const void *arg, size_t *ret_printed);

#endif
