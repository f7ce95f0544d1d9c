/* SPDX-License-Identifier: MIT */
/* The kernel's own lock calls, on a claim: which command, which range, which error. */
#ifndef HF_SETLK_H
#define HF_SETLK_H

#include <fcntl.h>
#include <stdint.h>

struct hf_claim;

struct flock hf_flock_of(short type, uint64_t start, uint64_t end);

/* F_RDLCK or F_WRLCK for a mode. */
short hf_flock_type(int mode);

/*
 * One non-blocking call. 0; -EBUSY, and only that for a conflict; -EAGAIN when this file has no OFD
 * locks and the claim was made for them: begin again after hf_held_use_posix(); else the kernel's.
 */
int hf_setlk(const struct hf_claim *claim, short type, uint64_t start, uint64_t end);

/* The command that waits. */
int hf_setlkw_command(const struct hf_claim *claim);

/*
 * Unlocks what only this claim covers. The claim is TAKING, WAITING or DROPPING, so that nobody of the
 * same owner comes in between. Not within enter.
 */
int hf_unlock(const struct hf_claim *claim);

#endif
