/* SPDX-License-Identifier: MIT */
/*
 * Finds the next definition of many names at once.
 *
 * dlsym(RTLD_NEXT, ...) does it one by one, at a price that every exec of a program under the
 * checker would pay a hundred times. This reads the hash tables of the objects that were loaded
 * after ours, in the loader's order, and takes what dlsym would: the first default version of a
 * defined function.
 */
#ifndef HF_PRELOAD_SYMBOLS_H
#define HF_PRELOAD_SYMBOLS_H

#include <stdbool.h>
#include <stddef.h>

struct hf_symbol {
	const char *name;
	void *address;	/* NULL: there is none */
	bool uncertain; /* it was looked for where this reader does not understand: dlsym was asked
			 */
};

/*
 * From the constructor. Fills in the addresses that are NULL. A name that is nowhere is not asked
 * of dlsym: a miss there allocates, and the program's malloc may not work yet.
 */
void hf_symbols_find(struct hf_symbol *symbols, size_t count);

#endif
