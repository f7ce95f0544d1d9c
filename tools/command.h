/* SPDX-License-Identifier: MIT */
/*
 * What every verb of the command `holdfast` shares: its exit status, its one-line errors, its
 *options.
 *
 * A verb is int cmd_<name>(int argc, char **argv), argv[0] being the verb's name, and is listed in
 * commands.def. It returns its exit status; holdfast.c then checks that all output was written.
 *
 *	static const struct cmd_option options[] = {
 *		{ 'w', "wait", "SECONDS", "give up after SECONDS" },
 *		CMD_OPTIONS_END
 *	};
 *	static const struct cmd_usage usage = { .synopsis = "[options] FILE", .options = options };
 *
 *	while ((key = cmd_next_option(argc, argv, &usage)) != -1)
 *		switch (key) { case 'w': ... optarg ...; }
 *
 * --help is printed from the same table, so an option that is understood is also told; man pages
 *and bash completion are compared with that help by tests/cli.
 */
#ifndef HF_TOOLS_COMMAND_H
#define HF_TOOLS_COMMAND_H

#include <stdbool.h>

enum cmd_status {
	CMD_OK = 0,
	CMD_PROBLEM = 1, /* the verb did its work and found a problem */
	CMD_USAGE = 2,	 /* the command line, or a file named on it, cannot be understood */
	/* run and check, whose other statuses are the command's */
	CMD_FAILED = 125,
	CMD_NOT_EXECUTABLE = 126,
	CMD_NOT_FOUND = 127
};

/* Keys of options that have no letter start here. */
#define CMD_LONG_ONLY 256

struct cmd_option {
	int key;	      /* the letter, or CMD_LONG_ONLY + n; what cmd_next_option() returns */
	const char *name;     /* without the dashes */
	const char *argument; /* its name in the help; NULL: takes none */
	const char *help;     /* one line, lower case, no full stop */
};
#define CMD_OPTIONS_END                                                                            \
	{                                                                                          \
		0, 0, 0, 0                                                                         \
	}

struct cmd_usage {
	const char *synopsis; /* after "holdfast VERB "; several forms are separated by newlines */
	const char *about; /* a paragraph, lines of at most 80 columns, each ended by a newline */
	const struct cmd_option *options;
	const char *notes; /* printed after the options, ended by a newline; may be NULL */
	bool has_command;  /* options end at the first operand: what follows may be a command's */
};

#define HF_COMMAND(NAME, HELP) int cmd_##NAME(int argc, char **argv);
#include "commands.def"
#undef HF_COMMAND

/* Called by main() before the verb: the VERB of the error lines and the help. */
void cmd_set_verb(const char *name);

/*
 * getopt_long over usage->options: returns the next key, with optarg set, or -1 when only operands
 * are left from argv[optind] on. --help prints the help and ends the process with status 0; an
 * option that is unknown or lacks its argument is told in one line and ends it with CMD_USAGE.
 */
int cmd_next_option(int argc, char **argv, const struct cmd_usage *usage);

/* Prints "holdfast VERB: " and one line on stderr, and returns status, to be returned on. */
int cmd_error(enum cmd_status status, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* The same for what does not end the verb. */
void cmd_warn(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* As cmd_error(CMD_USAGE, ...), with where to read more at the end of the line. */
int cmd_usage_error(const char *format, ...) __attribute__((format(printf, 1, 2)));

/*
 * Reads a whole non-negative number, or with read_seconds() one with decimals, up to max. False
 * when text is anything else, even partly; *ret is then untouched.
 */
bool cmd_read_number(const char *text, unsigned long long max, unsigned long long *ret);
bool cmd_read_seconds(const char *text, double max, double *ret);

/*
 * Where the installed data of holdfast is: $HOLDFAST_DATADIR (the source tree, for an uninstalled
 * holdfast), else pkgdatadir. *ret_source tells which of the two layouts to expect.
 */
const char *cmd_datadir(bool *ret_source);

#endif
