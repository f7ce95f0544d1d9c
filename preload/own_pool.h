/* SPDX-License-Identifier: MIT */
/* A recording of the program's own, for a plain LD_PRELOAD that no run collects. */
#ifndef HF_PRELOAD_OWN_POOL_H
#define HF_PRELOAD_OWN_POOL_H

#include <stdint.h>

/*
 * A small pool with its header written. With the option record=DIR it is DIR/holdfast.PID.N.rec, N
 * being the first that is free, else it is memory that ends with the last process that has it. When
 * the file cannot be made this is said and memory is taken. NULL when there is none.
 */
void *hf_own_pool_map(uint64_t *ret_size);

#endif
