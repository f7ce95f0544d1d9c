/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "suppress.h"

#include <errno.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "describe.h"

enum key { KEY_KIND, KEY_FRAME, KEY_PATH, KEY_COUNT };

static const char *const key_names[KEY_COUNT] = { "kind", "frame", "path" };

struct word {
	enum key key;
	const char *glob;
};

struct rule {
	struct word *words;
	size_t word_count;
	unsigned line;
	unsigned findings; /* different ones that it muted */
	uint64_t seen;	   /* how often those were seen */
};

struct suppressions {
	char *name;
	char *text; /* NULL: the caller's. Globs point into it. */
	struct rule *rules;
	size_t rule_count;
};

static bool parse_key(const char *word, struct word *ret)
{
	for (unsigned key = 0; key < KEY_COUNT; key++) {
		size_t length = strlen(key_names[key]);

		if (!strncmp(word, key_names[key], length) && word[length] == ':') {
			*ret = (struct word){ (enum key)key, word + length + 1 };
			return *ret->glob != '\0';
		}
	}
	return false;
}

/* A kind spelled out must exist: a typing error would silently suppress nothing. */
static bool is_possible(const struct word *word)
{
	return word->key != KEY_KIND || strpbrk(word->glob, "*?[\\") ||
	       hf_kind_find(word->glob, strlen(word->glob)) != HF_KIND_NONE;
}

/* Cuts the next word off *at; a backslash takes the meaning of what follows, for fnmatch too. */
static char *next_word(char **at)
{
	char *word = *at + strspn(*at, " \t"), *end = word;

	while (*end && *end != ' ' && *end != '\t')
		end += end[0] == '\\' && end[1] ? 2 : 1;
	if (end == word)
		return NULL;
	*at = *end ? end + 1 : end;
	*end = '\0';
	return word;
}

static const char *parse_words(struct rule *rule, char *line)
{
	const char *problem = NULL;
	struct word parsed;
	char *word;

	while (!problem && (word = next_word(&line))) {
		if (!parse_key(word, &parsed))
			problem = "every word must be kind:GLOB, frame:GLOB or path:GLOB";
		else if (!is_possible(&parsed))
			problem = "there is no such kind; see holdfast explain";
		if (problem)
			break;
		rule->words = alloc_array(rule->words, rule->word_count + 1, sizeof(*rule->words));
		rule->words[rule->word_count++] = parsed;
	}
	return problem;
}

static const char *parse_line(struct suppressions *all, char *line, unsigned number)
{
	struct rule rule = { .line = number };
	const char *problem;

	line += strspn(line, " \t");
	if (!*line || *line == '#')
		return NULL;
	problem = parse_words(&rule, line);
	if (problem) {
		free(rule.words);
		return problem;
	}
	all->rules = alloc_array(all->rules, all->rule_count + 1, sizeof(*all->rules));
	all->rules[all->rule_count++] = rule;
	return NULL;
}

struct suppressions *suppress_parse(char *text, const char *name, char **ret_error)
{
	struct suppressions *all = alloc_zeroed(1, sizeof(*all));
	unsigned number = 0;
	char *line;

	all->name = alloc_string(name);
	while ((line = strsep(&text, "\n"))) {
		const char *problem;

		number++;
		line[strcspn(line, "\r")] = '\0';
		problem = parse_line(all, line, number);
		if (!problem)
			continue;
		*ret_error = alloc_format("%s:%u: %s", name, number, problem);
		suppress_free(all);
		return NULL;
	}
	return all;
}

static char *read_text(const char *path)
{
	FILE *file = fopen(path, "re");
	char *text = NULL;
	size_t size = 0;

	if (!file)
		return NULL;
	/* A NUL cannot be in a rule, so one read up to it is the whole text. */
	if (getdelim(&text, &size, '\0', file) < 0) {
		free(text);
		text = ferror(file) ? NULL : alloc_string("");
	}
	fclose(file);
	return text;
}

struct suppressions *suppress_read(const char *path, char **ret_error)
{
	char *text = read_text(path);
	struct suppressions *all;

	if (!text) {
		*ret_error = alloc_format("%s: %s", path, strerror(errno));
		return NULL;
	}
	all = suppress_parse(text, path, ret_error);
	if (all)
		all->text = text;
	else
		free(text);
	return all;
}

void suppress_free(struct suppressions *all)
{
	if (!all)
		return;
	for (size_t i = 0; i < all->rule_count; i++)
		free(all->rules[i].words);
	free(all->rules);
	free(all->name);
	free(all->text);
	free(all);
}

static bool glob_matches(const char *glob, const char *text)
{
	return text && *text && !fnmatch(glob, text, 0);
}

static bool frame_matches(const char *glob, const struct report_frame *frame)
{
	const char *slash = frame->file ? strrchr(frame->file, '/') : NULL;

	return glob_matches(glob, frame->function) || glob_matches(glob, frame->file) ||
	       (slash && glob_matches(glob, slash + 1)) || glob_matches(glob, frame->module);
}

static bool stack_matches(const char *glob, const struct report_stack *stack)
{
	for (size_t i = 0; stack && i < stack->count; i++)
		if (frame_matches(glob, &stack->frames[i]))
			return true;
	return false;
}

static bool word_matches(const struct word *word, const struct report_finding *finding)
{
	switch (word->key) {
	case KEY_KIND:
		return glob_matches(word->glob, finding->kind->slug);
	case KEY_FRAME:
		return stack_matches(word->glob, finding->here) ||
		       stack_matches(word->glob, finding->taken);
	default:
		return glob_matches(word->glob, finding->path);
	}
}

static bool rule_matches(const struct rule *rule, const struct report_finding *finding)
{
	for (size_t i = 0; i < rule->word_count; i++)
		if (!word_matches(&rule->words[i], finding))
			return false;
	return true;
}

/* The first rule that matches has it: counts add up to what is suppressed. */
static void apply_to(struct suppressions *all, struct report_finding *finding)
{
	for (size_t i = 0; i < all->rule_count; i++) {
		if (!rule_matches(&all->rules[i], finding))
			continue;
		finding->muted = REPORT_SUPPRESSED;
		all->rules[i].findings++;
		all->rules[i].seen += finding->count;
		return;
	}
}

static void remark_on(const struct suppressions *all, const struct rule *rule,
		      struct report *report)
{
	struct store *memory = &report->memory;

	if (!rule->findings)
		report_remark(report, describe(memory, "%s:%u: this suppression matched nothing",
					       all->name, rule->line));
	else if (rule->findings > SUPPRESS_BROAD)
		report_remark(report, describe(memory,
					       "%s:%u: this suppression is too broad: it hides %u "
					       "different findings",
					       all->name, rule->line, rule->findings));
	else
		report_remark(report,
			      describe(memory, "%s:%u: suppressed %u finding%s, seen %lu time%s",
				       all->name, rule->line, rule->findings,
				       rule->findings == 1 ? "" : "s", (unsigned long)rule->seen,
				       rule->seen == 1 ? "" : "s"));
}

void suppress_apply(struct suppressions *all, struct report *report)
{
	for (size_t i = 0; i < report->finding_count; i++)
		if (report->findings[i].muted == REPORT_HEARD)
			apply_to(all, &report->findings[i]);
	for (size_t i = 0; i < all->rule_count; i++)
		remark_on(all, &all->rules[i], report);
}

/* A text as a glob that matches it and nothing else. */
static void print_glob(const char *key, const char *text, FILE *out)
{
	fprintf(out, " %s:", key);
	for (; *text; text++) {
		if ((unsigned char)*text < ' ' && *text != '\t')
			putc('?', out); /* one character, whichever: a line cannot hold it */
		else
			fprintf(out, strchr("*?[]\\ \t", *text) ? "\\%c" : "%c", *text);
	}
}

/* The frame that tells most: the innermost of the program's own code that has a name. */
static const struct report_frame *telling_frame(const struct report_stack *stack)
{
	const struct report_frame *any = NULL;

	for (size_t i = 0; stack && i < stack->count; i++) {
		const struct report_frame *frame = &stack->frames[i];

		if (frame->function && frame->own)
			return frame;
		if (!any && frame->function)
			any = frame;
	}
	if (any || !stack || !stack->count)
		return any;
	return &stack->frames[0];
}

static void print_frame(const struct report_stack *stack, FILE *out)
{
	const struct report_frame *frame = telling_frame(stack);

	if (frame && frame->function)
		print_glob("frame", frame->function, out);
	else if (frame && *frame->module)
		print_glob("frame", frame->module, out);
}

void suppress_print(const struct report_finding *finding, FILE *out)
{
	fprintf(out, "# %s, id %s\n", finding->kind->title, finding->id);
	fprintf(out, "kind:%s", finding->kind->slug);
	print_frame(finding->here, out);
	print_frame(finding->taken, out);
	putc('\n', out);
}
