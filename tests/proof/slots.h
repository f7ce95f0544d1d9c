/* SPDX-License-Identifier: MIT */
/*
 * The descriptors that operations work on. A thread works on its window of the slots: all of them, or
 * while two threads race, one half each.
 */
#ifndef SLOTS_H
#define SLOTS_H

#include <stdbool.h>

#define SLOTS 12

enum slot_kind {
	SLOT_FREE,
	SLOT_FD,
	SLOT_STREAM,  /* fopen, setmntent */
	SLOT_DIR,
	SLOT_FTS
};

struct slot {
	enum slot_kind kind;
	int fd;
	int file; /* -1: none of ours (/dev/null) */
	bool path_only;
	bool inherited; /* in a child: its description is the parent's too */
	bool mount_table; /* of setmntent */
	bool wide;	  /* of fts64_open */
	void *object;
};

extern struct slot slots[SLOTS];
extern _Thread_local unsigned window_first, window_last;

/* The nth of the slots in the window that are of that kind, counted around; NULL: there is none. */
struct slot *slot_of(enum slot_kind kind, unsigned nth);
struct slot *slot_used(unsigned nth); /* any but free ones */
struct slot *slot_free(void);

struct slot *slot_fill(enum slot_kind kind, int fd, void *object);
void slot_clear(struct slot *slot);

/* Descriptors first..last were closed under the slots that had them. */
void slots_closed(int first, int last);

#endif
