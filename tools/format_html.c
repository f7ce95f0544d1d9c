/* SPDX-License-Identifier: MIT */
/*
 * A report to look at: one page without a network, the findings with their stacks and source lines,
 * and the timeline of holds and waits. Its Content-Security-Policy allows the one script and the
 * one style sheet by their hashes and no request at all, so a name out of a recording can do
 * nothing.
 */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "describe.h"
#include "format.h"
#include "html_timeline.h"
#include "source.h"
#include "html/page_css.h"
#include "html/page_js.h"

static void print_head(FILE *out)
{
	fputs("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n", out);
	fputs("<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
	      "style-src " PAGE_CSS_POLICY "; script-src " PAGE_JS_POLICY
	      "; base-uri 'none'; form-action 'none'\">\n",
	      out);
	fputs("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
	      "<title>holdfast report</title>\n<style>",
	      out);
	fputs(PAGE_CSS, out);
	fputs("</style>\n</head>\n<body>\n<a class=\"skip\" href=\"#findings\">To the "
	      "findings</a>\n"
	      "<h1>holdfast report</h1>\n",
	      out);
}

static void print_count(FILE *out, unsigned long n, const char *one, const char *many)
{
	fprintf(out, "<li><b>%lu</b>%s</li>\n", n, n == 1 ? one : many);
}

static void print_remarks(const struct report *report, FILE *out)
{
	if (!report->remark_count && !report->blind_count)
		return;
	fputs("<ul class=\"remarks\">\n", out);
	for (size_t i = 0; i < report->remark_count; i++) {
		fputs("<li>", out);
		format_markup(out, report->remarks[i]);
		fputs("</li>\n", out);
	}
	for (size_t i = 0; i < report->blind_count; i++) {
		fputs("<li>not watched: <code>", out);
		format_markup(out, report->blind[i].path);
		fputs("</code> ", out);
		format_markup(out, report->blind[i].reason);
		fputs("</li>\n", out);
	}
	fputs("</ul>\n", out);
}

static void print_summary(const struct report *report, FILE *out)
{
	const struct report_summary *sum = &report->summary;

	fputs("<ul class=\"counts\">\n", out);
	print_count(out, sum->errors, "error", "errors");
	print_count(out, sum->warnings, "warning", "warnings");
	print_count(out, sum->notes, "note", "notes");
	print_count(out, sum->processes, "process", "processes");
	print_count(out, (unsigned long)sum->locks, "lock", "locks");
	print_count(out, sum->files, "file", "files");
	print_count(out, sum->suppressed, "suppressed", "suppressed");
	print_count(out, report->blind_count, "program not watched", "programs not watched");
	fputs("</ul>\n", out);
	print_remarks(report, out);
}

static void print_source(const struct report_frame *frame, FILE *out)
{
	char *line = source_line(frame->source, frame->line);

	if (line) {
		fputs("<pre>", out);
		format_markup(out, line + strspn(line, " \t"));
		fputs("</pre>", out);
	}
	free(line);
}

static void print_frame(const struct report_frame *frame, size_t number, FILE *out)
{
	fprintf(out, "<tr class=\"%s\"><td>#%zu</td><td>", frame->own ? "own" : "system", number);
	if (frame->function)
		format_markup(out, frame->function);
	else
		fprintf(out, "+0x%" PRIx64, frame->offset);
	fputs("</td><td>", out);
	if (frame->file) {
		format_markup(out, frame->file);
		fprintf(out, ":%d", frame->line);
		if (frame->own)
			print_source(frame, out);
	}
	fputs("</td><td>", out);
	format_markup(out, frame->module);
	fprintf(out, "%s</td></tr>\n", frame->inlined ? " (inlined)" : "");
}

static void print_stack(const struct report_stack *stack, const char *call, bool open, FILE *out)
{
	if (!stack)
		return;
	fprintf(out, "<details%s><summary>", open ? " open" : "");
	format_markup(out, stack->title);
	fputs("</summary><div class=\"scroll\"><table class=\"frames\">\n", out);
	if (*call) {
		fputs("<tr class=\"system\"><td>#0</td><td>", out);
		format_markup(out, call);
		fputs("</td><td></td><td></td></tr>\n", out);
	}
	for (size_t i = 0; i < stack->count; i++)
		print_frame(&stack->frames[i], i + 1, out);
	fputs("</table></div></details>\n", out);
}

static void print_lines(const char *text, FILE *out)
{
	while (*text) {
		size_t length = strcspn(text, "\n");
		char *line = strndup(text, length);

		fputs("<p>", out);
		format_markup(out, line ? line : "");
		fputs("</p>\n", out);
		free(line);
		text += length + (text[length] == '\n');
	}
}

static void print_repair(const char *repair, FILE *out)
{
	fputs("<dt>Repair</dt><dd><ul>", out);
	while (*repair) {
		const char *bar = strstr(repair, " | ");
		char *one = strndup(repair, bar ? (size_t)(bar - repair) : strlen(repair));

		fputs("<li>", out);
		format_markup(out, one ? one : "");
		fputs("</li>", out);
		free(one);
		repair = bar ? bar + 3 : "";
	}
	fputs("</ul></dd>\n", out);
}

static void print_term(const char *term, const char *text, FILE *out)
{
	if (!*text)
		return;
	fprintf(out, "<dt>%s</dt><dd>", term);
	format_markup(out, text);
	fputs("</dd>\n", out);
}

static void print_foot(const struct report_finding *finding, FILE *out)
{
	fputs("<dl>\n", out);
	print_term("Proof", finding->proof, out);
	print_repair(finding->kind->repair, out);
	fputs("<dt>Reference</dt><dd>CWE-", out);
	for (const char *c = finding->kind->cwe; *c; c++)
		fputs(*c == ',' ? ", CWE-" : (const char[]){ *c, '\0' }, out);
	fprintf(out,
		"; <code>holdfast explain %s</code>; id <code>%s</code>; seen %" PRIu64
		" time%s</dd>\n</dl>\n",
		finding->kind->slug, finding->id, finding->count, finding->count == 1 ? "" : "s");
}

static void print_finding(const struct report_finding *finding, FILE *out)
{
	static const char *const signs[] = { "", "\xe2\x97\x8f note", "\xe2\x9a\xa0 warning",
					     "\xe2\x9c\x96 error" };
	char call[HF_VIA_LENGTH + 1] = "";

	memcpy(call, finding->record->via, HF_VIA_LENGTH);
	fprintf(out,
		"<article class=\"finding %s\" id=\"f-%s\" tabindex=\"-1\">\n<h3><span "
		"class=\"level\">%s</span> ",
		hf_level_name(finding->level), finding->id, signs[finding->level]);
	format_markup(out, finding->kind->title);
	if (finding->image) {
		char name[sizeof(finding->image->name) + 1] = "";

		memcpy(name, finding->image->name, sizeof(finding->image->name));
		fprintf(out, " <span class=\"who\">pid %d (", finding->image->pid);
		format_markup(out, name);
		fputs(")</span>", out);
	}
	fputs("</h3>\n", out);
	print_lines(finding->message, out);
	fputs("<p class=\"why\">", out);
	format_markup(out, finding->kind->why);
	fputs("</p>\n", out);
	print_stack(finding->here, call, true, out);
	print_stack(finding->taken, "", true, out);
	print_stack(finding->opened, "", false, out);
	for (size_t i = 0; i < finding->then_count; i++) {
		fputs("<p class=\"then\">", out);
		format_markup(out, finding->then[i].sentence);
		fputs("</p>\n", out);
	}
	print_foot(finding, out);
	fputs("</article>\n", out);
}

static void print_findings(const struct report *report, FILE *out)
{
	size_t shown = 0;

	fputs("<h2 id=\"findings\">Findings</h2>\n", out);
	for (size_t i = 0; i < report->finding_count; i++) {
		if (!report_shows(report, &report->findings[i]))
			continue;
		print_finding(&report->findings[i], out);
		shown++;
	}
	if (!shown)
		fputs("<p>Nothing was found.</p>\n", out);
}

void format_html(const struct report *report, FILE *out, const struct format_how *how)
{
	(void)how;
	print_head(out);
	print_summary(report, out);
	print_findings(report, out);
	html_print_timeline(report, out);
	fputs("<script>", out);
	fputs(PAGE_JS, out);
	fputs("</script>\n</body>\n</html>\n", out);
}
