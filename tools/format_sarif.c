/* SPDX-License-Identifier: MIT */
/*
 * A report for code scanning: SARIF 2.1.0. Every kind of kinds.def is a rule; a finding is a result
 * that points at the call, with the acquisition and what followed as related locations and as the
 * steps of a code flow.
 */
#include "config.h"

#include <ctype.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "format.h"
#include "jsontext.h"
#include "sarif_location.h"

static json_t *text_object(const char *text)
{
	json_t *object = json_object();

	json_add(object, "text", json_text(text));
	return object;
}

/* "close-drops-lock" as "CloseDropsLock". */
static json_t *pascal_case(const char *slug)
{
	char name[64];
	size_t n = 0;
	bool upper = true;

	for (; *slug && n < sizeof(name) - 1; slug++) {
		if (*slug != '-')
			name[n++] = (char)(upper ? toupper((unsigned char)*slug) : *slug);
		upper = *slug == '-';
	}
	name[n] = '\0';
	return json_text(name);
}

static json_t *help_object(const struct hf_kind_info *kind)
{
	char *text = alloc_format("%s\n\nRepair: %s\n", kind->why, kind->repair);
	char *markdown =
		alloc_format("%s\n\n**Repair** (any one): %s\n\nMore: `holdfast explain %s`\n",
			     kind->why, kind->repair, kind->slug);
	json_t *object = text_object(text);

	json_add(object, "markdown", json_text(markdown));
	free(markdown);
	free(text);
	return object;
}

static json_t *tag_array(const struct hf_kind_info *kind)
{
	json_t *array = json_array();
	const char *cwe = kind->cwe;

	json_append(array, json_text("reliability"));
	while (*cwe) {
		char *tag = alloc_format("external/cwe/cwe-%03ld", strtol(cwe, NULL, 10));

		json_append(array, json_text(tag));
		free(tag);
		cwe += strcspn(cwe, ",");
		cwe += *cwe == ',';
	}
	return array;
}

/* The level of a rule before anything is known; where consequences decide, it is an error's. */
static const char *rule_level(const struct hf_kind_info *kind)
{
	if (kind->level == HF_LEVEL_OF_CONSEQUENCE)
		return hf_level_name(HF_LEVEL_ERROR);
	return hf_level_name(kind->level);
}

static json_t *rule_object(const struct hf_kind_info *kind)
{
	json_t *object = json_object(), *configuration = json_object(), *properties = json_object();

	json_add(object, "id", json_text(kind->slug));
	json_add(object, "name", pascal_case(kind->slug));
	json_add(object, "shortDescription", text_object(kind->title));
	json_add(object, "fullDescription", text_object(kind->why));
	json_add(object, "help", help_object(kind));
	json_add(configuration, "level", json_text(rule_level(kind)));
	json_add(object, "defaultConfiguration", configuration);
	json_add(properties, "tags", tag_array(kind));
	json_add(properties, "precision", json_text("very-high"));
	json_add(
		properties, "problem.severity",
		json_text(!strcmp(rule_level(kind), "note") ? "recommendation" : rule_level(kind)));
	json_add(object, "properties", properties);
	return object;
}

static json_t *driver_object(void)
{
	json_t *object = json_object(), *rules = json_array();

	json_add(object, "name", json_text("holdfast"));
	json_add(object, "version", json_text(PACKAGE_VERSION));
	json_add(object, "semanticVersion", json_text(PACKAGE_VERSION));
	for (unsigned kind = HF_KIND_NONE + 1; kind < HF_KIND_COUNT; kind++)
		json_append(rules, rule_object(hf_kind_info(kind)));
	json_add(object, "rules", rules);
	return object;
}

/* The sentences with links to the related locations, whose ids are their places in the array. */
static json_t *message_object(const struct report_finding *finding, const struct sarif_steps *steps)
{
	char *text = alloc_string(finding->message);
	json_t *object;

	for (size_t i = 0; i < steps->count; i++) {
		char *longer = alloc_format("%s\n[%s](%zu)", text, steps->step[i].title, i + 1);

		free(text);
		text = longer;
	}
	for (char *c = text; *c; c++)
		if (*c == '\n')
			*c = ' ';
	object = text_object(text);
	free(text);
	return object;
}

static json_t *related_array(const struct sarif_steps *steps)
{
	json_t *array = json_array();

	for (size_t i = 0; i < steps->count; i++) {
		json_t *location = sarif_location(steps->step[i].frame, steps->step[i].title);

		json_add(location, "id", json_integer((json_int_t)i + 1));
		json_append(array, location);
	}
	return array;
}

static json_t *flow_array(const struct sarif_steps *steps)
{
	json_t *locations = json_array(), *thread = json_object(), *flow = json_object();
	json_t *threads = json_array(), *flows = json_array();

	for (size_t i = 0; i < steps->count; i++) {
		json_t *step = json_object();

		json_add(step, "location",
			 sarif_location(steps->step[i].frame, steps->step[i].title));
		json_append(locations, step);
	}
	json_add(thread, "locations", locations);
	json_append(threads, thread);
	json_add(flow, "threadFlows", threads);
	json_append(flows, flow);
	return flows;
}

static json_t *stack_object(const struct report_stack *stack)
{
	json_t *object = json_object(), *frames = json_array();

	json_add(object, "message", text_object(stack->title));
	for (size_t i = 0; i < stack->count; i++) {
		json_t *frame = json_object();

		json_add(frame, "location", sarif_location(&stack->frames[i], NULL));
		json_add(frame, "module", json_text(stack->frames[i].module));
		json_append(frames, frame);
	}
	json_add(object, "frames", frames);
	return object;
}

static json_t *stack_array(const struct report_finding *finding)
{
	const struct report_stack *stacks[] = { finding->here, finding->taken, finding->opened };
	json_t *array = json_array();

	for (size_t i = 0; i < sizeof(stacks) / sizeof(stacks[0]); i++)
		if (stacks[i] && stacks[i]->count)
			json_append(array, stack_object(stacks[i]));
	return array;
}

static json_t *fingerprint_object(const struct report_finding *finding)
{
	json_t *object = json_object();
	char *hash = alloc_format("%s:1", finding->id);

	json_add(object, "primaryLocationLineHash", json_text(hash));
	free(hash);
	return object;
}

/* What is muted is in the log all the same, marked as such. */
static void add_muting(json_t *result, const struct report_finding *finding)
{
	json_t *array, *object;

	json_add(result, "baselineState",
		 json_text(finding->muted == REPORT_KNOWN ? "unchanged" : "new"));
	if (finding->muted != REPORT_SUPPRESSED)
		return;
	array = json_array();
	object = json_object();
	json_add(object, "kind", json_text("external"));
	json_append(array, object);
	json_add(result, "suppressions", array);
}

static json_t *property_object(const struct report_finding *finding)
{
	json_t *object = json_object();

	json_add(object, "lockedFile", json_text(finding->path));
	json_add(object, "proof", json_text(finding->proof));
	if (finding->image)
		json_add(object, "pid", json_integer(finding->image->pid));
	return object;
}

static json_t *result_object(const struct report_finding *finding)
{
	json_t *object = json_object(), *locations = json_array();
	struct sarif_steps steps;

	sarif_find_steps(finding, &steps);
	json_add(object, "ruleId", json_text(finding->kind->slug));
	json_add(object, "ruleIndex", json_integer(finding->record->kind - 1));
	json_add(object, "level", json_text(hf_level_name(finding->level)));
	json_add(object, "message", message_object(finding, &steps));
	json_append(locations, sarif_primary(finding));
	json_add(object, "locations", locations);
	json_add(object, "partialFingerprints", fingerprint_object(finding));
	json_add(object, "occurrenceCount", json_integer((json_int_t)finding->count));
	json_add(object, "stacks", stack_array(finding));
	if (steps.count) {
		json_add(object, "relatedLocations", related_array(&steps));
		json_add(object, "codeFlows", flow_array(&steps));
	}
	add_muting(object, finding);
	json_add(object, "properties", property_object(finding));
	return object;
}

static void add_notification(json_t *array, const char *level, const char *text)
{
	json_t *object = json_object();

	json_add(object, "level", json_text(level));
	json_add(object, "message", text_object(text));
	json_append(array, object);
}

static json_t *invocation_array(const struct report *report)
{
	json_t *array = json_array(), *object = json_object(), *notes = json_array();

	for (size_t i = 0; i < report->remark_count; i++)
		add_notification(notes, "warning", report->remarks[i]);
	for (size_t i = 0; i < report->blind_count; i++) {
		char *text = alloc_format("not watched: %s", report->blind[i].path);

		add_notification(notes, "note", text);
		free(text);
	}
	json_add(object, "executionSuccessful", json_true());
	json_add(object, "toolExecutionNotifications", notes);
	json_append(array, object);
	return array;
}

static json_t *run_object(const struct report *report)
{
	json_t *object = json_object(), *tool = json_object(), *results = json_array();

	json_add(tool, "driver", driver_object());
	json_add(object, "tool", tool);
	json_add(object, "columnKind", json_text("unicodeCodePoints"));
	json_add(object, "invocations", invocation_array(report));
	for (size_t i = 0; i < report->finding_count; i++)
		if (report->findings[i].level > HF_LEVEL_NOTE || report->options.notes)
			json_append(results, result_object(&report->findings[i]));
	json_add(object, "results", results);
	return object;
}

void format_sarif(const struct report *report, FILE *out, const struct format_how *how)
{
	json_t *object = json_object(), *runs = json_array();

	(void)how;
	json_add(object, "$schema", json_text("https://json.schemastore.org/sarif-2.1.0.json"));
	json_add(object, "version", json_text("2.1.0"));
	json_append(runs, run_object(report));
	json_add(object, "runs", runs);
	json_print(out, object, JSON_INDENT(1));
	putc('\n', out);
}
