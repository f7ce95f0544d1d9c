/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "holdfast.h"

unsigned hf_version(void)
{
	return HF_VERSION_MAJOR << 16 | HF_VERSION_MINOR << 8 | HF_VERSION_PATCH;
}

static const char *system_text(int error)
{
#ifdef HAVE_STRERRORDESC_NP
	const char *text = strerrordesc_np(error);

	return text ? text : "unknown error";
#else
	(void)error;
	return "error of a system call";
#endif
}

const char *hf_strerror(int error)
{
	/* INT_MIN has no positive twin; it is no error either. */
	switch (error < 0 ? -(error + 1) + 1U : (unsigned)error) {
	case 0:
		return "no error";
#define HF_ERROR(CODE, MESSAGE)                                                                    \
	case CODE:                                                                                 \
		return MESSAGE;
#include "errors.def"
#undef HF_ERROR
	default:
		return system_text(error < 0 && error >= -4095 ? -error : error);
	}
}
