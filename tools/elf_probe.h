/* SPDX-License-Identifier: MIT */
/*
 * What an ELF file says about itself that decides whether a preloaded library gets into it.
 *
 * Only the file's bytes are looked at, through libelf; nothing is run. Damaged files are refused.
 */
#ifndef HF_TOOLS_ELF_PROBE_H
#define HF_TOOLS_ELF_PROBE_H

#include <stdbool.h>
#include <stdint.h>

enum elf_shape {
	ELF_SHAPE_DYNAMIC,    /* names a loader (PT_INTERP) */
	ELF_SHAPE_STATIC,     /* names none, fixed address */
	ELF_SHAPE_STATIC_PIE, /* names none, DF_1_PIE */
	ELF_SHAPE_LIBRARY     /* names none and is no PIE: a library, or a loader itself */
};

struct elf_facts {
	enum elf_shape shape;
	bool is_foreign; /* another machine, word size or byte order than this build of holdfast */
	bool is_go;	 /* carries the Go linker's build-id note */
	uint16_t machine;
	unsigned bits;	  /* 32 or 64 */
	char loader[256]; /* PT_INTERP, "" if none */
	char asan[64];	  /* the shared AddressSanitizer runtime among DT_NEEDED, "" if none */
};

/*
 * Reads the open file fd. 0; -ENOEXEC: not ELF, or no executable or shared object; -EBADMSG: ELF,
 * but cut off or damaged. *ret is only written with 0.
 */
int elf_probe(int fd, struct elf_facts *ret);

/* "x86-64", "aarch64", ...; "machine 1234" written into buffer (24 bytes) for a less common one. */
const char *elf_machine_name(uint16_t machine, char *buffer);

#endif
