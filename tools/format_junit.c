/* SPDX-License-Identifier: MIT */
/* A report for CI dashboards: a test case for each kind of misuse, which fails when it was found.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "format.h"

static bool is_of(const struct report *report, const struct report_finding *finding,
		  const struct hf_kind_info *kind)
{
	return finding->kind == kind && report_shows(report, finding);
}

/* Notes are told, but fail nothing. */
static bool fails(const struct report_finding *finding)
{
	return finding->level > HF_LEVEL_NOTE;
}

static unsigned count_failures(const struct report *report, const struct hf_kind_info *kind)
{
	unsigned n = 0;

	for (size_t i = 0; i < report->finding_count; i++)
		n += is_of(report, &report->findings[i], kind) && fails(&report->findings[i]);
	return n;
}

static unsigned count_failed_kinds(const struct report *report)
{
	unsigned n = 0;

	for (unsigned kind = HF_KIND_NONE + 1; kind < HF_KIND_COUNT; kind++)
		n += count_failures(report, hf_kind_info(kind)) > 0;
	return n;
}

/* The text report of the kind's findings that do fail, or of those that do not. */
static void print_findings(const struct report *report, const struct hf_kind_info *kind,
			   bool failing, FILE *out)
{
	struct format_how plain = { 0 };
	size_t size;
	char *text = NULL;
	FILE *memory = open_memstream(&text, &size);

	if (!memory)
		alloc_failed();
	for (size_t i = 0; i < report->finding_count; i++)
		if (is_of(report, &report->findings[i], kind) &&
		    fails(&report->findings[i]) == failing)
			format_text_finding(&report->findings[i], memory, &plain);
	if (fclose(memory))
		alloc_failed();
	format_markup(out, text);
	free(text);
}

static bool has_notes(const struct report *report, const struct hf_kind_info *kind)
{
	for (size_t i = 0; i < report->finding_count; i++)
		if (is_of(report, &report->findings[i], kind) && !fails(&report->findings[i]))
			return true;
	return false;
}

static void print_case(const struct report *report, const struct hf_kind_info *kind, FILE *out)
{
	unsigned failures = count_failures(report, kind);

	fprintf(out, "    <testcase classname=\"holdfast\" name=\"%s\" time=\"0\">\n", kind->slug);
	if (failures) {
		fprintf(out, "      <failure type=\"%s\" message=\"", kind->slug);
		format_markup(out, kind->title);
		fprintf(out, " (%u)\">", failures);
		print_findings(report, kind, true, out);
		fputs("</failure>\n", out);
	}
	if (has_notes(report, kind)) {
		fputs("      <system-out>", out);
		print_findings(report, kind, false, out);
		fputs("</system-out>\n", out);
	}
	fputs("    </testcase>\n", out);
}

static void print_remarks(const struct report *report, FILE *out)
{
	fputs("    <system-out>", out);
	for (size_t i = 0; i < report->remark_count; i++) {
		format_markup(out, report->remarks[i]);
		putc('\n', out);
	}
	for (size_t i = 0; i < report->blind_count; i++) {
		fputs("not watched: ", out);
		format_markup(out, report->blind[i].path);
		putc('\n', out);
	}
	format_text_summary(report, out);
	fputs("</system-out>\n", out);
}

void format_junit(const struct report *report, FILE *out, const struct format_how *how)
{
	unsigned failures = count_failed_kinds(report);

	(void)how;
	fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n", out);
	fprintf(out, "<testsuites name=\"holdfast\" tests=\"%d\" failures=\"%u\" errors=\"0\">\n",
		HF_KIND_COUNT - 1, failures);
	fprintf(out,
		"  <testsuite name=\"holdfast\" tests=\"%d\" failures=\"%u\" errors=\"0\" "
		"skipped=\"0\" time=\"0\">\n",
		HF_KIND_COUNT - 1, failures);
	for (unsigned kind = HF_KIND_NONE + 1; kind < HF_KIND_COUNT; kind++)
		print_case(report, hf_kind_info(kind), out);
	print_remarks(report, out);
	fputs("  </testsuite>\n</testsuites>\n", out);
}
