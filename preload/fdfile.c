/* SPDX-License-Identifier: MIT */
/*
 * Which file a descriptor is open on: see shim.h.
 *
 * What is known of a descriptor is nothing, its file, or that it is elsewhere: on a file that was
 * not in the ledger when fd was opened. Hooks empty a word before and after the real call that
 * changes what the number means. What no hook sees (a raw close, then a raw open that gets the
 * number) leaves a stale word: so nothing is reported without an fstat that agrees.
 */
#include <fcntl.h>
#include <string.h>

#include "identify.h"
#include "large.h"
#include "shim.h"

#define CACHED_FDS 4096
#define FILES_KEPT 4096

/* Of one descriptor, in one cache line. */
struct known {
	struct hf_file *file;
	uint32_t elsewhere; /* the number of the era in which it was known to be so */
	uint8_t alone;	    /* the generation that opened it; 0: it may have twins */
};

static struct known known[CACHED_FDS] HF_LARGE;
static uint8_t generation = 1; /* grows with every fork, up to the last, which knows nothing */
static uint32_t era = 1;       /* grows when a file may enter the ledger: "elsewhere" is over */

static bool is_cached(int fd)
{
	return (unsigned)fd < CACHED_FDS;
}

static void start_over(int fd, uint8_t alone)
{
	if (!is_cached(fd))
		return;
	__atomic_store_n(&known[fd].file, NULL, __ATOMIC_RELAXED);
	__atomic_store_n(&known[fd].elsewhere, 0, __ATOMIC_RELAXED);
	__atomic_store_n(&known[fd].alone, alone, __ATOMIC_RELAXED);
}

void hf_fd_forget(int fd)
{
	start_over(fd, 0);
}

void hf_fd_opened_alone(int fd)
{
	start_over(fd, generation);
}

void hf_fd_not_alone(int fd)
{
	if (is_cached(fd))
		__atomic_store_n(&known[fd].alone, 0, __ATOMIC_RELAXED);
}

bool hf_fd_is_alone(int fd)
{
	return is_cached(fd) && __atomic_load_n(&known[fd].alone, __ATOMIC_RELAXED);
}

bool hf_fd_is_unshared(int fd)
{
	return is_cached(fd) && __atomic_load_n(&known[fd].alone, __ATOMIC_RELAXED) == generation &&
	       generation < UINT8_MAX;
}

void hf_fd_forked(void)
{
	generation += generation < UINT8_MAX;
}

void hf_fd_forget_range(unsigned first, unsigned last)
{
	for (unsigned fd = first; fd <= last && fd < CACHED_FDS; fd++)
		hf_fd_forget((int)fd);
}

static __attribute__((noinline)) struct hf_file *look_up(int fd)
{
	struct hf_fileid id;
	struct hf_file *file;

	if (!hf_identify(fd, &id))
		return NULL;
	/* Even if it is in the ledger: another file may have had that inode number. */
	__atomic_store_n(&era, era + 1, __ATOMIC_RELAXED);
	if (hf_ledger_trim(&hf_shim.ledger, FILES_KEPT))
		hf_fd_forget_range(0, UINT32_MAX);
	file = hf_ledger_file(&hf_shim.ledger, id);
	if (file && is_cached(fd))
		__atomic_store_n(&known[fd].file, file, __ATOMIC_RELAXED);
	return file;
}

struct hf_file *hf_fd_file(int fd)
{
	struct hf_file *file = is_cached(fd) ? known[fd].file : NULL;

	return __builtin_expect(file != NULL, 1) ? file : look_up(fd);
}

struct hf_file *hf_fd_held_file(int fd)
{
	struct hf_fileid id;
	struct hf_file *file;

	/* The cache may be stale, and what follows may end in a report: ask. */
	if (!hf_identify(fd, &id) || !hf_ledger_maybe_holds(&hf_shim.ledger, id))
		return NULL;
	file = hf_ledger_find(&hf_shim.ledger, id);
	return file && hf_file_is_held(file) ? file : NULL;
}

struct hf_file *hf_fd_known(int fd)
{
	return is_cached(fd) ? __atomic_load_n(&known[fd].file, __ATOMIC_RELAXED) : NULL;
}

bool hf_fd_maybe_held(int fd)
{
	struct hf_file *file = hf_fd_known(fd);
	struct hf_fileid id;

	if (file)
		return hf_file_is_held(file);
	if (is_cached(fd) && __atomic_load_n(&known[fd].elsewhere, __ATOMIC_RELAXED) ==
				     __atomic_load_n(&era, __ATOMIC_RELAXED))
		return false;
	return hf_identify(fd, &id) && hf_ledger_maybe_holds(&hf_shim.ledger, id);
}

void hf_fd_opened_elsewhere(int fd, uint32_t when)
{
	if (is_cached(fd))
		__atomic_store_n(&known[fd].elsewhere, when, __ATOMIC_RELAXED);
}

uint32_t hf_fd_era(void)
{
	return __atomic_load_n(&era, __ATOMIC_RELAXED);
}
