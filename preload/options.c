/* SPDX-License-Identifier: MIT */
#include "options.h"

#include <string.h>

#include "recorder.h"

struct hf_options hf_options;

/* As it was in the constructor's environment; "" when it was not set. */
static const char *options_text = "";

const char *hf_env_find(char **envp, const char *name)
{
	size_t length = strlen(name);

	for (; envp && *envp; envp++)
		if (!strncmp(*envp, name, length) && (*envp)[length] == '=')
			return *envp + length + 1;
	return NULL;
}

void hf_options_read(char **envp)
{
	const char *text = hf_env_find(envp, "HOLDFAST_OPTIONS");
	const char *run = hf_env_find(envp, "HOLDFAST_RUN");

	if (text)
		options_text = text;
	hf_options_default(&hf_options, run && *run);
	hf_options_parse(&hf_options, options_text, NULL, NULL);
}

static void say(void *ctx, const char *sentence)
{
	(void)ctx;
	hf_recorder_say("HOLDFAST_OPTIONS: %s", sentence);
}

void hf_options_complain(void)
{
	struct hf_options unused;
	char line[300];
	struct hf_text text;

	hf_options_default(&unused, false);
	if (hf_options.unknown)
		hf_options_parse(&unused, options_text, say, NULL);
	if (!hf_options.help)
		return;
	hf_recorder_say("HOLDFAST_OPTIONS=KEY=VALUE:KEY=VALUE... (defaults in brackets)");
	for (unsigned n = 0; text = hf_text_in(line, sizeof(line)), hf_options_help_line(n, &text);
	     n++)
		hf_recorder_say("  %s", line);
}
