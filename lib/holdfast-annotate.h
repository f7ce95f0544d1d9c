/* SPDX-License-Identifier: MIT */
/*
 * What a program that locks can tell the checker, if it is there. The symbols are weak: without the
 * checker they are NULL and nothing happens.
 */
#ifndef HOLDFAST_ANNOTATE_H
#define HOLDFAST_ANNOTATE_H

#ifdef __cplusplus
extern "C" {
#endif

/*
 * An acquisition was refused because the thread has the file already: what would have been a misuse
 * was caught. what names the call ("hf_lock_acquire"), fd is the descriptor it would have locked.
 */
extern void holdfast_note_refused(const char *what, int fd) __attribute__((weak));

#ifdef __cplusplus
}
#endif

#endif
