/* SPDX-License-Identifier: MIT */
/* level: error */
/* via: fclose fflush exit */
#include "pair.h"

#define END_fclose(stream) fclose(stream)
#define END_fflush(stream) fflush(stream)
#define END_exit(stream) (void)stream

PAIR(file)
{
	FILE *stream = fopen(file, "r+");

	lockf(fileno(stream), F_LOCK, 0); /* TAKEN */
	fprintf(stream, "a line\n");
	lockf(fileno(stream), F_ULOCK, 0); /* HERE: the line is still in the buffer */
	BY(END_)(stream);
}
