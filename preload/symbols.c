/* SPDX-License-Identifier: MIT */
#include "symbols.h"

#include <dlfcn.h>
#include <elf.h>
#include <link.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define HIDDEN_VERSION 0x8000u

/* musl has no versions, and no dlvsym. */
extern void *dlvsym(void *handle, const char *name, const char *version) __attribute__((weak));

/* The tables of one object that a look-up needs. */
struct object {
	uintptr_t base;
	const ElfW(Sym) * symbols;
	const char *strings;
	const uint16_t *versions;	  /* NULL: none */
	const ElfW(Verdef) * definitions; /* of versions; NULL: none */
	const uint32_t *hash; /* DT_GNU_HASH; NULL: this reader does not understand the object */
};

/* In the loader's order; constant once they are read. What does not fit is not understood either.
 */
static struct object objects[32];
static unsigned object_count;
static bool objects_are_read;
static bool all_understood;

/* glibc has put addresses where the file has offsets; musl leaves the offsets. */
static uintptr_t absolute(uintptr_t base, uintptr_t pointer)
{
	return pointer < base ? base + pointer : pointer;
}

static const ElfW(Dyn) * dynamic_of(const struct dl_phdr_info *info)
{
	for (unsigned i = 0; i < info->dlpi_phnum; i++)
		if (info->dlpi_phdr[i].p_type == PT_DYNAMIC)
			return (const void *)(info->dlpi_addr + info->dlpi_phdr[i].p_vaddr);
	return NULL;
}

static bool read_object(const struct dl_phdr_info *info, struct object *ret)
{
	const ElfW(Dyn) *dynamic = dynamic_of(info);

	*ret = (struct object){ .base = info->dlpi_addr };
	for (; dynamic && dynamic->d_tag != DT_NULL; dynamic++) {
		const void *table = (const void *)absolute(ret->base, dynamic->d_un.d_ptr);

		if (dynamic->d_tag == DT_SYMTAB)
			ret->symbols = table;
		else if (dynamic->d_tag == DT_STRTAB)
			ret->strings = table;
		else if (dynamic->d_tag == DT_VERSYM)
			ret->versions = table;
		else if (dynamic->d_tag == DT_VERDEF)
			ret->definitions = table;
		else if (dynamic->d_tag == DT_GNU_HASH)
			ret->hash = table;
	}
	if (!ret->symbols || !ret->strings)
		ret->hash = NULL;
	return ret->hash != NULL;
}

static bool is_ours(const struct dl_phdr_info *info)
{
	uintptr_t here = (uintptr_t)&hf_symbols_next;

	for (unsigned i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *part = &info->dlpi_phdr[i];

		if (part->p_type == PT_LOAD &&
		    here - info->dlpi_addr - part->p_vaddr < part->p_memsz)
			return true;
	}
	return false;
}

static uint32_t gnu_hash(const char *name)
{
	uint32_t h = 5381;

	while (*name)
		h = h * 33 + (unsigned char)*name++;
	return h;
}

/* The name of the version that an object calls index, NULL when it defines none such. */
static const char *version_name(const struct object *object, uint16_t index)
{
	const ElfW(Verdef) *version = object->definitions;
	const ElfW(Verdaux) * name;

	if (!version)
		return NULL;
	while (version->vd_ndx != index) {
		if (!version->vd_next)
			return NULL;
		version = (const void *)((const char *)version + version->vd_next);
	}
	name = (const void *)((const char *)version + version->vd_aux);
	return object->strings + name->vda_name;
}

/* Defined, in the version, or in the default one if that is NULL. */
static bool is_wanted(const struct object *object, uint32_t index, const char *version)
{
	uint16_t number = object->versions ? object->versions[index] : 0;
	const char *name;

	if (object->symbols[index].st_shndx == SHN_UNDEF)
		return false;
	if (!version)
		return !(number & HIDDEN_VERSION);
	name = version_name(object, number & (HIDDEN_VERSION - 1));
	return name && !strcmp(name, version);
}

/* The layout: four words, the Bloom filter, buckets, then a chain of hashes whose low bit ends it.
 */
static const ElfW(Sym) *
	find_in(const struct object *object, const char *name, uint32_t h, const char *version)
{
	const uint32_t bucket_count = object->hash[0], first = object->hash[1];
	const uint32_t bloom_words = object->hash[2], bloom_shift = object->hash[3];
	const ElfW(Addr) *bloom = (const void *)(object->hash + 4);
	const uint32_t *buckets = (const void *)(bloom + bloom_words);
	const uint32_t *chains = buckets + bucket_count;
	const uint32_t bits = sizeof(ElfW(Addr)) * 8;
	const ElfW(Addr) word = bloom[h / bits % bloom_words];
	uint32_t index;

	if (!(word >> (h % bits) & word >> ((h >> bloom_shift) % bits) & 1))
		return NULL;
	index = buckets[h % bucket_count];
	if (index < first)
		return NULL;
	for (;; index++) {
		uint32_t chain = chains[index - first];

		if ((chain | 1) == (h | 1) && is_wanted(object, index, version) &&
		    !strcmp(object->strings + object->symbols[index].st_name, name))
			return &object->symbols[index];
		if (chain & 1)
			return NULL;
	}
}

static int remember_object(struct dl_phdr_info *info, size_t size, void *past_ours)
{
	(void)size;
	if (!*(bool *)past_ours) {
		*(bool *)past_ours = is_ours(info);
		return 0;
	}
	if (object_count == sizeof(objects) / sizeof(objects[0])) {
		all_understood = false;
		return 1;
	}
	if (!read_object(info, &objects[object_count++]))
		all_understood = false;
	return 0;
}

typedef int iterate_fn(int (*)(struct dl_phdr_info *, size_t, void *), void *);

/* By name it might be a sanitizer's, in the program, which does not work yet: see clock.c. */
bool hf_symbols_init(void)
{
	iterate_fn *iterate;
	bool past_ours = false;

	if (objects_are_read)
		return all_understood;
	iterate = (iterate_fn *)dlsym(RTLD_NEXT, "dl_iterate_phdr");
	all_understood = iterate != NULL;
	if (iterate)
		(void)iterate(remember_object, &past_ours);
	objects_are_read = true;
	return all_understood;
}

/* An indirect function is an address only after its resolver has run: that is the loader's work. */
static void *ask_loader(const char *name, const char *version)
{
	if (!version)
		return dlsym(RTLD_NEXT, name);
	return dlvsym ? dlvsym(RTLD_NEXT, name, version) : NULL;
}

void *hf_symbols_next(const char *name, const char *version)
{
	const uint32_t h = gnu_hash(name);

	for (unsigned i = 0; i < object_count; i++) {
		const ElfW(Sym) * symbol;

		if (!objects[i].hash)
			return ask_loader(name, version);
		symbol = find_in(&objects[i], name, h, version);
		if (symbol && ELF64_ST_TYPE(symbol->st_info) == STT_FUNC)
			return (void *)(objects[i].base + symbol->st_value);
		if (symbol)
			return ask_loader(name, version);
	}
	return all_understood ? NULL : ask_loader(name, version);
}
