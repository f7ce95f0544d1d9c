/* SPDX-License-Identifier: MIT */
/* The short text on stderr: module and offset, no symbols, one write for each finding. */
#ifndef HF_PRELOAD_ANNOUNCE_H
#define HF_PRELOAD_ANNOUNCE_H

#include "kinds.h"
#include "record.h"

/* file is the path that was recorded, NULL when there is none. */
void hf_announce_finding(const struct hf_rec_finding *finding, const char *file);

/* One line: the level of a finding rose because of that. */
void hf_announce_rise(const struct hf_rec_finding *finding, enum hf_level level,
		      const struct hf_rec_consequence *why);

/* In a fork child: what another thread of the parent had claimed is free. */
void hf_announce_forked(void);

#endif
