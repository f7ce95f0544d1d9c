/* SPDX-License-Identifier: MIT */
/* Paths and names are bytes; what is written as JSON, XML or HTML must be UTF-8. */
#ifndef HF_TOOLS_UTF8_H
#define HF_TOOLS_UTF8_H

#include <stddef.h>

/* The length of the valid sequence that begins at text, which ends with a NUL; 0 when it is none.
 */
size_t utf8_length(const char *text);

/* A copy with U+FFFD for every byte that is no UTF-8; to be freed. Never NULL. */
char *utf8_clean(const char *text);

#endif
