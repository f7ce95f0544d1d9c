/* SPDX-License-Identifier: MIT */
#include "text.h"

#include <criterion/criterion.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

static const char *formatted(const char *format, ...) __attribute__((format(printf, 1, 2)));

static const char *formatted(const char *format, ...)
{
	static char data[200];
	struct hf_text text = hf_text_in(data, sizeof(data));
	va_list args;

	va_start(args, format);
	hf_text_vformat(&text, format, args);
	va_end(args);
	return data;
}

Test(text, every_conversion_gives_what_printf_gives, .timeout = 10)
{
	char expected[200];

	snprintf(expected, sizeof(expected), "%d %d %ld %u %lu %zu %x %llx %s %.*s %c %%", 0,
		 INT32_MIN, (long)INT64_MIN, UINT32_MAX, UINT64_MAX, (size_t)7, 0xbeefu,
		 (unsigned long long)UINT64_MAX, "word", 3, "abcdef", '!');
	cr_expect_str_eq(formatted("%d %d %ld %u %lu %zu %x %llx %s %.*s %c %%", 0, INT32_MIN,
				   (long)INT64_MIN, UINT32_MAX, UINT64_MAX, (size_t)7, 0xbeefu,
				   (unsigned long long)UINT64_MAX, "word", 3, "abcdef", '!'),
			 expected);
}

Test(text, what_does_not_fit_is_cut_and_the_string_ends, .timeout = 10)
{
	char data[8] = "xxxxxxx";
	struct hf_text text = hf_text_in(data, 5);

	hf_text_format(&text, "%s%d", "abc", 12345);
	cr_expect_str_eq(data, "abc1");
	cr_expect_eq(text.used, 4);
	cr_expect_eq(data[5], 'x');
	hf_text_add(&text, "more");
	cr_expect_str_eq(data, "abc1");
}

Test(text, control_characters_of_a_string_are_not_passed_on, .timeout = 10)
{
	cr_expect_str_eq(formatted("%s\n", "a\nb\033\177\xc3\xa4"), "a?b??\xc3\xa4\n");
}
