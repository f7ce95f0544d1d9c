/* SPDX-License-Identifier: MIT */
/*
 * From (module, offset) to function, file and line, through elfutils: the program's own DWARF,
 * detached debug files by build-id, and a debuginfod server when the user has named one.
 *
 * A file that is not what ran (its build-id differs) is never used: a wrong line is worse than
 * none.
 */
#ifndef HF_TOOLS_SYMBOLS_H
#define HF_TOOLS_SYMBOLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* More inlined calls than this at one address are cut. */
#define SYMBOLS_INLINED_MAX 16

struct symbol {
	const char *function; /* NULL: not known */
	const char *file;     /* NULL: not known; as the compiler wrote it */
	int line;	      /* 0: not known */
	int column;
	bool inlined; /* this function's body is inside the next one's */
};

struct symbols;
struct symbols_module;

struct symbols *symbols_new(void); /* NULL: no memory */
void symbols_free(struct symbols *symbols);

/*
 * The module that was loaded from path with this build-id (length 0: it has none). Asked once per
 * module; never NULL but on lack of memory: a module that cannot be found answers nothing.
 */
struct symbols_module *symbols_module(struct symbols *symbols, const char *path,
				      const unsigned char *build_id, size_t length);

/*
 * The functions at an offset, innermost first: one for an ordinary address, more where calls were
 * inlined. Returns how many were stored, 0 when nothing is known. Strings live as long as symbols.
 */
size_t symbols_at(struct symbols_module *module, uint64_t offset,
		  struct symbol ret[SYMBOLS_INLINED_MAX]);

#endif
