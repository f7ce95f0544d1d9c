/* SPDX-License-Identifier: MIT */
/* Operations as data: made from random numbers, run by name, written as text. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "differential.h"
#include "slots.h"

struct tally *tally;

static const struct {
	const char *name;
	unsigned weight;
	enum outcome (*run)(const struct op *);
} table[OP_COUNT] = {
#define DIFF_OP(name, weight, outcomes) { #name, weight, do_##name },
#include "ops.def"
#undef DIFF_OP
};

void disagree(const char *format, ...)
{
	va_list args;

	if (tally->reason[0])
		return;
	va_start(args, format);
	(void)vsnprintf(tally->reason, REASON_SIZE, format, args);
	va_end(args);
}

void count(uint64_t *counter)
{
	(void)__atomic_fetch_add(counter, 1, __ATOMIC_RELAXED);
}

/* splitmix64 */
uint32_t random_next(uint64_t *state)
{
	uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return (uint32_t)(z >> 32);
}

uint64_t edge(unsigned number)
{
	static const uint64_t edges[EDGES] = { 0, 1, 10, 20, 30, 50, 51, 4096, HF_EOF };

	return edges[number];
}

void op_range(const struct op *op, uint64_t *start, uint64_t *end)
{
	*start = edge(op->from);
	*end = op->to > op->from && edge(op->to) != HF_EOF ? edge(op->to) - 1 : HF_EOF;
}

/* Only what leaves the other thread's descriptors and the files' names alone, and does not wait. */
static bool is_local(enum op_name name)
{
	switch (name) {
	case OP_open:
	case OP_open_read_only:
	case OP_open_path:
	case OP_fopen:
	case OP_opendir:
	case OP_lock:
	case OP_unlock:
	case OP_lockf:
	case OP_lockf_unlock:
	case OP_close:
	case OP_dup:
	case OP_dupfd:
	case OP_dup2:
	case OP_dup3:
	case OP_write:
	case OP_seek:
		return true;
	default:
		return false;
	}
}

static enum op_name random_name(uint64_t *state)
{
	unsigned total = 0, at, name;

	for (name = 0; name < OP_COUNT; name++)
		total += table[name].weight;
	at = random_next(state) % total;
	for (name = 0; at >= table[name].weight; name++)
		at -= table[name].weight;
	return (enum op_name)name;
}

struct op op_random(uint64_t *state, bool only_local)
{
	struct op op = { 0 };
	uint32_t bits;

	do
		op.name = (uint8_t)random_name(state);
	while (only_local && !is_local((enum op_name)op.name));
	bits = random_next(state);
	op.primitive = (uint8_t)(bits % 8 < 4 ? HF_PRIM_POSIX : bits % 8 < 6 ? HF_PRIM_OFD : HF_PRIM_FLOCK);
	op.mode = bits >> 3 & 1 ? HF_MODE_WRITE : HF_MODE_READ;
	op.thread = (bits >> 4 & 3) == 0;
	op.from = (uint8_t)((bits >> 8) % (EDGES - 1));
	op.to = (uint8_t)((bits >> 12) % EDGES);
	op.file = (uint8_t)((bits >> 20) % FILES);
	bits = random_next(state);
	op.a = (uint8_t)bits;
	op.b = (uint8_t)(bits >> 8);
	op.via = (uint8_t)(bits >> 16);
	op.seed = random_next(state);
	return op;
}

enum outcome op_run(const struct op *op)
{
	enum outcome outcome = table[op->name].run(op);

	count(&tally->ops[op->name][outcome]);
	return outcome;
}

const char *op_text(const struct op *op)
{
	static const char *const primitives[] = { "-", "POSIX", "OFD", "flock" };
	static const char *const modes[] = { "unlock", "read", "write" };
	static char text[200];
	uint64_t start, end;

	op_range(op, &start, &end);
	snprintf(text, sizeof(text), "%s %s %s bytes %llu..%lld file %u slots %u,%u via %u%s seed %u",
		 table[op->name].name, primitives[op->primitive], modes[op->mode],
		 (unsigned long long)start, end == HF_EOF ? -1LL : (long long)end, op->file, op->a,
		 op->b, op->via, op->thread ? " second thread" : "", op->seed);
	return text;
}
