/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "symbols.h"

#include <dwarf.h>
#include <elfutils/libdwfl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct symbols_module {
	struct symbols_module *next;
	Dwfl *dwfl;
	Dwfl_Module *mod; /* NULL: nothing to ask */
	GElf_Addr bias;	  /* where libdwfl placed it */
};

struct symbols {
	struct symbols_module *modules;
};

static char *debuginfo_path; /* NULL: elfutils' default */

static const Dwfl_Callbacks offline_callbacks = {
	.find_debuginfo = dwfl_standard_find_debuginfo,
	.section_address = dwfl_offline_section_address,
	.debuginfo_path = &debuginfo_path,
};

static const Dwfl_Callbacks build_id_callbacks = {
	.find_elf = dwfl_build_id_find_elf,
	.find_debuginfo = dwfl_standard_find_debuginfo,
	.debuginfo_path = &debuginfo_path,
};

struct symbols *symbols_new(void)
{
	return calloc(1, sizeof(struct symbols));
}

void symbols_free(struct symbols *symbols)
{
	struct symbols_module *module, *next;

	if (!symbols)
		return;
	for (module = symbols->modules; module; module = next) {
		next = module->next;
		dwfl_end(module->dwfl);
		free(module);
	}
	free(symbols);
}

static bool has_build_id(Dwfl_Module *mod, const unsigned char *want, size_t length)
{
	const unsigned char *have;
	GElf_Addr address;
	int have_length = dwfl_module_build_id(mod, &have, &address);

	return have_length == (int)length && (!length || !memcmp(have, want, length));
}

/* Gives up the session of a module that turned out to be the wrong one. */
static void forget(struct symbols_module *module)
{
	dwfl_end(module->dwfl);
	module->dwfl = NULL;
	module->mod = NULL;
}

/* A recording may name anything; opening a pipe or a device would wait or never end. */
static bool is_ordinary_file(const char *path)
{
	struct stat st;

	return *path == '/' && stat(path, &st) == 0 && S_ISREG(st.st_mode);
}

static void open_by_path(struct symbols_module *module, const char *path,
			 const unsigned char *build_id, size_t length)
{
	module->dwfl = is_ordinary_file(path) ? dwfl_begin(&offline_callbacks) : NULL;
	if (!module->dwfl)
		return;
	dwfl_report_begin(module->dwfl);
	module->mod = dwfl_report_offline(module->dwfl, path, path, -1);
	dwfl_report_end(module->dwfl, NULL, NULL);
	if (!module->mod || !dwfl_module_getelf(module->mod, &module->bias) ||
	    !has_build_id(module->mod, build_id, length))
		forget(module);
}

/* The file is gone or was replaced: debug folders and debuginfod may know its build-id. */
static void open_by_build_id(struct symbols_module *module, const char *path,
			     const unsigned char *build_id, size_t length)
{
	module->dwfl = length ? dwfl_begin(&build_id_callbacks) : NULL;
	if (!module->dwfl)
		return;
	dwfl_report_begin(module->dwfl);
	module->mod = dwfl_report_module(module->dwfl, path, 0, UINT64_C(1) << 40);
	if (module->mod)
		dwfl_module_report_build_id(module->mod, build_id, length, 0);
	dwfl_report_end(module->dwfl, NULL, NULL);
	if (!module->mod || !dwfl_module_getelf(module->mod, &module->bias))
		forget(module);
}

struct symbols_module *symbols_module(struct symbols *symbols, const char *path,
				      const unsigned char *build_id, size_t length)
{
	struct symbols_module *module = calloc(1, sizeof(*module));

	if (!module)
		return NULL;
	open_by_path(module, path, build_id, length);
	if (!module->mod)
		open_by_build_id(module, path, build_id, length);
	module->next = symbols->modules;
	symbols->modules = module;
	return module;
}

/* A symbol only counts where it really covers the address: the nearest one would be a guess. */
static const char *symbol_name(Dwfl_Module *mod, GElf_Addr address)
{
	GElf_Off offset;
	GElf_Sym sym;
	const char *name = dwfl_module_addrinfo(mod, address, &offset, &sym, NULL, NULL, NULL);

	return name && offset < sym.st_size ? name : NULL;
}

static const char *die_name(Dwarf_Die *die)
{
	Dwarf_Attribute attribute;

	return dwarf_formstring(dwarf_attr_integrate(die, DW_AT_name, &attribute));
}

static bool is_function(Dwarf_Die *die)
{
	int tag = dwarf_tag(die);

	return tag == DW_TAG_subprogram || tag == DW_TAG_inlined_subroutine ||
	       tag == DW_TAG_entry_point;
}

static int attribute_number(Dwarf_Die *die, unsigned name)
{
	Dwarf_Attribute attribute;
	Dwarf_Word number;

	if (dwarf_formudata(dwarf_attr(die, name, &attribute), &number))
		return 0;
	return (int)number;
}

/* Where the inlined call stands in its caller's source. */
static void set_call_site(struct symbol *symbol, Dwarf_Die *inlined, Dwarf_Files *files)
{
	int file = attribute_number(inlined, DW_AT_call_file);

	symbol->file = files && file ? dwarf_filesrc(files, (size_t)file, NULL, NULL) : NULL;
	symbol->line = attribute_number(inlined, DW_AT_call_line);
	symbol->column = attribute_number(inlined, DW_AT_call_column);
}

/* The scopes around an address, innermost first, by where they stand in the tree of DIEs. */
static int find_scopes(Dwfl_Module *mod, Dwarf_Die *unit, Dwarf_Addr address, Dwarf_Die **ret)
{
	Dwarf_Addr bias;
	Dwarf_Die innermost, *scopes = NULL;
	int count = dwarf_getscopes(unit, address, &scopes);

	if (count <= 0)
		return 0;
	if (!dwarf_offdie(dwfl_module_getdwarf(mod, &bias), dwarf_dieoffset(&scopes[0]),
			  &innermost)) {
		free(scopes);
		return 0;
	}
	free(scopes);
	*ret = NULL;
	count = dwarf_getscopes_die(&innermost, ret);
	return count > 0 ? count : 0;
}

static size_t name_scopes(Dwarf_Die *scopes, int count, Dwarf_Files *files,
			  struct symbol ret[SYMBOLS_INLINED_MAX])
{
	size_t n = 0;

	for (int i = 0; i < count && n < SYMBOLS_INLINED_MAX; i++) {
		if (!is_function(&scopes[i]))
			continue;
		ret[n].function = die_name(&scopes[i]);
		ret[n].inlined = dwarf_tag(&scopes[i]) == DW_TAG_inlined_subroutine;
		n++;
		if (!ret[n - 1].inlined)
			break;
		if (n < SYMBOLS_INLINED_MAX)
			set_call_site(&ret[n], &scopes[i], files);
	}
	return n;
}

static void set_line(Dwfl_Module *mod, GElf_Addr address, struct symbol *ret)
{
	Dwfl_Line *line = dwfl_module_getsrc(mod, address);

	if (line)
		ret->file = dwfl_lineinfo(line, NULL, &ret->line, &ret->column, NULL, NULL);
}

static size_t functions_by_dwarf(Dwfl_Module *mod, GElf_Addr address,
				 struct symbol ret[SYMBOLS_INLINED_MAX])
{
	Dwarf_Addr bias = 0;
	Dwarf_Die *unit = dwfl_module_addrdie(mod, address, &bias);
	Dwarf_Die *scopes = NULL;
	Dwarf_Files *files = NULL;
	size_t n;
	int count;

	if (!unit)
		return 0;
	if (dwarf_getsrcfiles(unit, &files, NULL))
		files = NULL;
	count = find_scopes(mod, unit, address - bias, &scopes);
	n = name_scopes(scopes, count, files, ret);
	free(scopes);
	return n;
}

size_t symbols_at(struct symbols_module *module, uint64_t offset,
		  struct symbol ret[SYMBOLS_INLINED_MAX])
{
	GElf_Addr address;
	size_t n;

	if (!module || !module->mod)
		return 0;
	address = module->bias + offset;
	memset(ret, 0, SYMBOLS_INLINED_MAX * sizeof(*ret));
	set_line(module->mod, address, &ret[0]);
	n = functions_by_dwarf(module->mod, address, ret);
	if (n)
		return n;
	ret[0].function = symbol_name(module->mod, address);
	return ret[0].function || ret[0].file ? 1 : 0;
}
