/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "jsontext.h"

#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "utf8.h"

json_t *json_text(const char *text)
{
	char *clean = utf8_clean(text);
	json_t *ret = json_string(clean);

	free(clean);
	return ret;
}

json_t *json_text_of(const char *text, size_t size)
{
	char *copy = strndup(text, size);
	json_t *ret = copy ? json_text(copy) : NULL;

	free(copy);
	return ret;
}

json_t *json_numbers(const char *list)
{
	json_t *array = json_array();
	char *end;

	while (*list) {
		json_append(array, json_integer(strtoll(list, &end, 10)));
		list = *end == ',' ? end + 1 : "";
	}
	return array;
}

json_t *json_alternatives(const char *list)
{
	json_t *array = json_array();
	const char *bar;

	for (; (bar = strstr(list, " | ")); list = bar + 3)
		json_append(array, json_text_of(list, (size_t)(bar - list)));
	json_append(array, json_text(list));
	return array;
}

void json_add(json_t *object, const char *name, json_t *value)
{
	if (json_object_set_new(object, name, value))
		alloc_failed();
}

void json_append(json_t *array, json_t *value)
{
	if (json_array_append_new(array, value))
		alloc_failed();
}

void json_print(FILE *out, json_t *value, size_t flags)
{
	if (!value)
		alloc_failed();
	(void)json_dumpf(value, out,
			 flags | JSON_PRESERVE_ORDER); /* the caller looks at ferror() */
	json_decref(value);
}
