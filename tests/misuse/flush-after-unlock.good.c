/* SPDX-License-Identifier: MIT */
/* via: fclose fflush exit */
#include "pair.h"

#define END_fclose(stream) fclose(stream)
#define END_fflush(stream) fflush(stream)
#define END_exit(stream) (void)stream

#define WHOLE(type) (&(struct flock){ .l_type = type, .l_whence = SEEK_SET })

PAIR(file)
{
	FILE *stream = fopen(file, "r+");

	fcntl(fileno(stream), F_SETLKW, WHOLE(F_WRLCK));
	fprintf(stream, "a line\n");
	fflush(stream);
	fcntl(fileno(stream), F_SETLK, WHOLE(F_UNLCK));
	BY(END_)(stream);
}
