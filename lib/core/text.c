/* SPDX-License-Identifier: MIT */
#include "text.h"

#include <string.h>

struct hf_text hf_text_in(char *data, size_t size)
{
	data[0] = '\0';
	return (struct hf_text){ .data = data, .size = size };
}

void hf_text_add_bytes(struct hf_text *text, const char *bytes, size_t length)
{
	size_t room = text->size - 1 - text->used;

	if (length > room)
		length = room;
	memcpy(text->data + text->used, bytes, length);
	text->used += length;
	text->data[text->used] = '\0';
}

void hf_text_add(struct hf_text *text, const char *string)
{
	hf_text_add_bytes(text, string, strlen(string));
}

void hf_text_add_number(struct hf_text *text, uint64_t number, unsigned base)
{
	char digits[64];
	size_t at = sizeof(digits);

	do {
		digits[--at] = "0123456789abcdef"[number % base];
		number /= base;
	} while (number);
	hf_text_add_bytes(text, digits + at, sizeof(digits) - at);
}

void hf_text_add_signed(struct hf_text *text, int64_t number)
{
	if (number < 0)
		hf_text_add_bytes(text, "-", 1);
	hf_text_add_number(text, number < 0 ? -(uint64_t)number : (uint64_t)number, 10);
}

/* Bytes from outside: a file name may hold a newline, or what a terminal takes for a command. */
static void add_printable(struct hf_text *text, const char *bytes, size_t length)
{
	size_t from = text->used;

	hf_text_add_bytes(text, bytes, length);
	for (; from < text->used; from++)
		if ((unsigned char)text->data[from] < ' ' || text->data[from] == 0x7f)
			text->data[from] = '?';
}

/* One conversion, as it stands after the %. */
struct conversion {
	int precision; /* of a string, -1: to its NUL */
	unsigned longs;
	char type;
};

/* Arguments are fetched in one function only: a va_list that was passed on by value is spent. */
static void add_argument(struct hf_text *text, const struct conversion *how, va_list *args)
{
	const char *string;
	char c;

	switch (how->type) {
	case 's':
		string = va_arg(*args, const char *);
		add_printable(text, string,
			      how->precision < 0 ? strlen(string)
						 : strnlen(string, (size_t)how->precision));
		break;
	case 'c':
		c = (char)va_arg(*args, int);
		hf_text_add_bytes(text, &c, 1);
		break;
	case 'd':
		hf_text_add_signed(text, how->longs ? va_arg(*args, long) : va_arg(*args, int));
		break;
	case 'u':
	case 'x':
		hf_text_add_number(text,
				   how->longs ? va_arg(*args, unsigned long)
					      : va_arg(*args, unsigned int),
				   how->type == 'x' ? 16 : 10);
		break;
	default:
		hf_text_add_bytes(text, &how->type, 1);
	}
}

/* Returns where the format goes on. */
static const char *add_conversion(struct hf_text *text, const char *at, va_list *args)
{
	struct conversion how = { .precision = -1 };

	if (at[0] == '.' && at[1] == '*') {
		how.precision = va_arg(*args, int);
		at += 2;
	}
	for (; *at == 'l' || *at == 'z'; at++)
		how.longs++; /* long, long long and size_t are all 64 bits here */
	how.type = *at;
	if (!how.type)
		return at;
	add_argument(text, &how, args);
	return at + 1;
}

_Static_assert(sizeof(long) == 8 && sizeof(size_t) == 8, "hf_text_format takes them for the same");

void hf_text_vformat(struct hf_text *text, const char *format, va_list args)
{
	const char *percent;
	va_list copy;

	va_copy(copy, args);
	while ((percent = strchr(format, '%'))) {
		hf_text_add_bytes(text, format, (size_t)(percent - format));
		format = add_conversion(text, percent + 1, &copy);
	}
	va_end(copy);
	hf_text_add(text, format);
}

void hf_text_format(struct hf_text *text, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	hf_text_vformat(text, format, args);
	va_end(args);
}
