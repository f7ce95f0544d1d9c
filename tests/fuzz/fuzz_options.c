/* SPDX-License-Identifier: MIT */
/* Any text, read as HOLDFAST_OPTIONS. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "options.h"
#include "record.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	char *text = strndup((const char *)data, size);
	struct hf_options options;

	hf_options_default(&options, false);
	hf_options_parse(&options, text, NULL, NULL);
	if (!options.stack_depth || options.stack_depth > HF_STACK_MAX)
		abort();
	free(text);
	return 0;
}
