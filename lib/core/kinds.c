/* SPDX-License-Identifier: MIT */
#include "kinds.h"

#include <string.h>

static const struct hf_kind_info kinds[HF_KIND_COUNT] = {
#define HF_KIND(NAME, SLUG, LEVEL, DEFAULT, BY, CWE, TITLE, WHAT, WHY, REPAIR)                     \
	[HF_KIND_##NAME] = {                                                                       \
		.slug = SLUG,                                                                      \
		.level = HF_LEVEL_##LEVEL,                                                         \
		.on_by_default = DEFAULT,                                                          \
		.by = HF_BY_##BY,                                                                  \
		.cwe = CWE,                                                                        \
		.title = TITLE,                                                                    \
		.what = WHAT,                                                                      \
		.why = WHY,                                                                        \
		.repair = REPAIR,                                                                  \
	},
#include "kinds.def"
#undef HF_KIND
};

const struct hf_kind_info *hf_kind_info(unsigned kind)
{
	return kind > HF_KIND_NONE && kind < HF_KIND_COUNT ? &kinds[kind] : NULL;
}

enum hf_kind hf_kind_find(const char *slug, size_t length)
{
	for (unsigned kind = HF_KIND_NONE + 1; kind < HF_KIND_COUNT; kind++)
		if (strlen(kinds[kind].slug) == length && !memcmp(kinds[kind].slug, slug, length))
			return (enum hf_kind)kind;
	return HF_KIND_NONE;
}

const char *hf_level_name(enum hf_level level)
{
	static const char *const names[] = { "none", "note", "warning", "error", "varies" };

	return names[level];
}
