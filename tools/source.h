/* SPDX-License-Identifier: MIT */
/* Lines of the sources that findings point at, where the source is there. */
#ifndef HF_TOOLS_SOURCE_H
#define HF_TOOLS_SOURCE_H

/* Line number (from 1) of a file without its newline; to be freed. NULL when it cannot be had. */
char *source_line(const char *path, int number);

#endif
