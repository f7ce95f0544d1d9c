/* SPDX-License-Identifier: MIT */
/*
 * The entries of kinds.def in words: what `holdfast explain` prints and what the generated pages
 * (docs/misuse.md, docs/holdfast-kinds.7) are made of.
 */
#ifndef HF_TOOLS_KINDTEXT_H
#define HF_TOOLS_KINDTEXT_H

#include <stddef.h>

#include "kinds.h"

/* A sentence about the level. */
const char *kind_level_text(const struct hf_kind_info *kind);

/* A sentence about who finds it, and whether it is looked for unasked. */
const char *kind_finder_text(const struct hf_kind_info *kind);

/* "CWE-667, CWE-404" into ret, cut at size. */
void kind_cwe_text(const struct hf_kind_info *kind, char *ret, size_t size);

/*
 * kind->what with every {name} written as open, name, close: what stands there in a report is known
 * only then. To be freed; NULL without memory.
 */
char *kind_what_text(const struct hf_kind_info *kind, const char *open, const char *close);

/*
 * The alternatives of kind->repair, one a call: *state starts as NULL. Returns the length of the
 * one that *state then points at, 0 after the last.
 */
size_t kind_next_repair(const struct hf_kind_info *kind, const char **state);

/* All kinds as one page; 0, or -errno without memory. */
int kinds_print_markdown(void);
int kinds_print_mdoc(void);

#endif
