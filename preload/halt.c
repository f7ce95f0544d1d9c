/* SPDX-License-Identifier: MIT */
#include "halt.h"

#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "options.h"
#include "rawsys.h"

_Thread_local uint32_t hf_signals_wait __attribute__((tls_model("initial-exec")));

/* The line "TracerPid:\t0" of /proc/self/status, with another number. */
static bool is_traced(void)
{
	static const char key[] = "\nTracerPid:\t";
	char status[1024];
	int fd = raw_openat(AT_FDCWD, "/proc/self/status", O_RDONLY | O_CLOEXEC, 0);
	ssize_t length;
	const char *line;

	if (fd < 0)
		return false;
	length = raw_read(fd, status, sizeof(status) - 1);
	(void)raw_close(fd);
	if (length <= 0)
		return false;
	status[length] = '\0';
	line = strstr(status, key);
	return line && line[sizeof(key) - 1] != '0';
}

void hf_halt_at(enum hf_level level)
{
	if (hf_options.halt_on == HF_LEVEL_NONE || level < hf_options.halt_on)
		return;
	if (is_traced()) {
		(void)raw_tgkill(raw_getpid(), raw_gettid(), SIGTRAP);
	} else {
		hf_signals_wait = 0;
		abort();
	}
}
