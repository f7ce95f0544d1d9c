/* SPDX-License-Identifier: MIT */
/*
 * Suppressions: findings that somebody has looked at and decided to live with.
 *
 * A file of rules, one a line; # starts a comment line. A rule is words KEY:GLOB, all of which must
 * match the finding, each key as often as one likes:
 *
 *	kind:close-drops-lock frame:read_config path:*.db
 *
 *   kind   the kind of misuse
 *   frame  some frame of the stacks of the call and of the acquisition: its function, its file (as
 *          printed, or the base name), or its module
 *   path   the locked file
 *
 * Globs are those of fnmatch(3), a * also matches slashes; a blank in a glob is written "\ ". Every
 * rule is counted; one that matches nothing, or more than SUPPRESS_BROAD different findings, is
 *told.
 */
#ifndef HF_TOOLS_SUPPRESS_H
#define HF_TOOLS_SUPPRESS_H

#include <stddef.h>
#include <stdio.h>

#include "report.h"

#define SUPPRESS_BROAD 3

struct suppressions;

/*
 * Reads rules from text, which is changed. NULL when a line is wrong: *ret_error is then a
 * sentence, to be freed, that begins with name and the line's number.
 */
struct suppressions *suppress_parse(char *text, const char *name, char **ret_error);

/* The same from a file. */
struct suppressions *suppress_read(const char *path, char **ret_error);

void suppress_free(struct suppressions *suppressions);

/* Mutes what matches, and adds remarks about the rules. report_count() is then due. */
void suppress_apply(struct suppressions *suppressions, struct report *report);

/* Prints a rule that matches this finding, with a comment before it. */
void suppress_print(const struct report_finding *finding, FILE *out);

#endif
