/* SPDX-License-Identifier: MIT */
/*
 * The checker's own <string.h>, hidden in its library.
 *
 * A call to strlen by name would go where the program's calls go: to a sanitizer's version, which
 * may sit in the program itself, check what is none of its business, and crash when it is called
 * before the program's constructors have run. libgcc's unwinder, linked in, gets these too.
 *
 * Strings are short; only copying needs to be fast, since every stack goes through it. Built
 * without the optimisation that would turn these loops into calls of themselves (local.mk).
 */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/*
 * Eight and sixteen bytes wherever they are: the hooks copy records of one or two hundred on every
 * lock, and the ledger moves its ranges by one.
 */
typedef uint64_t word __attribute__((may_alias, aligned(1)));
typedef word pair __attribute__((vector_size(2 * sizeof(word)), may_alias, aligned(1)));

/*
 * From the front; from may overlap to if it lies behind it. Sixteen at a time is for what is long
 * and old: words that were stored one by one just now would have to reach the cache first.
 */
static void copy(unsigned char *t, const unsigned char *f, size_t size)
{
	if (size >= 256)
		for (; size >= sizeof(pair);
		     size -= sizeof(pair), t += sizeof(pair), f += sizeof(pair))
			*(pair *)t = *(const pair *)f;
	for (; size >= sizeof(word); size -= sizeof(word), t += sizeof(word), f += sizeof(word))
		*(word *)t = *(const word *)f;
	while (size--)
		*t++ = *f++;
}

void *memcpy(void *restrict to, const void *restrict from, size_t size)
{
	copy(to, from, size);
	return to;
}

void *memmove(void *to, const void *from, size_t size)
{
	unsigned char *t = to;
	const unsigned char *f = from;

	if (t <= f || t >= f + size) {
		copy(t, f, size);
		return to;
	}
	for (; size >= sizeof(pair); size -= sizeof(pair))
		*(pair *)(t + size - sizeof(pair)) = *(const pair *)(f + size - sizeof(pair));
	for (; size >= sizeof(word); size -= sizeof(word))
		*(word *)(t + size - sizeof(word)) = *(const word *)(f + size - sizeof(word));
	while (size--)
		t[size] = f[size];
	return to;
}

void *memset(void *to, int byte, size_t size)
{
	const word bytes = (unsigned char)byte * (~(uint64_t)0 / 255);
	unsigned char *t = to;

	for (; size >= sizeof(word); size -= sizeof(word), t += sizeof(word))
		*(word *)t = bytes;
	while (size--)
		*t++ = (unsigned char)byte;
	return to;
}

int memcmp(const void *a, const void *b, size_t size)
{
	const unsigned char *x = a, *y = b;

	for (; size >= sizeof(word) && *(const word *)x == *(const word *)y; size -= sizeof(word))
		x += sizeof(word), y += sizeof(word);
	for (; size--; x++, y++)
		if (*x != *y)
			return *x - *y;
	return 0;
}

void *memchr(const void *data, int byte, size_t size)
{
	const unsigned char *at = data;

	for (; size--; at++)
		if (*at == (unsigned char)byte)
			return (void *)(size_t)at;
	return NULL;
}

size_t strnlen(const char *text, size_t limit)
{
	size_t length = 0;

	while (length < limit && text[length])
		length++;
	return length;
}

size_t strlen(const char *text)
{
	return strnlen(text, PTRDIFF_MAX);
}

int strncmp(const char *a, const char *b, size_t limit)
{
	for (; limit--; a++, b++)
		if (*a != *b || !*a)
			return (unsigned char)*a - (unsigned char)*b;
	return 0;
}

int strcmp(const char *a, const char *b)
{
	return strncmp(a, b, PTRDIFF_MAX);
}

char *strchrnul(const char *text, int c)
{
	while (*text && *text != (char)c)
		text++;
	return (char *)(size_t)text;
}

char *strchr(const char *text, int c)
{
	char *found = strchrnul(text, c);

	return *found == (char)c ? found : NULL;
}

char *strrchr(const char *text, int c)
{
	const char *found = NULL;

	do
		if (*text == (char)c)
			found = text;
	while (*text++);
	return (char *)(size_t)found;
}

size_t strcspn(const char *text, const char *reject)
{
	size_t length = 0;

	while (text[length] && !strchr(reject, text[length]))
		length++;
	return length;
}

char *strstr(const char *text, const char *part)
{
	size_t length = strlen(part);

	for (; strncmp(text, part, length); text++)
		if (!*text)
			return NULL;
	return (char *)(size_t)text;
}

char *strcpy(char *restrict to, const char *restrict from)
{
	memcpy(to, from, strlen(from) + 1);
	return to;
}

char *strcat(char *restrict to, const char *restrict from)
{
	strcpy(to + strlen(to), from);
	return to;
}
