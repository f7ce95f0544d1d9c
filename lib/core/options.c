/* SPDX-License-Identifier: MIT */
#include "options.h"

#include <limits.h>
#include <string.h>

#include "record.h"

/* A piece of the text that is being read. */
struct piece {
	const char *at;
	size_t length;
};

/* Reads a value of its type into field; what is wrong with it is in the words returned, else NULL.
 */
typedef const char *read_value(struct hf_options *options, void *field, struct piece value);

static bool piece_is(struct piece piece, const char *word)
{
	return strlen(word) == piece.length && !memcmp(piece.at, word, piece.length);
}

/* Cuts *rest at the first separator: what stands before it, and *rest what stands behind. */
static struct piece cut(struct piece *rest, char separator)
{
	const char *end = memchr(rest->at, separator, rest->length);
	struct piece head = { rest->at, end ? (size_t)(end - rest->at) : rest->length };
	size_t taken = head.length + (end ? 1 : 0);

	rest->at += taken;
	rest->length -= taken;
	return head;
}

/* A decimal number up to limit. */
static bool read_number(struct piece value, unsigned limit, unsigned *ret)
{
	uint64_t number = 0;

	for (size_t i = 0; i < value.length; i++) {
		if (value.at[i] < '0' || value.at[i] > '9')
			return false;
		number = number * 10 + (uint64_t)(value.at[i] - '0');
		if (number > limit)
			return false;
	}
	*ret = (unsigned)number;
	return value.length > 0;
}

static const char *read_BOOL(struct hf_options *options, void *field, struct piece value)
{
	unsigned number;

	(void)options;
	if (!read_number(value, 1, &number))
		return "is neither 0 nor 1";
	*(bool *)field = number;
	return NULL;
}

static const char *read_COUNT(struct hf_options *options, void *field, struct piece value)
{
	(void)options;
	return read_number(value, INT_MAX, field) ? NULL : "is no number up to 2147483647";
}

static const char *read_DEPTH(struct hf_options *options, void *field, struct piece value)
{
	unsigned depth;

	(void)options;
	if (!read_number(value, HF_STACK_MAX, &depth) || depth == 0)
		return "is no number from 1 to 32";
	*(unsigned *)field = depth;
	return NULL;
}

_Static_assert(HF_STACK_MAX == 32, "read_DEPTH and options.def name the limit");

static const char *read_LEVEL(struct hf_options *options, void *field, struct piece value)
{
	(void)options;
	for (enum hf_level level = HF_LEVEL_NONE; level <= HF_LEVEL_ERROR; level++) {
		if (piece_is(value, hf_level_name(level))) {
			*(enum hf_level *)field = level;
			return NULL;
		}
	}
	return "is none of none, note, warning and error";
}

static const char *read_PATH(struct hf_options *options, void *field, struct piece value)
{
	if (value.length == 0)
		return "is empty";
	*(const char **)field = value.at;
	options->record_length = value.length;
	return NULL;
}

static void enable_default(bool *enabled)
{
	for (unsigned kind = HF_KIND_NONE + 1; kind < HF_KIND_COUNT; kind++)
		enabled[kind] = hf_kind_info(kind)->on_by_default;
}

static bool read_check(bool *enabled, struct piece word)
{
	bool on = word.length == 0 || word.at[0] != '-';
	enum hf_kind kind;

	if (piece_is(word, "default")) {
		enable_default(enabled);
	} else if (piece_is(word, "all") || piece_is(word, "none")) {
		memset(enabled, word.at[0] == 'a', HF_KIND_COUNT * sizeof(*enabled));
	} else {
		if (word.length && (word.at[0] == '-' || word.at[0] == '+'))
			word = (struct piece){ word.at + 1, word.length - 1 };
		kind = hf_kind_find(word.at, word.length);
		if (kind == HF_KIND_NONE)
			return false;
		enabled[kind] = on;
	}
	return true;
}

static const char *read_CHECKS(struct hf_options *options, void *field, struct piece value)
{
	bool enabled[HF_KIND_COUNT];

	memcpy(enabled, field, sizeof(enabled));
	do {
		if (!read_check(enabled, cut(&value, ',')))
			return "names a kind of misuse that does not exist";
	} while (value.length);
	memcpy(options->enabled, enabled, sizeof(enabled));
	return NULL;
}

static const struct option {
	const char *key;
	size_t offset;
	read_value *read;
	const char *by_default;
	const char *form;
	const char *help;
} table[] = {
#define HF_OPTION(FIELD, KEY, TYPE, DEFAULT, FORM, HELP)                                           \
	{ KEY, offsetof(struct hf_options, FIELD), read_##TYPE, DEFAULT, FORM, HELP },
#include "options.def"
#undef HF_OPTION
};

#define TABLE_SIZE (sizeof(table) / sizeof(table[0]))

static const char *set(struct hf_options *options, const struct option *option, struct piece value)
{
	return option->read(options, (char *)options + option->offset, value);
}

static const struct option *find(struct piece key)
{
	for (size_t i = 0; i < TABLE_SIZE; i++)
		if (piece_is(key, table[i].key))
			return &table[i];
	return NULL;
}

void hf_options_default(struct hf_options *options, bool with_run)
{
	memset(options, 0, sizeof(*options));
	for (size_t i = 0; i < TABLE_SIZE; i++)
		if (table[i].by_default[0])
			(void)set(
				options, &table[i],
				(struct piece){ table[i].by_default, strlen(table[i].by_default) });
	options->to_stderr = !with_run;
}

/* What is wrong with one KEY=VALUE, or nothing. */
static void read_item(struct hf_options *options, struct piece item, struct hf_text *wrong)
{
	struct piece value = item;
	struct piece key = cut(&value, '=');
	const struct option *option = find(key);
	const char *why;

	if (!option) {
		hf_text_format(wrong, "\"%.*s\" is no key that this checker knows", (int)key.length,
			       key.at);
	} else if (key.length == item.length) {
		hf_text_format(wrong, "%s needs a value: %s=%s", option->key, option->key,
			       option->form);
	} else {
		why = set(options, option, value);
		if (why)
			hf_text_format(wrong, "%s: \"%.*s\" %s", option->key, (int)value.length,
				       value.at, why);
	}
}

void hf_options_parse(struct hf_options *options, const char *text, hf_options_complaint *complain,
		      void *ctx)
{
	struct piece rest = { text, strlen(text) };

	while (rest.length) {
		struct piece item = cut(&rest, ':');
		char sentence[200];
		struct hf_text wrong = hf_text_in(sentence, sizeof(sentence));

		if (item.length) /* a::b and a trailing colon are fine */
			read_item(options, item, &wrong);
		if (!wrong.used)
			continue;
		options->unknown++;
		if (complain)
			complain(ctx, sentence);
	}
}

_Static_assert(HF_KIND_COUNT <= 64, "a set of kinds fits 64 bits");

uint64_t hf_options_kinds_off(const struct hf_options *options)
{
	uint64_t ret = 0;

	for (unsigned kind = HF_KIND_NONE + 1; kind < HF_KIND_COUNT; kind++)
		ret |= (uint64_t)!options->enabled[kind] << kind;
	return ret;
}

bool hf_options_help_line(unsigned n, struct hf_text *ret)
{
	const struct option *option = &table[n];

	if (n >= TABLE_SIZE)
		return false;
	hf_text_format(ret, "%s=%s", option->key, option->form);
	if (option->by_default[0])
		hf_text_format(ret, " (%s)", option->by_default);
	hf_text_format(ret, ": %s", option->help);
	return true;
}
