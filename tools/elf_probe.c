/* SPDX-License-Identifier: MIT */
#include "elf_probe.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define GO_BUILD_ID 4 /* n_type of the note that Go's linker names "Go" */

/* A string of the file, NUL inside the chunk; false when it is not there. */
static bool copy_string(Elf *elf, uint64_t offset, uint64_t size, char *ret, size_t room)
{
	Elf_Data *data;

	if (size > 4096 || offset > INT64_MAX)
		return false;
	data = elf_getdata_rawchunk(elf, (int64_t)offset, size, ELF_T_BYTE);
	if (!data || !data->d_size || !memchr(data->d_buf, '\0', data->d_size))
		return false;
	snprintf(ret, room, "%s", (const char *)data->d_buf);
	return true;
}

static bool has_go_note(Elf *elf, const GElf_Phdr *segment)
{
	Elf_Data *data = elf_getdata_rawchunk(elf, (int64_t)segment->p_offset, segment->p_filesz,
					      segment->p_align == 8 ? ELF_T_NHDR8 : ELF_T_NHDR);
	size_t at = 0, name, content;
	GElf_Nhdr note;

	while (data && (at = gelf_getnote(data, at, &note, &name, &content)) > 0)
		if (note.n_type == GO_BUILD_ID && note.n_namesz >= sizeof("Go") &&
		    !memcmp((const char *)data->d_buf + name, "Go", sizeof("Go")))
			return true;
	return false;
}

/* An address of the image to where it stands in the file; false for one outside all segments. */
static bool file_offset(Elf *elf, size_t segments, uint64_t address, uint64_t *ret)
{
	GElf_Phdr segment;

	for (size_t i = 0; i < segments; i++) {
		if (!gelf_getphdr(elf, (int)i, &segment) || segment.p_type != PT_LOAD)
			continue;
		if (address < segment.p_vaddr || address - segment.p_vaddr >= segment.p_filesz)
			continue;
		*ret = segment.p_offset + (address - segment.p_vaddr);
		return true;
	}
	return false;
}

struct dynamic {
	Elf_Data *entries;
	size_t count;
	uint64_t strings; /* offset in the file; 0: there are none */
	uint64_t strings_size;
	uint64_t flags_1;
};

static bool read_dynamic(Elf *elf, size_t segments, const GElf_Phdr *segment, struct dynamic *ret)
{
	struct dynamic d = { 0 };
	GElf_Dyn entry;

	d.entries =
		elf_getdata_rawchunk(elf, (int64_t)segment->p_offset, segment->p_filesz, ELF_T_DYN);
	if (!d.entries)
		return false;
	for (; gelf_getdyn(d.entries, (int)d.count, &entry) && entry.d_tag != DT_NULL; d.count++) {
		if (entry.d_tag == DT_FLAGS_1)
			d.flags_1 = entry.d_un.d_val;
		else if (entry.d_tag == DT_STRSZ)
			d.strings_size = entry.d_un.d_val;
		else if (entry.d_tag == DT_STRTAB &&
			 !file_offset(elf, segments, entry.d_un.d_ptr, &d.strings))
			return false;
	}
	*ret = d;
	return true;
}

/* gcc's runtime is libasan.so.N, clang's (with -shared-libasan) libclang_rt.asan-<machine>.so. */
static bool is_asan_runtime(const char *name)
{
	return !strncmp(name, "libasan.so", strlen("libasan.so")) ||
	       !strncmp(name, "libclang_rt.asan", strlen("libclang_rt.asan"));
}

static void find_asan(Elf *elf, const struct dynamic *d, struct elf_facts *facts)
{
	GElf_Dyn entry;
	char name[sizeof(facts->asan)];

	for (size_t i = 0; d->strings && i < d->count; i++) {
		uint64_t left;

		if (!gelf_getdyn(d->entries, (int)i, &entry) || entry.d_tag != DT_NEEDED ||
		    entry.d_un.d_val >= d->strings_size)
			continue;
		left = d->strings_size - entry.d_un.d_val;
		if (copy_string(elf, d->strings + entry.d_un.d_val, left < 4096 ? left : 4096, name,
				sizeof(name)) &&
		    is_asan_runtime(name))
			memcpy(facts->asan, name, sizeof(name));
	}
}

static int read_segments(Elf *elf, const GElf_Ehdr *header, struct elf_facts *facts,
			 uint64_t *flags_1)
{
	struct dynamic d = { 0 };
	GElf_Phdr segment;
	size_t count;

	/* libelf counts only what is inside the file; PN_XNUM: more than the header can say. */
	if (elf_getphdrnum(elf, &count) != 0 ||
	    (header->e_phnum != PN_XNUM && count != header->e_phnum))
		return -EBADMSG;
	for (size_t i = 0; i < count; i++) {
		if (!gelf_getphdr(elf, (int)i, &segment))
			return -EBADMSG;
		if (segment.p_type == PT_INTERP &&
		    !copy_string(elf, segment.p_offset, segment.p_filesz, facts->loader,
				 sizeof(facts->loader)))
			return -EBADMSG;
		if (segment.p_type == PT_NOTE && has_go_note(elf, &segment))
			facts->is_go = true;
		if (segment.p_type == PT_DYNAMIC && !read_dynamic(elf, count, &segment, &d))
			return -EBADMSG;
	}
	find_asan(elf, &d, facts);
	*flags_1 = d.flags_1;
	return 0;
}

/* The checker is built together with this command: our own header is what a program must match. */
static bool read_own_header(GElf_Ehdr *ret)
{
	int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	Elf *elf = fd >= 0 ? elf_begin(fd, ELF_C_READ, NULL) : NULL;
	bool is_read = elf && gelf_getehdr(elf, ret);

	elf_end(elf);
	if (fd >= 0)
		close(fd);
	return is_read;
}

static bool is_foreign(const GElf_Ehdr *header)
{
	GElf_Ehdr own;

	return read_own_header(&own) && (header->e_machine != own.e_machine ||
					 header->e_ident[EI_CLASS] != own.e_ident[EI_CLASS] ||
					 header->e_ident[EI_DATA] != own.e_ident[EI_DATA]);
}

static int probe_elf(Elf *elf, struct elf_facts *ret)
{
	struct elf_facts facts = { 0 };
	GElf_Ehdr header;
	uint64_t flags_1 = 0;
	int status;

	if (elf_kind(elf) != ELF_K_ELF)
		return -ENOEXEC;
	if (!gelf_getehdr(elf, &header))
		return -EBADMSG;
	if (header.e_type != ET_EXEC && header.e_type != ET_DYN)
		return -ENOEXEC;
	facts.machine = header.e_machine;
	facts.bits = header.e_ident[EI_CLASS] == ELFCLASS64 ? 64 : 32;
	facts.is_foreign = is_foreign(&header);
	status = read_segments(elf, &header, &facts, &flags_1);
	if (status < 0)
		return status;
	facts.shape = *facts.loader		 ? ELF_SHAPE_DYNAMIC
		      : header.e_type == ET_EXEC ? ELF_SHAPE_STATIC
		      : flags_1 & DF_1_PIE	 ? ELF_SHAPE_STATIC_PIE
						 : ELF_SHAPE_LIBRARY;
	*ret = facts;
	return 0;
}

int elf_probe(int fd, struct elf_facts *ret)
{
	Elf *elf;
	int status;

	if (elf_version(EV_CURRENT) == EV_NONE)
		return -ENOEXEC;
	elf = elf_begin(fd, ELF_C_READ, NULL);
	if (!elf)
		return -EBADMSG;
	status = probe_elf(elf, ret);
	elf_end(elf);
	return status;
}

const char *elf_machine_name(uint16_t machine, char *buffer)
{
	switch (machine) {
	case EM_X86_64:
		return "x86-64";
	case EM_386:
		return "i386";
	case EM_AARCH64:
		return "aarch64";
	case EM_ARM:
		return "arm";
	case EM_RISCV:
		return "riscv";
	case EM_PPC64:
		return "ppc64";
	case EM_S390:
		return "s390";
	default:
		snprintf(buffer, 24, "machine %u", machine);
		return buffer;
	}
}
