/* SPDX-License-Identifier: MIT */
/* The command: `holdfast VERB ...` looks the verb up in commands.def and hands over. */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"

struct verb {
	const char *name;
	const char *help;
	int (*run)(int argc, char **argv);
};

static const struct verb verbs[] = {
#define HF_COMMAND(NAME, HELP) { #NAME, HELP, cmd_##NAME },
#include "commands.def"
#undef HF_COMMAND
	{ 0 }
};

static int print_help(void)
{
	puts("usage: holdfast VERB [option]... [argument]...\n"
	     "\n"
	     "File locks: run a program under the checker and report how it loses or misuses "
	     "them,\n"
	     "see who holds what, take a lock around a command.\n"
	     "\n"
	     "verbs (holdfast VERB --help tells more):");
	for (const struct verb *verb = verbs; verb->name; verb++)
		printf("  %-10s %s\n", verb->name, verb->help);
	puts("\n"
	     "  --help     print this and exit\n"
	     "  --version  print the version and exit");
	return CMD_OK;
}

static int print_version(void)
{
	puts(PACKAGE_NAME " " PACKAGE_VERSION);
	return CMD_OK;
}

static const struct verb *find_verb(const char *name)
{
	for (const struct verb *verb = verbs; verb->name; verb++)
		if (!strcmp(verb->name, name))
			return verb;
	return NULL;
}

static int dispatch(int argc, char **argv)
{
	const struct verb *verb;

	if (argc < 2) {
		fputs("holdfast: no verb given: see holdfast --help\n", stderr);
		return CMD_USAGE;
	}
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h") || !strcmp(argv[1], "help"))
		return print_help();
	if (!strcmp(argv[1], "--version") || !strcmp(argv[1], "-V"))
		return print_version();
	verb = find_verb(argv[1]);
	if (!verb) {
		fprintf(stderr, "holdfast: %s: no such verb: see holdfast --help\n", argv[1]);
		return CMD_USAGE;
	}
	cmd_set_verb(verb->name);
	return verb->run(argc - 1, argv + 1);
}

int main(int argc, char **argv)
{
	int status = dispatch(argc, argv);

	/* Output that could not be written (a full disk) must not look like success. */
	if ((fflush(stdout) || ferror(stdout)) && status == CMD_OK) {
		fprintf(stderr, "holdfast: standard output: %s\n", strerror(errno));
		status = CMD_PROBLEM;
	}
	return status;
}
