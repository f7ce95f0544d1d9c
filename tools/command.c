/* SPDX-License-Identifier: MIT */
#include "command.h"

#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* No verb comes near: the tables below live on the stack for the time of one cmd_next_option(). */
#define MAX_OPTIONS 40
#define HELP_KEY (CMD_LONG_ONLY - 1)
#define HELP_COLUMN 28

static const char *verb_name = "holdfast";

static void print_line(const char *format, va_list args, const char *tail)
{
	fflush(stdout);
	flockfile(stderr);
	fprintf(stderr, "holdfast %s: ", verb_name);
	vfprintf(stderr, format, args);
	fprintf(stderr, "%s\n", tail);
	funlockfile(stderr);
}

int cmd_error(enum cmd_status status, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	print_line(format, args, "");
	va_end(args);
	return status;
}

void cmd_warn(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	print_line(format, args, "");
	va_end(args);
}

int cmd_usage_error(const char *format, ...)
{
	va_list args;
	char tail[80];

	snprintf(tail, sizeof(tail), " (see holdfast %s --help)", verb_name);
	va_start(args, format);
	print_line(format, args, tail);
	va_end(args);
	return CMD_USAGE;
}

static void print_synopsis(const struct cmd_usage *usage)
{
	const char *at = usage->synopsis;
	const char *lead = "usage:";

	while (*at) {
		int length = (int)strcspn(at, "\n");

		printf("%s holdfast %s %.*s\n", lead, verb_name, length, at);
		at += length + (at[length] == '\n');
		lead = "      ";
	}
}

static void print_option(const struct cmd_option *option)
{
	int width;

	width = option->key < CMD_LONG_ONLY ? printf("  -%c, --%s", option->key, option->name)
					    : printf("      --%s", option->name);
	if (option->argument)
		width += printf("=%s", option->argument);
	if (width >= HELP_COLUMN)
		width = printf("\n") * 0;
	printf("%*s%s\n", HELP_COLUMN - width, "", option->help);
}

static void print_help(const struct cmd_usage *usage)
{
	static const struct cmd_option help = { CMD_LONG_ONLY, "help", NULL,
						"print this and exit" };

	print_synopsis(usage);
	if (usage->about)
		printf("\n%s", usage->about);
	printf("\n");
	for (const struct cmd_option *option = usage->options; option->name; option++)
		print_option(option);
	print_option(&help);
	if (usage->notes)
		printf("\n%s", usage->notes);
}

/* The same table in the two forms that getopt_long wants. */
static void make_tables(const struct cmd_usage *usage, char *letters, struct option *longs)
{
	if (usage->has_command)
		*letters++ = '+';
	*letters++ = ':';
	for (const struct cmd_option *option = usage->options; option->name; option++) {
		*longs++ = (struct option){ .name = option->name,
					    .has_arg = option->argument ? required_argument
									: no_argument,
					    .val = option->key };
		if (option->key >= CMD_LONG_ONLY)
			continue;
		*letters++ = (char)option->key;
		if (option->argument)
			*letters++ = ':';
	}
	*letters = '\0';
	*longs++ = (struct option){ .name = "help", .val = HELP_KEY };
	*longs = (struct option){ 0 };
}

/* A wrong letter is in optopt; a wrong long option is only where getopt_long stopped. */
static int refuse(int answer, char **argv)
{
	const char *what = answer == ':' ? "needs an argument" : "unknown or ambiguous option";

	if (optopt > 0 && optopt < CMD_LONG_ONLY && strncmp(argv[optind - 1], "--", 2) != 0)
		return cmd_usage_error("-%c: %s", optopt, what);
	return cmd_usage_error("%s: %s", argv[optind - 1], what);
}

int cmd_next_option(int argc, char **argv, const struct cmd_usage *usage)
{
	struct option longs[MAX_OPTIONS + 2];
	char letters[2 * MAX_OPTIONS + 3];
	int key;

	make_tables(usage, letters, longs);
	opterr = 0;
	key = getopt_long(argc, argv, letters, longs, NULL);
	if (key == HELP_KEY) {
		print_help(usage);
		exit(fflush(stdout) == 0 ? CMD_OK : CMD_PROBLEM);
	}
	if (key == '?' || key == ':')
		exit(refuse(key, argv));
	return key;
}

bool cmd_read_number(const char *text, unsigned long long max, unsigned long long *ret)
{
	unsigned long long n;
	char *end;

	if (!isdigit((unsigned char)*text))
		return false;
	errno = 0;
	n = strtoull(text, &end, 10);
	if (errno || *end || n > max)
		return false;
	*ret = n;
	return true;
}

bool cmd_read_seconds(const char *text, double max, double *ret)
{
	double n;
	char *end;

	if (!isdigit((unsigned char)*text) && *text != '.')
		return false;
	n = strtod(text, &end);
	if (end == text || *end || !isfinite(n) || n > max)
		return false;
	*ret = n;
	return true;
}

const char *cmd_datadir(bool *ret_source)
{
	const char *dir = getenv("HOLDFAST_DATADIR");

	*ret_source = dir && *dir;
	return *ret_source ? dir : PKGDATADIR;
}

void cmd_set_verb(const char *name)
{
	verb_name = name;
}
