# SPDX-License-Identifier: MIT

bin_PROGRAMS += holdfast

TOOLS_SOURCES = \
	tools/command.c tools/command.h tools/commands.def \
	tools/cmd_doctor.c \
	tools/cmd_explain.c \
	tools/doctor.c tools/doctor.h tools/doctor.def \
	tools/elf_probe.c tools/elf_probe.h \
	tools/holdfast.c \
	tools/kindtext.c tools/kindtext.h \
	tools/textwrap.c tools/textwrap.h

holdfast_SOURCES = $(TOOLS_SOURCES)
holdfast_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tools -DPKGDATADIR='"$(pkgdatadir)"'
holdfast_CFLAGS = $(AM_CFLAGS) $(LIBDW_CFLAGS) $(LIBELF_CFLAGS) $(JANSSON_CFLAGS) $(SMARTCOLS_CFLAGS)
holdfast_LDADD = libhfcore.la $(LIBDW_LIBS) $(LIBELF_LIBS) $(JANSSON_LIBS) $(SMARTCOLS_LIBS)
