# SPDX-License-Identifier: MIT

# Core is linked into the checker too, which loads into musl programs: no fortified names, no guard symbols.
HF_CORE_CFLAGS = -fPIC -fvisibility=hidden -U_FORTIFY_SOURCE -fno-stack-protector

noinst_LTLIBRARIES += libhfcore.la
libhfcore_la_CFLAGS = $(AM_CFLAGS) $(HF_CORE_CFLAGS)
libhfcore_la_SOURCES = \
	lib/core/fileid.h \
	lib/core/kinds.c lib/core/kinds.h lib/core/kinds.def \
	lib/core/locktypes.h \
	lib/core/mem.h \
	lib/core/message.c lib/core/message.h \
	lib/core/options.c lib/core/options.h lib/core/options.def \
	lib/core/proclocks.c lib/core/proclocks.h \
	lib/core/rangeset.c lib/core/rangeset.h \
	lib/core/record.c lib/core/record.h \
	lib/core/text.c lib/core/text.h

# The same objects, never sanitized, for the checker.
noinst_LTLIBRARIES += libhfcore-preload.la
libhfcore_preload_la_CFLAGS = $(WARN_CFLAGS) $(HF_CORE_CFLAGS)
libhfcore_preload_la_SOURCES = $(libhfcore_la_SOURCES)

pkgconfigdir = $(libdir)/pkgconfig
pkgconfig_DATA = lib/holdfast.pc
