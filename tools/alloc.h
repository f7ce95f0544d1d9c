/* SPDX-License-Identifier: MIT */
/*
 * Memory for the command, which cannot do its work without: it ends with one line and CMD_FAILED
 * when there is none. The library and the checker never do that; they have allocators of their own.
 */
#ifndef HF_TOOLS_ALLOC_H
#define HF_TOOLS_ALLOC_H

#include <stddef.h>

/* Says so and ends the command. */
void alloc_failed(void) __attribute__((noreturn));

/* For uthash, which must be included after this. */
#define uthash_fatal(message) alloc_failed()

void *alloc_bytes(size_t size);
void *alloc_zeroed(size_t count, size_t size);

/* old, moved to where count elements fit; it may be NULL. */
void *alloc_array(void *old, size_t count, size_t size);

char *alloc_string(const char *string);
char *alloc_format(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
