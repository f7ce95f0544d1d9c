/* SPDX-License-Identifier: MIT */
/* holdfast explain [KIND]: the manual of what a report says, with a wrong and a right program. */
#include "config.h"

#include <errno.h>
#include <getopt.h>
#include <libsmartcols.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "kindtext.h"
#include "textwrap.h"

#define INDENT 2
#define LABEL_INDENT 12

enum { KEY_MARKDOWN = CMD_LONG_ONLY, KEY_MDOC, KEY_NAMES };

static const struct cmd_option options[] = {
	{ KEY_NAMES, "names", NULL, "print the names of all kinds, one a line" },
	{ KEY_MARKDOWN, "markdown", NULL, "print all kinds as one Markdown page" },
	{ KEY_MDOC, "mdoc", NULL, "print all kinds as a manual page" },
	CMD_OPTIONS_END
};

static const struct cmd_usage usage = {
	.synopsis = "[KIND]",
	.about = "Tells what a kind of misuse is, why it is wrong and how it is repaired, with a "
		 "wrong\n"
		 "and a right program. Without KIND: a table of all kinds.\n",
	.options = options,
};

enum { COL_KIND, COL_LEVEL, COL_DEFAULT, COL_CWE, COL_TITLE };

static int add_kind_line(struct libscols_table *table, const struct hf_kind_info *kind)
{
	struct libscols_line *line = scols_table_new_line(table, NULL);
	char cwe[80];

	if (!line)
		return -ENOMEM;
	kind_cwe_text(kind, cwe, sizeof(cwe));
	if (scols_line_set_data(line, COL_KIND, kind->slug) ||
	    scols_line_set_data(line, COL_LEVEL, hf_level_name(kind->level)) ||
	    scols_line_set_data(line, COL_DEFAULT, kind->on_by_default ? "on" : "off") ||
	    scols_line_set_data(line, COL_CWE, cwe) ||
	    scols_line_set_data(line, COL_TITLE, kind->title))
		return -ENOMEM;
	return 0;
}

static int fill_table(struct libscols_table *table)
{
	static const char *const columns[] = { "KIND", "LEVEL", "DEFAULT", "CWE", "TITLE" };

	for (size_t i = 0; i < sizeof(columns) / sizeof(*columns); i++)
		if (!scols_table_new_column(table, columns[i], 0, 0))
			return -ENOMEM;
	for (unsigned i = HF_KIND_NONE + 1; i < HF_KIND_COUNT; i++)
		if (add_kind_line(table, hf_kind_info(i)))
			return -ENOMEM;
	return 0;
}

static int print_table(void)
{
	struct libscols_table *table = scols_new_table();
	int status = table ? fill_table(table) : -ENOMEM;

	if (status == 0)
		status = scols_print_table(table);
	scols_unref_table(table);
	return status;
}

static int print_names(void)
{
	for (unsigned i = HF_KIND_NONE + 1; i < HF_KIND_COUNT; i++)
		puts(hf_kind_info(i)->slug);
	return 0;
}

static void print_heading(const char *text)
{
	bool bold = isatty(STDOUT_FILENO) && !getenv("NO_COLOR");

	printf("\n%s%s%s\n", bold ? "\033[1m" : "", text, bold ? "\033[0m" : "");
}

static FILE *open_example(const struct hf_kind_info *kind, const char *which, char *path,
			  size_t size)
{
	bool is_source;
	const char *dir = cmd_datadir(&is_source);

	snprintf(path, size, "%s/%s/%s.%s.c", dir, is_source ? "tests/misuse" : "examples",
		 kind->slug, which);
	return fopen(path, "re");
}

/* The licence, and what the tests are told: "via: close fclose". */
static bool is_about_the_file(const char *line)
{
	const char *word = line + strlen("/* ");

	if (strncmp(line, "/* ", strlen("/* ")) != 0)
		return false;
	word += strspn(word, "abcdefghijklmnopqrstuvwxyz");
	return *word == ':' || strstr(line, "SPDX-License-Identifier");
}

static void copy_example(FILE *in)
{
	char *line = NULL;
	size_t size = 0;

	while (getline(&line, &size, in) > 0)
		if (!is_about_the_file(line))
			printf("%*s%s", *line == '\n' ? 0 : INDENT, "", line);
	free(line);
}

static int print_example(const struct hf_kind_info *kind, const char *which, const char *heading)
{
	char path[4096];
	FILE *in = open_example(kind, which, path, sizeof(path));

	if (!in)
		return cmd_error(CMD_PROBLEM,
				 "%s: %s: the example is missing; is holdfast installed "
				 "completely?",
				 path, strerror(errno));
	print_heading(heading);
	printf("%*s%s (words in capitals: pair.h beside it)\n\n", INDENT, "", path);
	copy_example(in);
	fclose(in);
	return CMD_OK;
}

static int print_text(const struct hf_kind_info *kind)
{
	char *what = kind_what_text(kind, "<", ">");
	const char *repair = NULL;
	size_t length;

	if (!what)
		return -ENOMEM;
	print_heading("What a report says");
	text_wrap(stdout, what, INDENT);
	print_heading("Why it is wrong");
	text_wrap(stdout, kind->why, INDENT);
	print_heading("Repair, any one");
	while ((length = kind_next_repair(kind, &repair))) {
		char *one = strndup(repair, length);

		text_wrap_lead(stdout, "  *", one ? one : repair, 2 * INDENT);
		free(one);
	}
	free(what);
	return 0;
}

static int print_kind(const struct hf_kind_info *kind)
{
	char cwe[80];
	int wrong, right;

	kind_cwe_text(kind, cwe, sizeof(cwe));
	printf("%s: %s\n\n", kind->slug, kind->title);
	text_wrap_lead(stdout, "  level", kind_level_text(kind), LABEL_INDENT);
	text_wrap_lead(stdout, "  found by", kind_finder_text(kind), LABEL_INDENT);
	text_wrap_lead(stdout, "  CWE", cwe, LABEL_INDENT);
	if (print_text(kind))
		return cmd_error(CMD_PROBLEM, "out of memory");
	wrong = print_example(kind, "bad", "Wrong");
	right = print_example(kind, "good", "Right");
	return wrong == CMD_OK ? right : wrong;
}

static int explain(const char *slug)
{
	enum hf_kind kind = hf_kind_find(slug, strlen(slug));

	if (kind == HF_KIND_NONE)
		return cmd_error(CMD_USAGE, "%s: no such kind: `holdfast explain` lists them",
				 slug);
	return print_kind(hf_kind_info(kind));
}

int cmd_explain(int argc, char **argv)
{
	int (*print)(void) = print_table;
	int key;

	while ((key = cmd_next_option(argc, argv, &usage)) != -1)
		print = key == KEY_MARKDOWN ? kinds_print_markdown
			: key == KEY_MDOC   ? kinds_print_mdoc
					    : print_names;
	if (argc - optind > 1 || (argc > optind && print != print_table))
		return cmd_usage_error("%s: one KIND, or none", argv[argc - 1]);
	if (argc > optind)
		return explain(argv[optind]);
	return print() == 0 ? CMD_OK : cmd_error(CMD_PROBLEM, "out of memory");
}
