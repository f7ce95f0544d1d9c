/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "reads.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define FEW 8 /* so many locks at once need no memory */

/* Entries 0 to used - 1 are those with a count; more is NULL while they fit into few. */
struct table {
	struct hf_reads few[FEW];
	struct hf_reads *more;
	unsigned used;
	unsigned room; /* of more */
};

static _Thread_local struct table table __attribute__((tls_model("initial-exec")));

static pthread_key_t key; /* only to free table.more when a thread ends */
static int key_error;

static void free_more(void *more)
{
	free(more);
}

static void make_key(void)
{
	key_error = pthread_key_create(&key, free_more);
}

static struct hf_reads *entries(void)
{
	return table.more ? table.more : table.few;
}

struct hf_reads *hf_reads_find(const struct hf_rwlock *lock)
{
	struct hf_reads *all = entries();
	unsigned i;

	for (i = table.used; i-- > 0;)
		if (all[i].lock == lock)
			return &all[i];
	return NULL;
}

/* Room for one more entry. */
static int grow(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	unsigned room = table.used * 2;
	struct hf_reads *more;

	(void)pthread_once(&once, make_key);
	if (key_error)
		return -ENOMEM;
	more = realloc(table.more, room * sizeof(*more));
	if (!more)
		return -ENOMEM;
	if (!table.more)
		memcpy(more, table.few, sizeof(table.few));
	table.more = more;
	table.room = room;
	return -pthread_setspecific(key, more);
}

int hf_reads_add(const struct hf_rwlock *lock)
{
	int ret = 0;

	if (table.used == (table.more ? table.room : FEW))
		ret = grow();
	if (ret)
		return ret;
	entries()[table.used++] = (struct hf_reads){ .lock = lock, .count = 1 };
	return 0;
}

void hf_reads_remove(struct hf_reads *reads)
{
	*reads = entries()[--table.used];
}
