/* SPDX-License-Identifier: MIT */
#include "systemlocks.h"

#include <fcntl.h>
#include <string.h>

#include "rawsys.h"

/* The whole lines at the start of text; returns how many bytes they are. */
static size_t parse_lines(const char *text, size_t filled, struct hf_fileid id,
			  hf_systemlock_fn *each, void *data)
{
	const char *line = text, *newline;
	struct hf_proclock lock;

	while ((newline = memchr(line, '\n', filled - (size_t)(line - text)))) {
		if (hf_proclock_parse(line, (size_t)(newline - line), &lock) == 0 &&
		    hf_fileid_equal(lock.id, id))
			each(&lock, data);
		line = newline + 1;
	}
	return (size_t)(line - text);
}

void hf_systemlocks_each(struct hf_fileid id, hf_systemlock_fn *each, void *data)
{
	int locks = raw_openat(AT_FDCWD, "/proc/locks", O_RDONLY | O_CLOEXEC, 0);
	size_t filled = 0, used;
	char text[4096];
	ssize_t n;

	if (locks < 0)
		return;
	while (filled < sizeof(text) &&
	       (n = raw_read(locks, text + filled, sizeof(text) - filled)) > 0) {
		filled += (size_t)n;
		used = parse_lines(text, filled, id, each, data);
		filled -= used;
		memmove(text, text + used, filled);
	}
	(void)raw_close(locks);
}
