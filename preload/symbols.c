/* SPDX-License-Identifier: MIT */
#include "symbols.h"

#include <dlfcn.h>
#include <elf.h>
#include <link.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define HIDDEN_VERSION 0x8000u

/* The tables of one object that a look-up needs. */
struct object {
	uintptr_t base;
	const ElfW(Sym) * symbols;
	const char *strings;
	const uint16_t *versions; /* NULL: none */
	const uint32_t *hash;	  /* DT_GNU_HASH */
};

struct search {
	struct hf_symbol *symbols;
	size_t count;
	bool past_ours; /* only what was loaded after this library counts */
};

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
		else if (dynamic->d_tag == DT_GNU_HASH)
			ret->hash = table;
	}
	return ret->symbols && ret->strings && ret->hash;
}

static bool is_ours(const struct dl_phdr_info *info)
{
	uintptr_t here = (uintptr_t)&hf_symbols_find;

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

static bool is_default(const struct object *object, uint32_t index)
{
	return object->symbols[index].st_shndx != SHN_UNDEF &&
	       !(object->versions && (object->versions[index] & HIDDEN_VERSION));
}

/* An indirect function is an address only after its resolver has run: that is the loader's work. */
static void take(const struct object *object, uint32_t index, struct hf_symbol *ret)
{
	const ElfW(Sym) *symbol = &object->symbols[index];

	if (ELF64_ST_TYPE(symbol->st_info) == STT_FUNC)
		ret->address = (void *)(object->base + symbol->st_value);
	else
		ret->uncertain = true;
}

/* The layout: four words, the Bloom filter, buckets, then a chain of hashes whose low bit ends it.
 */
static void find_in(const struct object *object, struct hf_symbol *ret)
{
	const uint32_t bucket_count = object->hash[0], first = object->hash[1];
	const uint32_t bloom_words = object->hash[2], bloom_shift = object->hash[3];
	const ElfW(Addr) *bloom = (const void *)(object->hash + 4);
	const uint32_t *buckets = (const void *)(bloom + bloom_words);
	const uint32_t *chains = buckets + bucket_count;
	const uint32_t bits = sizeof(ElfW(Addr)) * 8, h = gnu_hash(ret->name);
	const ElfW(Addr) word = bloom[h / bits % bloom_words];
	uint32_t index;

	if (!(word >> (h % bits) & word >> ((h >> bloom_shift) % bits) & 1))
		return;
	index = buckets[h % bucket_count];
	if (index < first)
		return;
	for (;; index++) {
		uint32_t chain = chains[index - first];

		if ((chain | 1) == (h | 1) && is_default(object, index) &&
		    !strcmp(object->strings + object->symbols[index].st_name, ret->name)) {
			take(object, index, ret);
			return;
		}
		if (chain & 1)
			return;
	}
}

static int search_object(struct dl_phdr_info *info, size_t size, void *ctx)
{
	struct search *search = ctx;
	struct object object;
	bool understood;

	(void)size;
	if (!search->past_ours) {
		search->past_ours = is_ours(info);
		return 0;
	}
	understood = read_object(info, &object);
	for (size_t i = 0; i < search->count; i++) {
		struct hf_symbol *symbol = &search->symbols[i];

		if (symbol->address || symbol->uncertain)
			continue;
		if (understood)
			find_in(&object, symbol);
		else
			symbol->uncertain = true;
	}
	return 0;
}

typedef int iterate_fn(int (*)(struct dl_phdr_info *, size_t, void *), void *);

/* By name it might be a sanitizer's, in the program, which does not work yet: see clock.c. */
void hf_symbols_find(struct hf_symbol *symbols, size_t count)
{
	struct search search = { .symbols = symbols, .count = count };
	iterate_fn *iterate = (iterate_fn *)dlsym(RTLD_NEXT, "dl_iterate_phdr");

	if (iterate)
		(void)iterate(search_object, &search);
	for (size_t i = 0; i < count; i++)
		if (symbols[i].uncertain)
			symbols[i].address = dlsym(RTLD_NEXT, symbols[i].name);
}
