/* SPDX-License-Identifier: MIT */
/*
 * Which ELF object contains an address.
 *
 * glibc's _dl_find_object() answers without a lock. libgcc's unwinder, which is linked in, asks it
 * for every frame, and refers to it by a strong symbol that musl does not have: the checker would
 * not load there. So a hidden _dl_find_object() stands here; it forwards to libc's, looked up once,
 * and where libc has none it walks dl_iterate_phdr(). That takes the loader's lock, which a signal
 * handler must not do while its thread is inside dlopen(); musl never unloads an object, so there
 * what was found once is remembered and found again without it.
 */
#include "stack.h"

#include "large.h"

#include <dlfcn.h>
#include <elf.h>
#include <errno.h>
#include <link.h>
#include <string.h>

#define REMEMBERED 128

/* Only glibc has it. Weak, or musl would refuse to load the checker. */
extern const char *gnu_get_libc_version(void) __attribute__((weak));

struct object {
	uintptr_t base;
	uintptr_t start;
	uintptr_t end;
	const char *name;
	const ElfW(Phdr) * headers;
	unsigned header_count;
	struct link_map *link_map; /* NULL when dl_iterate_phdr() found it */
};

/* Set by the constructor, constant from then on. */
static int (*libc_find_object)(void *address, struct dl_find_object *ret);
static bool objects_stay;

/* Only appended to, by whoever holds `remembering`; readers look at the first `remembered`. */
static struct object objects[REMEMBERED] HF_LARGE;
static unsigned remembered;
static bool remembering;

void hf_objects_init(void)
{
	objects_stay = !gnu_get_libc_version;
	if (!objects_stay)
		libc_find_object = (int (*)(void *, struct dl_find_object *))(uintptr_t)dlsym(
			RTLD_NEXT, "_dl_find_object");
}

static bool contains(const struct object *object, uintptr_t address)
{
	return address >= object->start && address < object->end;
}

static const struct object *find_remembered(uintptr_t address)
{
	unsigned count = __atomic_load_n(&remembered, __ATOMIC_ACQUIRE);

	for (unsigned i = 0; i < count; i++)
		if (contains(&objects[i], address))
			return &objects[i];
	return NULL;
}

static void remember(const struct object *object)
{
	if (!objects_stay || __atomic_exchange_n(&remembering, true, __ATOMIC_ACQUIRE))
		return;
	if (remembered < REMEMBERED && !find_remembered(object->start)) {
		objects[remembered] = *object;
		__atomic_store_n(&remembered, remembered + 1, __ATOMIC_RELEASE);
	}
	__atomic_store_n(&remembering, false, __ATOMIC_RELEASE);
}

static struct object object_of(const struct dl_phdr_info *info)
{
	struct object ret = {
		.base = info->dlpi_addr,
		.start = UINTPTR_MAX,
		.name = info->dlpi_name,
		.headers = info->dlpi_phdr,
		.header_count = info->dlpi_phnum,
	};

	for (unsigned i = 0; i < ret.header_count; i++) {
		const ElfW(Phdr) *header = &ret.headers[i];

		if (header->p_type != PT_LOAD)
			continue;
		if (ret.base + header->p_vaddr < ret.start)
			ret.start = ret.base + header->p_vaddr;
		if (ret.base + header->p_vaddr + header->p_memsz > ret.end)
			ret.end = ret.base + header->p_vaddr + header->p_memsz;
	}
	return ret;
}

struct search {
	uintptr_t address;
	struct object *ret;
};

static int search_object(struct dl_phdr_info *info, size_t size, void *ctx)
{
	struct search *search = ctx;
	struct object object = object_of(info);

	(void)size;
	if (!contains(&object, search->address))
		return 0;
	remember(&object);
	*search->ret = object;
	return 1;
}

static bool walk_objects(uintptr_t address, struct object *ret)
{
	const struct object *known = find_remembered(address);
	struct search search = { address, ret };

	if (known)
		*ret = *known;
	return known || dl_iterate_phdr(search_object, &search);
}

static const ElfW(Phdr) * header_of_type(const struct object *object, unsigned type, unsigned from)
{
	for (unsigned i = from; i < object->header_count; i++)
		if (object->headers[i].p_type == type)
			return &object->headers[i];
	return NULL;
}

/* Hides libc's from the unwinder; see above. */
__attribute__((visibility("hidden"))) int _dl_find_object(void *address, struct dl_find_object *ret)
{
	const ElfW(Phdr) * frames;
	struct object object;

	if (libc_find_object)
		return libc_find_object(address, ret);
	if (!walk_objects((uintptr_t)address, &object))
		return -1;
	frames = header_of_type(&object, PT_GNU_EH_FRAME, 0);
	if (!frames)
		return -1;
	memset(ret, 0, sizeof(*ret));
	ret->dlfo_map_start = (void *)object.start;
	ret->dlfo_map_end = (void *)object.end;
	ret->dlfo_eh_frame = (void *)(object.base + frames->p_vaddr);
	return 0;
}

/* The program headers of what the loader mapped: the first mapping starts with the ELF header. */
static void read_headers(struct object *object)
{
	const ElfW(Ehdr) *elf = (const void *)object->start;

	if (memcmp(elf->e_ident, ELFMAG, SELFMAG) != 0)
		return;
	object->headers = (const void *)(object->start + elf->e_phoff);
	object->header_count = elf->e_phnum;
}

static bool ask_libc(uintptr_t address, struct object *ret)
{
	struct dl_find_object found;

	if (libc_find_object((void *)address, &found) != 0)
		return false;
	*ret = (struct object){
		.base = found.dlfo_link_map->l_addr,
		.start = (uintptr_t)found.dlfo_map_start,
		.end = (uintptr_t)found.dlfo_map_end,
		.name = found.dlfo_link_map->l_name,
		.link_map = found.dlfo_link_map,
	};
	read_headers(ret);
	return true;
}

static uintptr_t align_up(uintptr_t n, uintptr_t alignment)
{
	return (n + alignment - 1) & ~(alignment - 1);
}

/* Looks for a build-id in one PT_NOTE segment. */
static bool read_notes(const struct object *object, const ElfW(Phdr) * header,
		       struct hf_object *ret)
{
	uintptr_t at = object->base + header->p_vaddr;
	uintptr_t end = at + header->p_memsz;
	uintptr_t alignment = header->p_align == 8 ? 8 : 4;

	while (end - at >= sizeof(ElfW(Nhdr))) {
		const ElfW(Nhdr) *note = (const void *)at;
		uintptr_t name = at + sizeof(*note);
		uintptr_t text = align_up(name + note->n_namesz, alignment);

		if (text > end || note->n_descsz > end - text)
			return false;
		if (note->n_type == NT_GNU_BUILD_ID && note->n_namesz == 4 &&
		    !memcmp((const void *)name, "GNU", 4)) {
			ret->build_id = (const void *)text;
			ret->build_id_length = note->n_descsz;
			return true;
		}
		at = align_up(text + note->n_descsz, alignment);
		if (at > end)
			return false;
	}
	return false;
}

int hf_stack_object(uintptr_t address, struct hf_object *ret)
{
	struct object object;
	bool found = libc_find_object ? ask_libc(address, &object) : walk_objects(address, &object);
	const ElfW(Phdr) * header;

	if (!found)
		return -ENOENT;
	*ret = (struct hf_object){ object.base, object.start, object.end, object.name, NULL, 0 };
	header = header_of_type(&object, PT_NOTE, 0);
	while (header && !read_notes(&object, header, ret))
		header = header_of_type(&object, PT_NOTE, (unsigned)(header - object.headers) + 1);
	return 0;
}
