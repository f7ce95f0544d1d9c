/* SPDX-License-Identifier: MIT */
/*
 * What a program that locks can tell the checker, if it is there. The symbols are weak: without the
 * checker they are NULL. So call them as
 *
 *	if (holdfast_annotate_handover)
 *		holdfast_annotate_handover(fd);
 *
 * Nothing needs to be linked, and this header needs no other. All of them may be called from any
 * thread, never fail, and leave errno alone.
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

/*
 * The locks that were taken through fd pass to somebody else on purpose: to another thread that
 * will use and release them, or, as OFD lock or flock, to a child that shares the description and
 * goes on holding it after this process has closed fd. Call it when they are held, before the other
 * one begins. From then on the checker does not hold it against anybody that another thread uses or
 * releases them, or that they outlive the close. A lock taken later is a new one: say it again.
 */
extern void holdfast_annotate_handover(int fd) __attribute__((weak));

/*
 * For lock libraries. From here on until it calls this again, with -1 for none, what the calling
 * thread asks for through fd is guarded: the library knows what it has there, counts who wants it,
 * and has made sure that a conversion to a write lock does not wait for somebody who waits for this
 * one. Then asking for bytes once more is no re-entry, and a conversion that may wait is a note, as
 * one that does not. What goes through other descriptors, or is asked by other threads, is judged
 * as ever; so keep it to the calls that need it.
 */
extern void holdfast_annotate_guarded(int fd) __attribute__((weak));

#ifdef __cplusplus
}
#endif

#endif
