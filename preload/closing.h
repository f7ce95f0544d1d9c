/* SPDX-License-Identifier: MIT */
/* What leaves the ledger with descriptors that the program closes. Needs the section. */
#ifndef HF_PRELOAD_CLOSING_H
#define HF_PRELOAD_CLOSING_H

#include <stdint.h>

#include "audit.h"

/* Descriptors first..last are closed; nothing is when first > last. */
struct hf_closing {
	struct hf_culprit culprit;
	int first;
	int last;
	int replaced;  /* the number that gets another description; HF_NO_FD */
	uint64_t time; /* holds taken later belong to somebody else */
};

struct hf_closing hf_closing_of(const char *via, int first, int last);

/* Holds that were taken through these descriptors, on the file or on all files, are released. */
void hf_closing_release(struct hf_file *file, const struct hf_closing *closing);
void hf_closing_release_all(const struct hf_closing *closing);

#endif
