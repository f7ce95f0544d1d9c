/* SPDX-License-Identifier: MIT */
/* A report for people: what happened, where, what followed, how it is known, what to do. */
#include "config.h"

#include "format.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "describe.h"

#define WIDTH 100
#define FUNCTION_WIDTH 20
#define PLACE_WIDTH 26

enum paint { PAINT_ERROR, PAINT_WARNING, PAINT_NOTE, PAINT_OWN, PAINT_DIM, PAINT_OFF };

static const char *paint(const struct format_how *how, enum paint which)
{
	static const char *const codes[] = {
		[PAINT_ERROR] = "\033[1;31m", [PAINT_WARNING] = "\033[1;33m",
		[PAINT_NOTE] = "\033[1;36m",  [PAINT_OWN] = "\033[1m",
		[PAINT_DIM] = "\033[2m",      [PAINT_OFF] = "\033[0m",
	};

	return how->colour ? codes[which] : "";
}

/* How many columns a UTF-8 text takes, when each character takes one. */
static int columns(const char *text, size_t length)
{
	int n = 0;

	for (size_t i = 0; i < length; i++)
		n += ((unsigned char)text[i] & 0xc0) != 0x80;
	return n;
}

/* Control characters of a path or a name must not reach a terminal. */
static void put(FILE *out, const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++)
		putc((unsigned char)text[i] < ' ' || text[i] == 0x7f ? '?' : text[i], out);
}

/* Words of text from column at on, wrapped; lines after the first begin with indent blanks. */
static void wrap(FILE *out, const char *text, int at, int indent)
{
	bool first = true;

	while (*(text += strspn(text, " "))) {
		size_t length = strcspn(text, " ");
		int width = columns(text, length);

		if (!first && at + 1 + width > WIDTH) {
			fprintf(out, "\n%*s", indent, "");
			at = indent;
		} else if (!first) {
			putc(' ', out);
			at++;
		}
		put(out, text, length);
		at += width;
		text += length;
		first = false;
	}
	putc('\n', out);
}

static void labelled(FILE *out, const char *label, const char *text)
{
	int width = fprintf(out, "  %s", label);

	wrap(out, text, width, 4);
}

static void print_message(FILE *out, const char *message)
{
	while (*message) {
		size_t length = strcspn(message, "\n");
		char *line = strndup(message, length);

		fputs("  ", out);
		wrap(out, line ? line : "", 2, 2);
		free(line);
		message += length + (message[length] == '\n');
	}
}

static void pad(FILE *out, int used, int width)
{
	fprintf(out, "%*s", used < width ? width - used : 1, "");
}

static void print_number(FILE *out, const char *function, size_t number)
{
	char text[24];

	snprintf(text, sizeof(text), "#%zu", number);
	fprintf(out, "    %-3s %s", text, function);
}

static void print_frame(FILE *out, const struct format_how *how, const struct report_frame *frame,
			size_t number)
{
	char name[64], place[4096] = "";
	const char *function = frame->function;

	if (!function) {
		snprintf(name, sizeof(name), "+0x%" PRIx64, frame->offset);
		function = name;
	}
	if (frame->file)
		snprintf(place, sizeof(place), "%s:%d", frame->file, frame->line);
	fputs(paint(how, frame->own ? PAINT_OWN : PAINT_DIM), out);
	print_number(out, function, number);
	pad(out, columns(function, strlen(function)), FUNCTION_WIDTH);
	put(out, place, strlen(place));
	pad(out, columns(place, strlen(place)), PLACE_WIDTH);
	put(out, frame->module, strlen(frame->module));
	fprintf(out, "%s%s\n", frame->inlined ? " (inlined)" : "", paint(how, PAINT_OFF));
}

/* Frames of the system's libraries say little one by one where neither name nor line is known. */
static bool is_quiet(const struct report_frame *frame)
{
	return !frame->own && !frame->function && !frame->file;
}

static size_t quiet_run(const struct report_stack *stack, size_t from)
{
	size_t i = from;

	while (i < stack->count && is_quiet(&stack->frames[i]) &&
	       !strcmp(stack->frames[i].module, stack->frames[from].module))
		i++;
	return i - from;
}

static void print_quiet(FILE *out, const struct format_how *how, const struct report_stack *stack,
			size_t from, size_t run, size_t number)
{
	fprintf(out, "%s    #%zu..#%zu  %zu frames without names in %s%s\n", paint(how, PAINT_DIM),
		number, number + run - 1, run, stack->frames[from].module, paint(how, PAINT_OFF));
}

static void print_frames(FILE *out, const struct format_how *how, const struct report_stack *stack)
{
	for (size_t i = 0; i < stack->count;) {
		size_t run = quiet_run(stack, i);

		if (run > 2) {
			print_quiet(out, how, stack, i, run, i + 1);
			i += run;
		} else {
			print_frame(out, how, &stack->frames[i], i + 1);
			i++;
		}
	}
	if (!stack->count)
		fputs("    (no stack)\n", out);
}

/* The interposed function is not in the stack: it is the call that the innermost frame makes. */
static void print_call(FILE *out, const struct format_how *how,
		       const struct report_finding *finding)
{
	char via[HF_VIA_LENGTH + 1] = "";

	memcpy(via, finding->record->via, HF_VIA_LENGTH);
	if (!*via)
		return;
	fputs(paint(how, PAINT_DIM), out);
	print_number(out, via, 0);
	fprintf(out, "%s\n", paint(how, PAINT_OFF));
}

static void print_stack(FILE *out, const struct format_how *how, const struct report_stack *stack)
{
	if (!stack)
		return;
	labelled(out, "", stack->title);
	print_frames(out, how, stack);
}

static void print_title(const struct report_finding *finding, FILE *out,
			const struct format_how *how)
{
	static const char *const levels[] = { "", "NOTE", "WARNING", "ERROR" };
	static const enum paint paints[] = { PAINT_OFF, PAINT_NOTE, PAINT_WARNING, PAINT_ERROR };
	const struct hf_image *image = finding->image;

	fprintf(out, "%s%s: %s [%s]%s", paint(how, paints[finding->level]), levels[finding->level],
		finding->kind->title, finding->kind->slug, paint(how, PAINT_OFF));
	if (image) {
		fprintf(out, "   pid %d (", image->pid);
		put(out, image->name, strnlen(image->name, sizeof(image->name)));
		putc(')', out);
	}
	putc('\n', out);
}

/* "667,404" as "CWE-667 CWE-404". */
static void print_cwe(FILE *out, const char *cwe)
{
	while (*cwe) {
		size_t length = strcspn(cwe, ",");

		fprintf(out, "CWE-%.*s ", (int)length, cwe);
		cwe += length + (cwe[length] == ',');
	}
}

static void print_foot(const struct report_finding *finding, FILE *out)
{
	fputs("  ", out);
	print_cwe(out, finding->kind->cwe);
	fprintf(out, "  holdfast explain %s   id %s", finding->kind->slug, finding->id);
	if (finding->count == 1)
		fputs("   seen once\n", out);
	else
		fprintf(out, "   seen %" PRIu64 " times\n", finding->count);
}

void format_text_finding(const struct report_finding *finding, FILE *out,
			 const struct format_how *how)
{
	print_title(finding, out, how);
	print_message(out, finding->message);
	print_message(out, finding->kind->why);
	putc('\n', out);
	labelled(out, "", finding->here->title);
	print_call(out, how, finding);
	print_frames(out, how, finding->here);
	print_stack(out, how, finding->taken);
	print_stack(out, how, finding->opened);
	for (size_t i = 0; i < finding->then_count; i++)
		labelled(out, "", finding->then[i].sentence);
	if (*finding->proof)
		labelled(out, "Proof: ", finding->proof);
	labelled(out, strchr(finding->kind->repair, '|') ? "Repair (any one): " : "Repair: ",
		 finding->kind->repair);
	print_foot(finding, out);
	putc('\n', out);
}

static const char *plural(unsigned long n)
{
	return n == 1 ? "" : "s";
}

void format_text_summary(const struct report *report, FILE *out)
{
	const struct report_summary *sum = &report->summary;

	fprintf(out, "holdfast: %lu error%s, %lu warning%s, %lu note%s in %lu process%s (",
		sum->errors, plural(sum->errors), sum->warnings, plural(sum->warnings), sum->notes,
		plural(sum->notes), sum->processes, sum->processes == 1 ? "" : "es");
	fprintf(out, "%" PRIu64 " lock%s on %lu file%s; %lu suppressed; ", sum->locks,
		sum->locks == 1 ? "" : "s", sum->files, plural(sum->files), sum->suppressed);
	if (sum->known)
		fprintf(out, "%lu in the baseline; ", sum->known);
	fprintf(out, "%zu program%s not watched)", report->blind_count,
		plural(report->blind_count));
}

static void print_asides(const struct report *report, FILE *out)
{
	const struct report_summary *sum = &report->summary;

	for (size_t i = 0; i < report->remark_count; i++)
		fprintf(out, "holdfast: %s\n", report->remarks[i]);
	if (sum->findings_lost)
		fprintf(out, "holdfast: the recording was full: %" PRIu64 " records were lost\n",
			sum->findings_lost);
	for (size_t i = 0; i < report->blind_count; i++) {
		fputs("holdfast: not watched: ", out);
		put(out, report->blind[i].path, strlen(report->blind[i].path));
		fprintf(out, "%s%s\n", *report->blind[i].reason ? ": " : "",
			report->blind[i].reason);
	}
}

void format_text(const struct report *report, FILE *out, const struct format_how *how)
{
	for (size_t i = 0; i < report->finding_count; i++)
		if (report_shows(report, &report->findings[i]))
			format_text_finding(&report->findings[i], out, how);
	print_asides(report, out);
	format_text_summary(report, out);
	putc('\n', out);
}
