# SPDX-License-Identifier: MIT

# Everything but main(), so that unit tests can link it.
TOOLS_SOURCES = \
	tools/alloc.c tools/alloc.h \
	tools/baseline.c tools/baseline.h \
	tools/blind.c tools/blind.h \
	tools/child.c tools/child.h \
	tools/cmd_check.c \
	tools/cmd_report.c \
	tools/cmd_suppress.c \
	tools/describe.c tools/describe.h \
	tools/fold.c tools/fold.h \
	tools/format.c tools/format.h tools/formats.def \
	tools/format_github.c \
	tools/format_html.c tools/html_timeline.c tools/html_timeline.h \
	tools/format_json.c \
	tools/format_junit.c \
	tools/format_sarif.c tools/sarif_location.c tools/sarif_location.h \
	tools/format_text.c \
	tools/jsontext.c tools/jsontext.h \
	tools/source.c tools/source.h \
	tools/timeline.c tools/timeline_sort.c tools/timeline.h \
	tools/utf8.c tools/utf8.h \
	tools/judge.c tools/judge_leak.c tools/judge_lost.c tools/judge_mixed.c tools/judge_wait.c \
	tools/judge.h \
	tools/recording.c tools/recording.h \
	tools/report.c tools/report.h \
	tools/reporting.c tools/reporting.h \
	tools/resolve.c tools/resolve.h \
	tools/rundir.c tools/rundir.h \
	tools/store.c tools/store.h \
	tools/suppress.c tools/suppress.h \
	tools/symbols.c tools/symbols.h \
	tools/command.c tools/command.h tools/commands.def \
	tools/cmd_doctor.c \
	tools/cmd_explain.c \
	tools/cmd_list.c \
	tools/cmd_run.c \
	tools/doctor.c tools/doctor.h tools/doctor.def \
	tools/elf_probe.c tools/elf_probe.h \
	tools/flock_wait.c tools/flock_wait.h \
	tools/kindtext.c tools/kindtext.h \
	tools/locklist.c tools/locklist.h \
	tools/lockowners.c tools/lockowners.h \
	tools/locktable.c tools/locktable.h \
	tools/procinfo.c tools/procinfo.h \
	tools/progress.c tools/progress.h \
	tools/textwrap.c tools/textwrap.h

TOOLS_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tools -I$(top_builddir)/tools -DPKGDATADIR='"$(pkgdatadir)"' \
	-DPKGLIBDIR='"$(pkglibdir)"'
TOOLS_LIBS = libhftools.la libholdfast.la libhfcore.la \
	$(LIBDW_LIBS) $(LIBELF_LIBS) $(JANSSON_LIBS) $(SMARTCOLS_LIBS)

noinst_LTLIBRARIES += libhftools.la
libhftools_la_SOURCES = $(TOOLS_SOURCES)
libhftools_la_CPPFLAGS = $(TOOLS_CPPFLAGS)
libhftools_la_CFLAGS = $(AM_CFLAGS) $(LIBDW_CFLAGS) $(LIBELF_CFLAGS) $(JANSSON_CFLAGS) $(SMARTCOLS_CFLAGS)

bin_PROGRAMS += holdfast
holdfast_SOURCES = tools/holdfast.c
holdfast_CPPFLAGS = $(TOOLS_CPPFLAGS)
holdfast_LDADD = $(TOOLS_LIBS)

dist_bashcompletion_DATA = tools/completion/holdfast

# `holdfast explain` shows the very programs that the tests run.
examplesdir = $(pkgdatadir)/examples
examples_DATA = \
	$(wildcard $(srcdir)/tests/misuse/*.bad.c) \
	$(wildcard $(srcdir)/tests/misuse/*.good.c) \
	$(srcdir)/tests/misuse/pair.h

# The page's style and script, as strings with their hashes.
nodist_libhftools_la_SOURCES = tools/html/page_css.h tools/html/page_js.h
BUILT_SOURCES += tools/html/page_css.h tools/html/page_js.h
CLEANFILES += tools/html/page_css.h tools/html/page_js.h
EXTRA_DIST += tools/html/embed.sh tools/html/page.css tools/html/page.js

tools/html/page_css.h: tools/html/page.css tools/html/embed.sh
	$(AM_V_GEN)$(MKDIR_P) tools/html && \
		$(SHELL) $(srcdir)/tools/html/embed.sh PAGE_CSS $(srcdir)/tools/html/page.css >$@.new && mv $@.new $@

tools/html/page_js.h: tools/html/page.js tools/html/embed.sh
	$(AM_V_GEN)$(MKDIR_P) tools/html && \
		$(SHELL) $(srcdir)/tools/html/embed.sh PAGE_JS $(srcdir)/tools/html/page.js >$@.new && mv $@.new $@
