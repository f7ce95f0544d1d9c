/* SPDX-License-Identifier: MIT */
/* Annotations: workflow commands that a GitHub Actions runner reads from a step's output. */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "format.h"

/* What would end the message, or in a property the property, is percent-encoded. */
static void print_encoded(FILE *out, const char *text, const char *special)
{
	for (; *text; text++)
		if (*text == '%' || strchr(special, *text))
			fprintf(out, "%%%02X", (unsigned char)*text);
		else
			putc(*text, out);
}

static void print_data(FILE *out, const char *text)
{
	print_encoded(out, text, "\r\n");
}

static void print_property(FILE *out, const char *text)
{
	print_encoded(out, text, "\r\n:,");
}

static void print_where(const struct report_frame *where, FILE *out)
{
	if (!where)
		return;
	fputs("file=", out);
	print_property(out, where->file);
	fprintf(out, ",line=%d", where->line);
	if (where->column)
		fprintf(out, ",col=%d", where->column);
	putc(',', out);
}

static void print_stack(const struct report_stack *stack, FILE *out)
{
	if (!stack)
		return;
	fputs("%0A", out);
	print_data(out, stack->title);
	for (size_t i = 0; i < stack->count; i++) {
		const struct report_frame *frame = &stack->frames[i];

		if (!frame->file)
			continue;
		fputs("%0A  ", out);
		print_data(out, frame->function ? frame->function : frame->module);
		putc(' ', out);
		print_data(out, frame->file);
		fprintf(out, ":%d", frame->line);
	}
}

static void print_finding(const struct report_finding *finding, FILE *out)
{
	static const char *const commands[] = { "", "notice", "warning", "error" };

	fprintf(out, "::%s ", commands[finding->level]);
	print_where(finding->where, out);
	fputs("title=", out);
	print_property(out, finding->kind->title);
	fputs("::", out);
	print_data(out, finding->message);
	print_stack(finding->here, out);
	print_stack(finding->taken, out);
	for (size_t i = 0; i < finding->then_count; i++) {
		fputs("%0A", out);
		print_data(out, finding->then[i].sentence);
	}
	fputs("%0ARepair: ", out);
	print_data(out, finding->kind->repair);
	fprintf(out, "%%0A%s, id %s, seen %" PRIu64 " time%s\n", finding->kind->slug, finding->id,
		finding->count, finding->count == 1 ? "" : "s");
}

void format_github(const struct report *report, FILE *out, const struct format_how *how)
{
	(void)how;
	for (size_t i = 0; i < report->finding_count; i++)
		if (report_shows(report, &report->findings[i]))
			print_finding(&report->findings[i], out);
	format_text_summary(report, out);
	putc('\n', out);
}
