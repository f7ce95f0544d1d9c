/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <stdint.h>
#include <string.h>

#include "exports.h"

Test(arena, blocks_of_the_arena_are_apart_and_come_back, .timeout = 10)
{
	static const size_t sizes[] = { 1, 16, 17, 500, 513, 5000, 20000, 200000 };
	struct hf_arena arena;
	unsigned char *blocks[8][20];

	checker.arena_init(&arena);
	for (unsigned i = 0; i < 8; i++) {
		for (unsigned n = 0; n < 20; n++) {
			blocks[i][n] = hf_mem_alloc(&arena.mem, sizes[i]);
			cr_assert_not_null(blocks[i][n]);
			cr_assert_eq((uintptr_t)blocks[i][n] % 16, 0);
			memset(blocks[i][n], (int)(i * 20 + n), sizes[i]);
		}
	}
	for (unsigned i = 0; i < 8; i++)
		for (unsigned n = 0; n < 20; n++)
			for (size_t at = 0; at < sizes[i]; at += sizes[i] / 3 + 1)
				cr_assert_eq(blocks[i][n][at], (unsigned char)(i * 20 + n));
	hf_mem_release(&arena.mem, blocks[3][7], sizes[3]);
	cr_expect_eq(hf_mem_alloc(&arena.mem, sizes[3]), blocks[3][7]);
	cr_expect_null(hf_mem_alloc(&arena.mem, SIZE_MAX));
	cr_expect_null(hf_mem_alloc(&arena.mem, (size_t)1 << 47));
}
