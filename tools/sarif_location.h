/* SPDX-License-Identifier: MIT */
/* Places in SARIF: frames as location objects, and the steps of a finding's story. */
#ifndef HF_TOOLS_SARIF_LOCATION_H
#define HF_TOOLS_SARIF_LOCATION_H

#include <jansson.h>

#include "report.h"

#define SARIF_STEPS_MAX (3 + REPORT_THEN_MAX)

struct sarif_step {
	const struct report_frame *frame;
	const char *title;
};

/* In the order in which they happened; only those that have a line. */
struct sarif_steps {
	struct sarif_step step[SARIF_STEPS_MAX];
	size_t count;
};

void sarif_find_steps(const struct report_finding *finding, struct sarif_steps *ret);

/* title may be NULL. A frame without a line becomes a logical location. */
json_t *sarif_location(const struct report_frame *frame, const char *title);

/* Where the result is: code scanning wants a file, so the locked one stands in where no line is
 * known. */
json_t *sarif_primary(const struct report_finding *finding);

#endif
