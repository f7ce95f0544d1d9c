/* SPDX-License-Identifier: MIT */
#include "mounts.h"

#include <errno.h>
#include <string.h>

#include "fileid.h"

/* What is left of a line: its words are taken from the front. */
struct rest {
	const char *at;
	const char *end;
};

static bool take_word(struct rest *rest, const char **word, size_t *length)
{
	const char *blank;

	if (rest->at == rest->end)
		return false;
	blank = memchr(rest->at, ' ', (size_t)(rest->end - rest->at));
	*word = rest->at;
	*length = (size_t)((blank ? blank : rest->end) - rest->at);
	rest->at = blank ? blank + 1 : rest->end;
	return *length > 0;
}

static bool take_number(const char **text, const char *end, unsigned *ret)
{
	const char *from = *text;

	for (*ret = 0; *text < end && **text >= '0' && **text <= '9'; (*text)++)
		*ret = *ret * 10 + (unsigned)(**text - '0');
	return *text > from;
}

static bool take_device(const char *text, size_t length, uint64_t *ret)
{
	const char *end = text + length;
	unsigned major, minor;

	if (!take_number(&text, end, &major) || text == end || *text++ != ':' ||
	    !take_number(&text, end, &minor) || text != end)
		return false;
	*ret = hf_device(major, minor);
	return true;
}

/* Six words, then any number of optional ones up to a dash, then type, source and options. */
int hf_mount_line_parse(const char *line, size_t length, struct hf_mount_line *ret)
{
	struct rest rest = { line, line + length };
	struct hf_mount_line mount = { 0 };
	const char *word;
	size_t size;

	for (unsigned i = 0; i < 3; i++)
		if (!take_word(&rest, &word, &size))
			return -EINVAL;
	if (!take_device(word, size, &mount.dev))
		return -EINVAL;
	do
		if (!take_word(&rest, &word, &size))
			return -EINVAL;
	while (size != 1 || *word != '-');
	if (!take_word(&rest, &mount.type, &mount.type_length) || !take_word(&rest, &word, &size) ||
	    !take_word(&rest, &mount.options, &mount.options_length))
		return -EINVAL;
	*ret = mount;
	return 0;
}

static bool has_option(const struct hf_mount_line *mount, const char *option)
{
	const char *at = mount->options, *end = at + mount->options_length, *comma;
	size_t wanted = strlen(option);

	for (; at < end; at = comma + 1) {
		comma = memchr(at, ',', (size_t)(end - at));
		if (!comma)
			comma = end;
		if ((size_t)(comma - at) == wanted && !memcmp(at, option, wanted))
			return true;
	}
	return false;
}

bool hf_mount_keeps_locks(const struct hf_mount_line *mount, enum hf_primitive primitive)
{
	const char *of_kind = primitive == HF_PRIM_FLOCK ? "local_lock=flock" : "local_lock=posix";

	return has_option(mount, "nolock") || has_option(mount, "nobrl") ||
	       has_option(mount, "local_lock=all") || has_option(mount, of_kind);
}
