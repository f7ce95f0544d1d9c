/* SPDX-License-Identifier: MIT */
/* How transparency prints what it does. */
#ifndef TRANSPARENCY_H
#define TRANSPARENCY_H

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define NO_FD 901	 /* never opened */
#define UNTOUCHED EPROTO /* an errno that none of these calls sets */

/* The result of a call and what it left in errno. */
#define CALL(call)                                                                                 \
	do {                                                                                       \
		errno = UNTOUCHED;                                                                 \
		long result_ = (long)(call);                                                       \
		int error_ = errno;                                                                \
		printf("%-60.60s %ld %s\n", #call, result_, strerrorname_np(error_));              \
	} while (0)

/* The same for a call that gives a pointer: is there one? */
#define CALL_POINTER(call) CALL((call) != NULL)

/*
 * Every call that reads, from fd, on which a file of more than a few bytes is open for reading and
 * writing.
 */
void transparency_reads(int fd);

/* Reading from a pipe on which nothing comes, interrupted and cancelled, on the descriptor number.
 */
void transparency_waits(int number);

#endif
