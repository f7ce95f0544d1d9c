/* SPDX-License-Identifier: MIT */
/*
 * A recording on disk, opened for reading: a run folder of `holdfast check --keep`, or the pool
 * file in it. The file is mapped, not loaded, so its size costs no memory; a run that is still
 * going on can be read too.
 */
#ifndef HF_TOOLS_RECORDING_H
#define HF_TOOLS_RECORDING_H

#include <stddef.h>

#include "record.h"

/* The name of the pool file inside a run folder. */
#define RECORDING_POOL "pool"

struct recording {
	char *path; /* of the pool file */
	void *data;
	size_t size;
	struct hf_pool_view view;
};

/*
 * Opens path, a folder or a file. 0 or -errno; the errors of hf_pool_open_view() (-ENOMSG, -EPROTO,
 * -EBADMSG) come on top of open's and mmap's. recording_strerror() says them in words.
 */
int recording_open(const char *path, struct recording *ret);
void recording_close(struct recording *recording);

/* What recording_open's error means, without the path: "is no recording of holdfast". */
const char *recording_strerror(int error);

/* The image with that number if it is committed, else NULL. */
const struct hf_image *recording_image(const struct recording *recording, uint32_t number);

#endif
