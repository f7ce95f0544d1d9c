# SPDX-License-Identifier: MIT

# The checker loads into any process, glibc's or musl's: libc is its only dependency (libgcc's unwinder
# is linked in), no name is fortified or guarded, and nothing is resolved late.
pkglib_LTLIBRARIES += libholdfast-check.la

CHECKER_CPPFLAGS = $(AM_CPPFLAGS) -D_GNU_SOURCE
CHECKER_CFLAGS = $(WARN_CFLAGS) -fPIC -fvisibility=hidden -ftls-model=initial-exec \
	-U_FORTIFY_SOURCE -fno-stack-protector -fexceptions

CHECKER_LDFLAGS = -module -avoid-version -no-undefined -XCClinker -static-libgcc \
	-Wl,-z,now -Wl,-z,initfirst -Wl,-z,defs \
	-Wl,--version-script=$(top_srcdir)/preload/libholdfast-check.map

# What the recorder is made of, apart from the hooks; the unit tests link it too.
RECORDER_SOURCES = \
	preload/announce.c preload/announce.h \
	preload/arena.c preload/arena.h \
	preload/halt.c preload/halt.h \
	preload/intern.c preload/intern.h \
	preload/objects.c \
	preload/options.c preload/options.h \
	preload/own_pool.c preload/own_pool.h \
	preload/pool.c preload/pool.h \
	preload/rawsys.h \
	preload/recorder.c preload/recorder.h \
	preload/say.c preload/say.h \
	preload/stack.c preload/stack.h \
	preload/stack_cache.c preload/stack_cache.h

libholdfast_check_la_SOURCES = preload/init.c $(RECORDER_SOURCES)
libholdfast_check_la_CPPFLAGS = $(CHECKER_CPPFLAGS)
libholdfast_check_la_CFLAGS = $(CHECKER_CFLAGS)
libholdfast_check_la_LDFLAGS = $(CHECKER_LDFLAGS)
libholdfast_check_la_LIBADD = libhfcore-preload.la
libholdfast_check_la_DEPENDENCIES = libhfcore-preload.la preload/libholdfast-check.map
EXTRA_DIST += preload/libholdfast-check.map
