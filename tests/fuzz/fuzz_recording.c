/* SPDX-License-Identifier: MIT */
/* Any file at all, read as a recording and printed in every format. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "format.h"
#include "report.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

static const char *const formats[] = {
#define HF_FORMAT(NAME, HELP) #NAME,
#include "formats.def"
#undef HF_FORMAT
};

static void print_all(const struct report *report)
{
	static FILE *null;
	struct format_how how = { .colour = true };

	if (!null)
		null = fopen("/dev/null", "we");
	for (size_t i = 0; null && i < sizeof(formats) / sizeof(formats[0]); i++)
		format_find(formats[i])->print(report, null, &how);
}

static void report_on(const char *path)
{
	struct report_options options = { .notes = true };
	struct recording recording;
	struct report *report;

	if (recording_open(path, &recording))
		return;
	report = report_new(&options);
	report_add(report, &recording);
	report_finish(report);
	print_all(report);
	report_free(report);
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	int fd = memfd_create("recording", MFD_CLOEXEC);
	char path[64];

	if (fd < 0 || write(fd, data, size) != (ssize_t)size)
		abort();
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	report_on(path);
	close(fd);
	return 0;
}
