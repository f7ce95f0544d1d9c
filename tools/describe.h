/* SPDX-License-Identifier: MIT */
/*
 * The words of a report that every format shares: what is not already said by kinds.def. All text
 * is kept in the store that is given and lives as long as that.
 */
#ifndef HF_TOOLS_DESCRIBE_H
#define HF_TOOLS_DESCRIBE_H

#include <stdint.h>

#include "report.h"
#include "store.h"

/* As printf, into the store. */
const char *describe(struct store *memory, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* What happened: the sentences of kinds.def about this finding, a line each. */
const char *describe_message(struct store *memory, const struct report_finding *finding);

/* The titles of a finding's stacks. */
const char *describe_here(struct store *memory, const struct report_finding *finding);
const char *describe_taken(struct store *memory, const struct report_finding *finding);
const char *describe_holder(struct store *memory, const struct report_finding *finding);
const char *describe_opened(struct store *memory, const struct report_finding *finding);

/* What followed, "Then written without the lock: ...". then->here is already there. */
const char *describe_then(struct store *memory, const struct report_finding *finding,
			  const struct report_then *then);

/* "src/config.c:20"; "" when the frame has no line. */
const char *describe_place(struct store *memory, const struct report_frame *frame);

/* "read_config", or "libc.so.6+0x1234" where no function is known. */
const char *describe_function(struct store *memory, const struct report_frame *frame);

#endif
