/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "utf8.h"

#include <stdint.h>
#include <string.h>

#include "alloc.h"

static const char replacement[] = "\xef\xbf\xbd";

static size_t length_by_lead(unsigned char lead)
{
	if (lead < 0x80)
		return 1;
	if (lead >= 0xc2 && lead < 0xe0)
		return 2;
	if (lead >= 0xe0 && lead < 0xf0)
		return 3;
	return lead >= 0xf0 && lead < 0xf5 ? 4 : 0;
}

/* Too long a form, a surrogate, or beyond the last character: what the lead alone does not tell. */
static int is_forbidden(const unsigned char *s, size_t length)
{
	return (length == 3 && s[0] == 0xe0 && s[1] < 0xa0) ||
	       (length == 3 && s[0] == 0xed && s[1] >= 0xa0) ||
	       (length == 4 && s[0] == 0xf0 && s[1] < 0x90) ||
	       (length == 4 && s[0] == 0xf4 && s[1] >= 0x90);
}

size_t utf8_length(const char *text)
{
	const unsigned char *s = (const unsigned char *)text;
	size_t length = length_by_lead(*s);

	for (size_t i = 1; i < length; i++)
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	return is_forbidden(s, length) ? 0 : length;
}

char *utf8_clean(const char *text)
{
	char *ret = alloc_bytes(strlen(text) * 3 + 1), *to = ret;

	while (*text) {
		size_t length = utf8_length(text);

		memcpy(to, length ? text : replacement, length ? length : 3);
		to += length ? length : 3;
		text += length ? length : 1;
	}
	*to = '\0';
	return ret;
}
