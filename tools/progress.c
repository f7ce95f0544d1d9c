/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "progress.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define ERASE_LINE "\r\033[K"

static int64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static bool can_erase(FILE *out)
{
	const char *term = getenv("TERM");

	return isatty(fileno(out)) && term && *term && strcmp(term, "dumb") != 0;
}

void progress_begin_on(struct progress *progress, FILE *out, int64_t delay_ns, const char *what,
		       uint64_t total)
{
	*progress = (struct progress){
		.out = can_erase(out) ? out : NULL,
		.what = what,
		.total = total,
		.next_ns = now_ns() + delay_ns,
	};
}

void progress_begin(struct progress *progress, const char *what, uint64_t total)
{
	progress_begin_on(progress, stderr, PROGRESS_DELAY_NS, what, total);
}

static void show(struct progress *progress, uint64_t done)
{
	fprintf(progress->out, ERASE_LINE "holdfast: %s: %" PRIu64, progress->what, done);
	if (progress->total)
		fprintf(progress->out, " of %" PRIu64 " (%u%%)", progress->total,
			(unsigned)((double)done * 100 / (double)progress->total));
	fflush(progress->out);
	progress->is_shown = true;
}

void progress_update(struct progress *progress, uint64_t done)
{
	int64_t now;

	if (!progress->out || progress->calls++ % PROGRESS_STEP != 0)
		return;
	now = now_ns();
	if (now < progress->next_ns)
		return;
	progress->next_ns = now + PROGRESS_INTERVAL_NS;
	show(progress, done);
}

void progress_end(struct progress *progress)
{
	if (!progress->is_shown)
		return;
	fputs(ERASE_LINE, progress->out);
	fflush(progress->out);
	progress->is_shown = false;
}
