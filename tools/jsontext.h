/* SPDX-License-Identifier: MIT */
/*
 * jansson for the two formats that write JSON: what can fail only without memory ends the command
 * (alloc.h), and bytes that are no UTF-8, which JSON cannot hold, become U+FFFD.
 */
#ifndef HF_TOOLS_JSONTEXT_H
#define HF_TOOLS_JSONTEXT_H

#include <jansson.h>
#include <stdio.h>

json_t *json_text(const char *text);
json_t *json_text_of(const char *text, size_t size); /* ends at size or at a NUL */

/* "667,404" as [667, 404]; "a | b" as ["a", "b"]. */
json_t *json_numbers(const char *list);
json_t *json_alternatives(const char *list);

/* Both take value over. */
void json_add(json_t *object, const char *name, json_t *value);
void json_append(json_t *array, json_t *value);

/* Prints and releases value. */
void json_print(FILE *out, json_t *value, size_t flags);

#endif
