/* SPDX-License-Identifier: MIT */
#include "proclocks.h"

#include <errno.h>
#include <string.h>

/* What is left of the line. Every reader below steps over what it read, or returns false. */
struct text {
	const char *at;
	const char *end;
};

static unsigned skip_blanks(struct text *t)
{
	const char *first = t->at;

	while (t->at < t->end && (*t->at == ' ' || *t->at == '\t'))
		t->at++;
	return (unsigned)(t->at - first);
}

static bool read_word(struct text *t, const char *word)
{
	size_t length = strlen(word);

	if ((size_t)(t->end - t->at) < length || memcmp(t->at, word, length))
		return false;
	t->at += length;
	return true;
}

static bool read_number(struct text *t, unsigned base, uint64_t *ret)
{
	const char *first = t->at;
	uint64_t n = 0;

	for (; t->at < t->end; t->at++) {
		char c = *t->at;
		unsigned digit = c >= '0' && c <= '9'		      ? (unsigned)(c - '0')
				 : base == 16 && c >= 'a' && c <= 'f' ? (unsigned)(c - 'a') + 10
								      : 99;

		if (digit >= base)
			break;
		if (n > (UINT64_MAX - digit) / base)
			return false;
		n = n * base + digit;
	}
	*ret = n;
	return t->at > first;
}

static bool read_pid(struct text *t, int32_t *ret)
{
	bool negative = read_word(t, "-");
	uint64_t n;

	if (!read_number(t, 10, &n) || n > INT32_MAX)
		return false;
	*ret = negative ? -(int32_t)n : (int32_t)n;
	return true;
}

static bool read_primitive(struct text *t, enum hf_primitive *ret)
{
	if (read_word(t, "POSIX"))
		*ret = HF_PRIM_POSIX;
	else if (read_word(t, "OFDLCK"))
		*ret = HF_PRIM_OFD;
	else if (read_word(t, "FLOCK"))
		*ret = HF_PRIM_FLOCK;
	else
		return false;
	return true;
}

/* Steps over ADVISORY, MANDATORY, *NOINODE* and the like. */
static bool skip_word(struct text *t)
{
	const char *first = t->at;

	while (t->at < t->end && *t->at != ' ' && *t->at != '\t')
		t->at++;
	return t->at > first;
}

static bool read_mode(struct text *t, enum hf_lockmode *ret)
{
	if (read_word(t, "READ"))
		*ret = HF_MODE_READ;
	else if (read_word(t, "WRITE"))
		*ret = HF_MODE_WRITE;
	else if (read_word(t, "UNLCK"))
		*ret = HF_MODE_NONE;
	else
		return false;
	return true;
}

/* As the kernel prints it: major and minor in hexadecimal, then the inode in decimal. */
static bool read_fileid(struct text *t, struct hf_fileid *ret)
{
	uint64_t major, minor;

	if (!read_number(t, 16, &major) || !read_word(t, ":") || !read_number(t, 16, &minor) ||
	    !read_word(t, ":") || !read_number(t, 10, &ret->ino))
		return false;
	ret->dev = hf_device(major, minor);
	return true;
}

static bool read_end(struct text *t, uint64_t *ret)
{
	if (read_word(t, "EOF")) {
		*ret = HF_EOF;
		return true;
	}
	return read_number(t, 10, ret);
}

static bool is_other_lease(struct text t)
{
	return read_word(&t, "LEASE") || read_word(&t, "DELEG") || read_word(&t, "LAYOUT") ||
	       read_word(&t, "ACCESS") || read_word(&t, "UNKNOWN");
}

int hf_proclock_parse(const char *line, size_t length, struct hf_proclock *ret)
{
	struct text t = { line, line + length };
	struct hf_proclock lock = { 0 };

	(void)read_word(&t, "lock:");
	(void)skip_blanks(&t);
	if (!read_number(&t, 10, &lock.number) || !read_word(&t, ":"))
		return -EINVAL;
	/* The kernel indents a request by one blank for each request that it stands behind. */
	lock.depth = skip_blanks(&t);
	lock.waiting = read_word(&t, "->");
	if (!lock.waiting)
		lock.depth = 0;
	(void)skip_blanks(&t);
	if (is_other_lease(t))
		return -ENOENT;
	if (!read_primitive(&t, &lock.primitive))
		return -EINVAL;
	(void)skip_blanks(&t);
	if (!skip_word(&t))
		return -EINVAL;
	(void)skip_blanks(&t);
	if (!read_mode(&t, &lock.mode))
		return -EINVAL;
	(void)skip_blanks(&t);
	if (!read_pid(&t, &lock.pid))
		return -EINVAL;
	(void)skip_blanks(&t);
	if (!read_fileid(&t, &lock.id))
		return -EINVAL;
	(void)skip_blanks(&t);
	if (!read_number(&t, 10, &lock.start))
		return -EINVAL;
	(void)skip_blanks(&t);
	if (!read_end(&t, &lock.end) || lock.end < lock.start)
		return -EINVAL;
	*ret = lock;
	return 0;
}
