/* SPDX-License-Identifier: MIT */
/* The table made of kinds.def: what there is to know about a kind of misuse. */
#ifndef HF_CORE_KINDS_H
#define HF_CORE_KINDS_H

#include <stdbool.h>
#include <stddef.h>

enum hf_level {
	HF_LEVEL_NONE,
	HF_LEVEL_NOTE,
	HF_LEVEL_WARNING,
	HF_LEVEL_ERROR,
	HF_LEVEL_OF_CONSEQUENCE /* only in the table, never in a report */
};

enum hf_judge_by { HF_BY_SHIM, HF_BY_COMMAND };

enum hf_kind {
	HF_KIND_NONE,
#define HF_KIND(NAME, ...) HF_KIND_##NAME,
#include "kinds.def"
#undef HF_KIND
	HF_KIND_COUNT
};

struct hf_kind_info {
	const char *slug;
	enum hf_level level;
	bool on_by_default;
	enum hf_judge_by by;
	const char *cwe;
	const char *title;
	const char *what;
	const char *why;
	const char *repair;
};

/* NULL for a number that is no kind: a recording may come from a newer holdfast. */
const struct hf_kind_info *hf_kind_info(unsigned kind);

/* HF_KIND_NONE when there is no kind of that name; length bytes of slug are compared. */
enum hf_kind hf_kind_find(const char *slug, size_t length);

/* "error", "warning", "note". */
const char *hf_level_name(enum hf_level level);

#endif
