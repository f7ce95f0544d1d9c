/* SPDX-License-Identifier: MIT */
/* The time, in ns. */
#ifndef HF_PRELOAD_CLOCK_H
#define HF_PRELOAD_CLOCK_H

#include <stdint.h>

/* Once, from the constructor. Before it the others cost a system call. */
void hf_clock_init(void);

uint64_t hf_clock_monotonic(void);
uint64_t hf_clock_realtime(void);

#endif
