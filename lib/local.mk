# SPDX-License-Identifier: MIT

# Core is linked into the checker too, which loads into musl programs: no fortified names, no guard symbols.
HF_CORE_CFLAGS = -fPIC -fvisibility=hidden -U_FORTIFY_SOURCE -fno-stack-protector

noinst_LTLIBRARIES += libhfcore.la
libhfcore_la_CFLAGS = $(AM_CFLAGS) $(HF_CORE_CFLAGS)
libhfcore_la_SOURCES = \
	lib/core/fileid.h \
	lib/core/fstype.c lib/core/fstype.h \
	lib/core/kinds.c lib/core/kinds.h lib/core/kinds.def \
	lib/core/locktypes.h \
	lib/core/mem.h \
	lib/core/message.c lib/core/message.h \
	lib/core/mounts.c lib/core/mounts.h \
	lib/core/options.c lib/core/options.h lib/core/options.def \
	lib/core/proclocks.c lib/core/proclocks.h \
	lib/core/rangeplace.c lib/core/rangeplace.h \
	lib/core/rangeset.c lib/core/rangeset.h \
	lib/core/record.c lib/core/record.h \
	lib/core/text.c lib/core/text.h

# The same objects, never sanitized, for the checker.
noinst_LTLIBRARIES += libhfcore-preload.la
libhfcore_preload_la_CFLAGS = $(WARN_CFLAGS) $(HF_CORE_CFLAGS) $(LTO_CFLAGS)
libhfcore_preload_la_SOURCES = $(libhfcore_la_SOURCES)

# The library, and its objects with every symbol in reach, for the tests that make system calls fail.
noinst_LTLIBRARIES += libhflib.la
libhflib_la_CPPFLAGS = $(AM_CPPFLAGS) -D_FILE_OFFSET_BITS=64
# After a system call an indirect jump is dear, and a lock is little more than two system calls.
libhflib_la_CFLAGS = $(AM_CFLAGS) -fPIC -fno-plt -fvisibility=hidden -pthread
libhflib_la_LIBADD = libhfcore.la
libhflib_la_SOURCES = \
	lib/claim.c \
	lib/convert.c \
	lib/error.c lib/errors.def \
	lib/held.c lib/held.h \
	lib/holders.c \
	lib/lock.c lib/lock.h \
	lib/lockset.c \
	lib/open.c \
	lib/path.c lib/path.h \
	lib/procfs.c lib/procfs.h \
	lib/reads.c lib/reads.h \
	lib/rwlock.c \
	lib/scope.c \
	lib/setlk.c lib/setlk.h \
	lib/sys.c lib/sys.h lib/sys.def \
	lib/upgraders.c \
	lib/verify.c \
	lib/wait.c lib/wait.h

# pthread_cancel loads libgcc_s when it is first used and ends the process where it cannot.
HFLIB_LINK = -pthread -Wl,--push-state,--no-as-needed,-lgcc_s,--pop-state

lib_LTLIBRARIES += libholdfast.la
include_HEADERS += lib/holdfast.h lib/holdfast-annotate.h
libholdfast_la_SOURCES =
EXTRA_libholdfast_la_DEPENDENCIES = $(top_srcdir)/lib/libholdfast.map
libholdfast_la_LIBADD = libhflib.la
libholdfast_la_LDFLAGS = $(AM_LDFLAGS) $(HFLIB_LINK) -version-info 0:0:0 -no-undefined \
	-Wl,--version-script=$(top_srcdir)/lib/libholdfast.map
EXTRA_DIST += lib/libholdfast.map

pkgconfigdir = $(libdir)/pkgconfig
pkgconfig_DATA = lib/holdfast.pc
