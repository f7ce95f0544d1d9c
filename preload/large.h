/* SPDX-License-Identifier: MIT */
/*
 * Where a table goes that most programs never touch. The others are small and stand in the same two
 * or three pages, of which each exec pays for every one that it touches (local.mk sorts them).
 */
#ifndef HF_PRELOAD_LARGE_H
#define HF_PRELOAD_LARGE_H

#define HF_LARGE __attribute__((section(".bss.large")))

#endif
