/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "resolve.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "alloc.h"
#include "describe.h"
#include "message.h"
#include "symbols.h"

#define FRAMES_MAX (HF_STACK_MAX * SYMBOLS_INLINED_MAX)

struct resolver {
	struct report *report;
	struct store *memory;
	struct symbols_module **modules; /* by fold number - 1; NULL: not asked for yet */
	size_t module_room;
	const struct report_stack **stacks; /* the same; NULL: not resolved yet */
	size_t stack_room;
};

struct resolver *resolver_new(struct report *report)
{
	struct resolver *resolver = alloc_zeroed(1, sizeof(*resolver));

	resolver->report = report;
	resolver->memory = &report->memory;
	return resolver;
}

void resolver_free(struct resolver *resolver)
{
	if (!resolver)
		return;
	free(resolver->modules);
	free(resolver->stacks);
	free(resolver);
}

/* Room for number, which may have been given out only now: the timeline finds new stacks. */
static void *grown(void *array, size_t *room, uint32_t number)
{
	size_t wanted = *room ? *room : 64;

	while (wanted < number)
		wanted *= 2;
	if (wanted == *room)
		return array;
	array = alloc_array(array, wanted, sizeof(void *));
	memset((void **)array + *room, 0, (wanted - *room) * sizeof(void *));
	*room = wanted;
	return array;
}

static const char *copy(struct resolver *resolver, const char *text, size_t length)
{
	return store_text(resolver->memory, text, length);
}

static bool starts_with(const char *text, const char *prefix)
{
	return !strncmp(text, prefix, strlen(prefix));
}

static bool is_system_path(const char *path)
{
	return starts_with(path, "/lib") || starts_with(path, "/usr/lib") ||
	       starts_with(path, "linux-vdso");
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static const char *module_path(struct resolver *resolver, uint32_t number)
{
	const struct fold_module *module = resolver->report->fold->modules_by_number[number - 1];

	return copy(resolver, module->record->path, module->path_length);
}

static struct symbols_module *module_symbols(struct resolver *resolver, uint32_t number,
					     const char *path)
{
	const struct hf_rec_module *record =
		resolver->report->fold->modules_by_number[number - 1]->record;
	size_t length = record->build_id_length;
	struct symbols_module **module;

	resolver->modules = grown(resolver->modules, &resolver->module_room, number);
	module = &resolver->modules[number - 1];
	if (!*module)
		*module = symbols_module(
			resolver->report->symbols, path, record->build_id,
			length < sizeof(record->build_id) ? length : sizeof(record->build_id));
	if (!*module)
		alloc_failed();
	return *module;
}

static const char *shorten(struct resolver *resolver, const char *path)
{
	const char *prefix = resolver->report->options.strip_prefix;

	if (!prefix || !*prefix || !starts_with(path, prefix) || !path[strlen(prefix)])
		return path;
	path += strlen(prefix);
	return *path == '/' && path[1] ? path + 1 : path;
}

/* A source that was changed after the program was made may have something else in that line. */
static bool is_source_of(const char *source, const char *module)
{
	struct stat source_st, module_st;

	if (stat(source, &source_st) < 0 || stat(module, &module_st) < 0)
		return false;
	return source_st.st_mtim.tv_sec < module_st.st_mtim.tv_sec ||
	       (source_st.st_mtim.tv_sec == module_st.st_mtim.tv_sec &&
		source_st.st_mtim.tv_nsec <= module_st.st_mtim.tv_nsec);
}

static void set_source(struct resolver *resolver, const struct symbol *symbol, const char *module,
		       struct report_frame *frame)
{
	frame->function = symbol->function;
	frame->inlined = symbol->inlined;
	if (!symbol->file)
		return;
	frame->source = is_source_of(symbol->file, module) ? symbol->file : NULL;
	frame->file = shorten(resolver, symbol->file);
	frame->line = symbol->line;
	frame->column = symbol->column;
}

/* One address, which is several frames where calls were inlined. */
static size_t resolve_address(struct resolver *resolver, const struct fold_frame *from,
			      struct report_frame *ret)
{
	struct symbol symbols[SYMBOLS_INLINED_MAX] = { 0 };
	struct report_frame plain = { .module = "", .offset = from->offset, .own = true };
	const char *path = "";
	size_t count = 0;

	if (from->module) {
		path = module_path(resolver, from->module);
		plain.module = base_name(path);
		plain.own = !is_system_path(path);
		count = symbols_at(module_symbols(resolver, from->module, path), from->offset,
				   symbols);
	}
	if (!count)
		count = 1;
	for (size_t i = 0; i < count; i++) {
		ret[i] = plain;
		set_source(resolver, &symbols[i], path, &ret[i]);
	}
	return count;
}

/* What the C library and the loader did before main(): everybody has it, nobody asks. */
static bool is_beginning(const struct report_frame *frame)
{
	return starts_with(frame->module, "libc.so") || starts_with(frame->module, "libc.musl") ||
	       starts_with(frame->module, "ld-") ||
	       (frame->function && !strcmp(frame->function, "_start"));
}

static size_t without_beginning(const struct report_frame *frames, size_t count)
{
	size_t kept = count;

	for (size_t i = 0; i < count; i++)
		if (frames[i].function && !strcmp(frames[i].function, "main") && !frames[i].inlined)
			return i + 1;
	while (kept > 1 && is_beginning(&frames[kept - 1]))
		kept--;
	return kept;
}

static const struct report_stack *resolve_frames(struct resolver *resolver, uint32_t number)
{
	const struct fold_stack *from = resolver->report->fold->stacks_by_number[number - 1];
	struct report_stack stack = { .title = "" };
	struct report_frame frames[FRAMES_MAX];
	size_t count = 0;

	for (uint32_t i = 0; i < from->count; i++)
		count += resolve_address(resolver, &from->frames[i], frames + count);
	stack.count = without_beginning(frames, count);
	stack.frames = store_bytes(resolver->memory, frames, stack.count * sizeof(*frames));
	return store_bytes(resolver->memory, &stack, sizeof(stack));
}

const struct report_stack *resolve_stack_number(struct resolver *resolver, uint32_t number)
{
	const struct report_stack **stack;

	if (!number)
		return NULL;
	resolver->stacks = grown(resolver->stacks, &resolver->stack_room, number);
	stack = &resolver->stacks[number - 1];
	if (!*stack)
		*stack = resolve_frames(resolver, number);
	return *stack;
}

/* Stacks are shared by findings, titles are not: each finding gets a stack of its own frames' list.
 */
static struct report_stack *resolve_stack(struct resolver *resolver, uint32_t number,
					  const char *title)
{
	struct report_stack *stack;

	if (!number)
		return NULL;
	stack = store_bytes(resolver->memory, resolve_stack_number(resolver, number),
			    sizeof(*stack));
	stack->title = title;
	return stack;
}

static struct report_stack *empty_stack(struct resolver *resolver, const char *title)
{
	struct report_stack none = { .title = title };

	return store_bytes(resolver->memory, &none, sizeof(none));
}

/* The innermost line of the program's own code; any line at all is better than none. */
static const struct report_frame *pointed_at(const struct report_stack *stack, bool own)
{
	for (size_t i = 0; stack && i < stack->count; i++)
		if (stack->frames[i].file && stack->frames[i].line && stack->frames[i].own >= own)
			return &stack->frames[i];
	return NULL;
}

static const struct report_frame *where(const struct report_finding *finding)
{
	const struct report_frame *frame = pointed_at(finding->here, true);

	if (!frame)
		frame = pointed_at(finding->taken, true);
	if (!frame)
		frame = pointed_at(finding->here, false);
	return frame ? frame : pointed_at(finding->taken, false);
}

static const char *file_path(struct resolver *resolver, struct hf_fileid id)
{
	const struct fold_file *file = fold_file(resolver->report->fold, id);

	if (!file)
		return "";
	return shorten(resolver, copy(resolver, file->path, file->path_length));
}

static void resolve_then(struct resolver *resolver, const struct fold_finding *folded,
			 struct report_finding *finding)
{
	for (size_t i = 0; i < folded->then_count && i < REPORT_THEN_MAX; i++) {
		struct report_then *then = &finding->then[finding->then_count];

		if (folded->then[i]->what == HF_THEN_NONE)
			continue;
		then->record = folded->then[i];
		then->here = resolve_stack(resolver, folded->then_stack[i], "");
		then->sentence = describe_then(resolver->memory, finding, then);
		finding->then_count++;
	}
}

void resolve_finding(struct resolver *resolver, const struct fold_finding *folded,
		     struct report_finding *ret)
{
	struct store *memory = resolver->memory;

	memset(ret, 0, sizeof(*ret));
	ret->kind = hf_kind_info(folded->key.kind);
	ret->level = fold_level(folded);
	ret->record = folded->record;
	ret->count = folded->count;
	ret->image = recording_image(folded->recording, folded->record->head.image);
	ret->path = file_path(resolver, folded->record->id);
	ret->here = resolve_stack(resolver, folded->key.here, describe_here(memory, ret));
	if (!ret->here)
		ret->here = empty_stack(resolver, describe_here(memory, ret));
	if (folded->record->taken_time)
		ret->taken =
			resolve_stack(resolver, folded->key.taken, describe_taken(memory, ret));
	if (folded->holder)
		ret->taken = resolve_stack(resolver, folded->holder, describe_holder(memory, ret));
	ret->opened = resolve_stack(resolver, folded->opened, describe_opened(memory, ret));
	ret->where = where(ret);
	resolve_then(resolver, folded, ret);
	ret->proof = hf_message_proof(folded->record->proof);
	ret->message = describe_message(memory, ret);
}
