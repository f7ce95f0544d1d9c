# SPDX-License-Identifier: MIT

# The checker loads into any process, glibc's or musl's: libc is its only dependency (libgcc's unwinder
# is linked in), no name is fortified or guarded, and nothing is resolved late.
pkglib_LTLIBRARIES += libholdfast-check.la

CHECKER_CPPFLAGS = $(AM_CPPFLAGS) -D_GNU_SOURCE
CHECKER_CFLAGS = $(WARN_CFLAGS) -fPIC -fvisibility=hidden -ftls-model=initial-exec \
	-U_FORTIFY_SOURCE -fno-stack-protector -fexceptions -fno-plt

# Every exec of a run maps the checker: as few mappings as can be, and what most programs never touch
# (.bss.large, large.h) behind what all do. The rules come last in HOOKS_SOURCES for the same reason.
comma = ,
CHECKER_LDFLAGS = -module -avoid-version -no-undefined -XCClinker -static-libgcc \
	-Wl,-z,now -Wl,-z,initfirst -Wl,-z,defs \
	-Wl,-z,noseparate-code -Wl,--sort-section=name \
	-Wl,--exclude-libs,ALL \
	$(if $(filter x86_64,$(host_cpu)),-Wl$(comma)--version-script=$(srcdir)/preload/versions.map)

# What the recorder is made of, apart from the hooks; the unit tests link it too.
RECORDER_SOURCES = \
	preload/announce.c preload/announce.h \
	preload/arena.c preload/arena.h \
	preload/clock.c preload/clock.h \
	preload/halt.c preload/halt.h \
	preload/intern.c preload/intern.h \
	preload/large.h \
	preload/objects.c \
	preload/options.c preload/options.h \
	preload/own_pool.c preload/own_pool.h \
	preload/pool.c preload/pool.h \
	preload/rawsys.h \
	preload/recorder.c preload/recorder_held.c preload/recorder.h \
	preload/say.c preload/say.h \
	preload/stack.c preload/stack_stub.S preload/stack.h \
	preload/stack_cache.c preload/stack_cache.h \
	preload/symbols.c preload/symbols.h

# Hooks, ledger, oracle and rules.
HOOKS_SOURCES = \
	preload/annotate.c \
	preload/audit.c preload/audit.h \
	preload/closing.c preload/closing.h \
	preload/fdfile.c \
	preload/filesystem.c preload/filesystem.h \
	preload/identify.c preload/identify.h \
	preload/functions.def \
	preload/handler.c preload/handler.h \
	preload/hooks.h \
	preload/init.c \
	preload/keeper.c preload/keeper.h \
	preload/ledger.c preload/ledger.h \
	preload/watch.c preload/watch.h \
	preload/on_child.c \
	preload/on_close.c \
	preload/on_file.c \
	preload/on_lock.c \
	preload/on_passwd.c \
	preload/on_process.c \
	preload/on_read.c \
	preload/on_signal.c \
	preload/on_syscall.c \
	preload/oracle.c preload/oracle.h \
	preload/proc.c preload/proc.h \
	preload/real.c preload/real.h \
	preload/request.c preload/request.h \
	preload/shim.c preload/shim.h \
	preload/signals.c preload/signals.h \
	preload/systemlocks.c preload/systemlocks.h \
	preload/twins.c preload/twins.h \
	preload/wrap.c \
	preload/wrap_exec.c \
	preload/wrap_signal.S \
	preload/wrap_spawn.c \
	preload/wrap_vfork.S \
	preload/rules.c preload/rules.h \
	preload/rules_access.c \
	preload/rules_exclude.c \
	preload/rules_failure.c \
	preload/rules_deadlock.c \
	preload/rules_process.c preload/rules_process.h \
	preload/rules_remote.c \
	preload/rules_thread.c \
	preload/rules_inode.c \
	preload/rules_stdio.c \
	preload/rules_arrived.c \
	preload/rules_survive.c \
	preload/rules_wait.c

# In a library of its own for its flags: loops that stay loops.
noinst_LTLIBRARIES += libhfstrings.la
libhfstrings_la_SOURCES = preload/strings.c
libhfstrings_la_CPPFLAGS = $(CHECKER_CPPFLAGS)
libhfstrings_la_CFLAGS = $(CHECKER_CFLAGS) -fno-builtin -fno-tree-loop-distribute-patterns

# A lock goes through some eighty functions of a dozen files, between two system calls that leave the
# caches to the kernel: optimized as one program there is less code to fetch, a sixth less to execute.
libholdfast_check_la_SOURCES = $(RECORDER_SOURCES) $(HOOKS_SOURCES)
libholdfast_check_la_CPPFLAGS = $(CHECKER_CPPFLAGS)
libholdfast_check_la_CFLAGS = $(CHECKER_CFLAGS) $(LTO_CFLAGS)
libholdfast_check_la_LDFLAGS = $(CHECKER_LDFLAGS) $(LTO_CFLAGS)
libholdfast_check_la_LIBADD = libhfcore-preload.la libhfstrings.la
libholdfast_check_la_DEPENDENCIES = libhfcore-preload.la libhfstrings.la $(srcdir)/preload/versions.map

# What the checker interposes is exported, and nothing else: libgcc's unwinder must not become the
# program's.
EXTRA_DIST += preload/versions.map
