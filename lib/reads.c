/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "reads.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

_Thread_local struct hf_reads_table hf_reads_table __attribute__((tls_model("initial-exec")));

static pthread_key_t key; /* only to free what a thread has in more when it ends */
static int key_error;

static void free_more(void *more)
{
	free(more);
}

static void make_key(void)
{
	key_error = pthread_key_create(&key, free_more);
}

/* Room for one more entry. */
int hf_reads_grow(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	unsigned room = hf_reads_table.used * 2;
	struct hf_reads *more;

	(void)pthread_once(&once, make_key);
	if (key_error)
		return -ENOMEM;
	more = realloc(hf_reads_table.more, room * sizeof(*more));
	if (!more)
		return -ENOMEM;
	if (!hf_reads_table.more)
		memcpy(more, hf_reads_table.few, sizeof(hf_reads_table.few));
	hf_reads_table.more = more;
	hf_reads_table.room = room;
	return -pthread_setspecific(key, more);
}
