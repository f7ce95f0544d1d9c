/* SPDX-License-Identifier: MIT */
/*
 * Finds the next definition of a name, as dlsym(RTLD_NEXT, ...) does, at any time.
 *
 * dlsym may wait for the loader's lock, and to ask it for every interposed function at the start is
 * a price that each exec of a program would pay a hundred times. This reads the hash tables of the
 * objects that were loaded after ours, in the loader's order. They were there before the program
 * began and stay; the tables are constant, so a look-up takes no lock and is safe in a signal
 * handler and in a child of a threaded process.
 */
#ifndef HF_PRELOAD_SYMBOLS_H
#define HF_PRELOAD_SYMBOLS_H

#include <stdbool.h>

/*
 * From the constructor; a second time it only answers. False if a look-up may have to ask dlsym
 * after all: some object has no table that this reader understands, or there are too many.
 */
bool hf_symbols_init(void);

/*
 * The first function of that name and version (NULL: the default one). NULL when there is none:
 * dlsym is not asked for a name that is nowhere, because a miss there allocates, and the program's
 * malloc may not work yet. It is asked for an indirect function.
 */
void *hf_symbols_next(const char *name, const char *version);

#endif
