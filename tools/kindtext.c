/* SPDX-License-Identifier: MIT */
#include "kindtext.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REPAIR_SEPARATOR " | "

const char *kind_level_text(const struct hf_kind_info *kind)
{
	switch (kind->level) {
	case HF_LEVEL_ERROR:
		return "error";
	case HF_LEVEL_WARNING:
		return "warning";
	case HF_LEVEL_NOTE:
		return "note (shown with --notes, a warning with --strict)";
	default:
		return "error once the file is used without the lock, note when the lock is torn "
		       "down "
		       "unused, warning otherwise";
	}
}

const char *kind_finder_text(const struct hf_kind_info *kind)
{
	if (kind->by == HF_BY_COMMAND)
		return kind->on_by_default ? "holdfast, from the recordings of several processes"
					   : "holdfast, from the recordings of several processes, "
					     "when asked for";
	return kind->on_by_default ? "the checker, inside the program"
				   : "the checker, inside the program, when asked for";
}

void kind_cwe_text(const struct hf_kind_info *kind, char *ret, size_t size)
{
	const char *at = kind->cwe;
	size_t used = 0;

	*ret = '\0';
	while (*at && used < size) {
		size_t length = strcspn(at, ",");

		used += (size_t)snprintf(ret + used, size - used, "%sCWE-%.*s", used ? ", " : "",
					 (int)length, at);
		at += length;
		at += strspn(at, ", ");
	}
}

char *kind_what_text(const struct hf_kind_info *kind, const char *open, const char *close)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	for (const char *at = kind->what; *at; at++)
		if (*at == '{')
			fputs(open, out);
		else if (*at == '}')
			fputs(close, out);
		else
			putc(*at, out);
	if (fclose(out) == 0)
		return text;
	free(text);
	return NULL;
}

size_t kind_next_repair(const struct hf_kind_info *kind, const char **state)
{
	const char *end;

	if (!*state) {
		*state = kind->repair;
	} else {
		end = strstr(*state, REPAIR_SEPARATOR);
		*state = end ? end + strlen(REPAIR_SEPARATOR) : *state + strlen(*state);
	}
	end = strstr(*state, REPAIR_SEPARATOR);
	return end ? (size_t)(end - *state) : strlen(*state);
}

static int print_markdown_kind(const struct hf_kind_info *kind)
{
	char *what = kind_what_text(kind, "*", "*");
	const char *repair = NULL;
	size_t length;
	char cwe[80];

	if (!what)
		return -ENOMEM;
	kind_cwe_text(kind, cwe, sizeof(cwe));
	printf("\n## %s\n\n**%s**\n\n%s\n\n%s\n\n", kind->slug, kind->title, what, kind->why);
	printf("Repair, any one:\n\n");
	while ((length = kind_next_repair(kind, &repair)))
		printf("* %.*s\n", (int)length, repair);
	printf("\nLevel: %s. Found by %s. %s.\n", kind_level_text(kind), kind_finder_text(kind),
	       cwe);
	printf("Example: [wrong](../tests/misuse/%s.bad.c), [right](../tests/misuse/%s.good.c).\n",
	       kind->slug, kind->slug);
	free(what);
	return 0;
}

int kinds_print_markdown(void)
{
	int status = 0;

	puts("<!-- Made by `holdfast explain --markdown` from lib/core/kinds.def: edit that, then "
	     "make update-docs. -->\n"
	     "# Kinds of misuse\n"
	     "\n"
	     "What holdfast reports, why it is wrong, and how it is repaired. What stands in "
	     "italics "
	     "is filled in by the report.\n"
	     "\n"
	     "| kind | level | in short |\n"
	     "|---|---|---|");
	for (unsigned i = HF_KIND_NONE + 1; i < HF_KIND_COUNT; i++)
		printf("| [%s](#%s) | %s | %s |\n", hf_kind_info(i)->slug, hf_kind_info(i)->slug,
		       hf_level_name(hf_kind_info(i)->level), hf_kind_info(i)->title);
	for (unsigned i = HF_KIND_NONE + 1; i < HF_KIND_COUNT && status == 0; i++)
		status = print_markdown_kind(hf_kind_info(i));
	return status;
}

/* A line that begins with a dot or a quote would be a request, and a backslash an escape. */
static void print_roff(const char *text, size_t length)
{
	bool at_start = true;

	for (size_t i = 0; i < length; i++) {
		if (at_start && (text[i] == '.' || text[i] == '\''))
			fputs("\\&", stdout);
		at_start = text[i] == '\n';
		if (text[i] == '\\')
			fputs("\\e", stdout);
		else
			putchar(text[i]);
		if (text[i] == '.' && i + 1 < length && text[i + 1] == ' ') {
			putchar('\n');
			at_start = true;
			i++;
		}
	}
	putchar('\n');
}

static int print_mdoc_kind(const struct hf_kind_info *kind)
{
	char *what = kind_what_text(kind, "<", ">");
	const char *repair = NULL;
	size_t length;
	char cwe[80];

	if (!what)
		return -ENOMEM;
	kind_cwe_text(kind, cwe, sizeof(cwe));
	printf(".Ss %s\n", kind->slug);
	print_roff(kind->title, strlen(kind->title));
	printf(".Bd -ragged -offset indent\n");
	print_roff(what, strlen(what));
	printf(".Ed\n.Pp\n");
	print_roff(kind->why, strlen(kind->why));
	printf(".Pp\nRepair, any one:\n.Bl -bullet -compact\n");
	while ((length = kind_next_repair(kind, &repair))) {
		printf(".It\n");
		print_roff(repair, length);
	}
	printf(".El\n.Pp\nLevel: %s.\nFound by %s.\n%s.\n", kind_level_text(kind),
	       kind_finder_text(kind), cwe);
	free(what);
	return 0;
}

int kinds_print_mdoc(void)
{
	int status = 0;

	puts(".\\\" SPDX-License-Identifier: MIT\n"
	     ".\\\" Made by `holdfast explain --mdoc` from lib/core/kinds.def: edit that, then "
	     "make "
	     "update-docs.\n"
	     ".Dd November 21, 2026\n"
	     ".Dt HOLDFAST-KINDS 7\n"
	     ".Os\n"
	     ".Sh NAME\n"
	     ".Nm holdfast-kinds\n"
	     ".Nd kinds of file lock misuse that holdfast reports\n"
	     ".Sh DESCRIPTION\n"
	     "What stands between angle brackets is filled in by the report.\n"
	     ".Xr holdfast-explain 1\n"
	     "prints an entry together with a wrong and a right example.");
	for (unsigned i = HF_KIND_NONE + 1; i < HF_KIND_COUNT && status == 0; i++)
		status = print_mdoc_kind(hf_kind_info(i));
	puts(".Sh SEE ALSO\n"
	     ".Xr holdfast 1 ,\n"
	     ".Xr holdfast-check 1 ,\n"
	     ".Xr holdfast-explain 1");
	return status;
}
