/* SPDX-License-Identifier: MIT */
/* Any text, read as a file of suppressions. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "suppress.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	char *text = strndup((const char *)data, size), *error = NULL;

	suppress_free(suppress_parse(text, "fuzz", &error));
	free(error);
	free(text);
	return 0;
}
