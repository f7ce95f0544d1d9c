/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "alloc.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"

void alloc_failed(void)
{
	exit(cmd_error(CMD_FAILED, "out of memory"));
}

static void *checked(void *block)
{
	if (!block)
		alloc_failed();
	return block;
}

void *alloc_bytes(size_t size)
{
	return checked(malloc(size ? size : 1));
}

void *alloc_zeroed(size_t count, size_t size)
{
	return checked(calloc(count ? count : 1, size ? size : 1));
}

void *alloc_array(void *old, size_t count, size_t size)
{
	return checked(reallocarray(old, count ? count : 1, size ? size : 1));
}

char *alloc_string(const char *string)
{
	return checked(strdup(string));
}

char *alloc_format(const char *format, ...)
{
	va_list args;
	char *ret;

	va_start(args, format);
	if (vasprintf(&ret, format, args) < 0)
		ret = NULL;
	va_end(args);
	return checked(ret);
}
