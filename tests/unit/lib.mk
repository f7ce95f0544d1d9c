# SPDX-License-Identifier: MIT
# The lock library's own tests, against its objects, so that system calls can be made to fail.

LIB_TESTS = \
	tests/unit/lib-borrow \
	tests/unit/lib-cancel \
	tests/unit/lib-convert \
	tests/unit/lib-crowd \
	tests/unit/lib-fair \
	tests/unit/lib-fault \
	tests/unit/lib-fork \
	tests/unit/lib-holders \
	tests/unit/lib-lock \
	tests/unit/lib-lockset \
	tests/unit/lib-memory \
	tests/unit/lib-open \
	tests/unit/lib-replace \
	tests/unit/lib-rwlock \
	tests/unit/lib-sweep \
	tests/unit/lib-threads \
	tests/unit/lib-wait

LIB_TEST_CFLAGS = $(TEST_CFLAGS) $(SANITIZE_FLAGS) -pthread
LIB_TEST_LINK = $(AM_LDFLAGS) $(HFLIB_LINK)
LIB_TEST_LIBS = libtestlib.la libhflib.la $(CRITERION_LIBS)

check_LTLIBRARIES += libtestlib.la
libtestlib_la_SOURCES = tests/unit/lib-helpers.c tests/unit/lib.h tests/unit/fault.h
libtestlib_la_CFLAGS = $(LIB_TEST_CFLAGS)

tests_unit_lib_borrow_CFLAGS = $(LIB_TEST_CFLAGS)
tests_unit_lib_borrow_LDFLAGS = $(LIB_TEST_LINK)
tests_unit_lib_borrow_LDADD = $(LIB_TEST_LIBS)

tests_unit_lib_cancel_CFLAGS = $(LIB_TEST_CFLAGS)
tests_unit_lib_cancel_LDFLAGS = $(LIB_TEST_LINK)
tests_unit_lib_cancel_LDADD = $(LIB_TEST_LIBS)

tests_unit_lib_convert_CFLAGS = $(LIB_TEST_CFLAGS)
tests_unit_lib_convert_LDFLAGS = $(LIB_TEST_LINK)
tests_unit_lib_convert_LDADD = $(LIB_TEST_LIBS)

tests_unit_lib_crowd_CFLAGS = $(LIB_TEST_CFLAGS)
tests_unit_lib_crowd_LDFLAGS = $(LIB_TEST_LINK)
tests_unit_lib_crowd_LDADD = $(LIB_TEST_LIBS)

tests_unit_lib_fair_CFLAGS = $(LIB_TEST_CFLAGS)
tests_unit_lib_fair_LDFLAGS = $(LIB_TEST_LINK)
tests_unit_lib_fair_LDADD = $(LIB_TEST_LIBS)

tests_unit_lib_fault_CFLAGS = $(LIB_TEST_CFLAGS)
tests_unit_lib_fault_LDFLAGS = $(LIB_TEST_LINK)
tests_unit_lib_fault_LDADD = $(LIB_TEST_LIBS)

tests_unit_lib_fork_CFLAGS = $(LIB_TEST_CFLAGS)
tests_unit_lib_fork_LDFLAGS = $(LIB_TEST_LINK)
tests_unit_lib_fork_LDADD = $(LIB_TEST_LIBS)

tests_unit_lib_holders_CFLAGS = $(LIB_TEST_CFLAGS)
tests_unit_lib_holders_LDFLAGS = $(LIB_TEST_LINK)
tests_unit_lib_holders_LDADD = $(LIB_TEST_LIBS)

tests_unit_lib_lock_CFLAGS = $(LIB_TEST_CFLAGS)
tests_unit_lib_lock_LDFLAGS = $(LIB_TEST_LINK)
tests_unit_lib_lock_LDADD = $(LIB_TEST_LIBS)

tests_unit_lib_lockset_CFLAGS = $(LIB_TEST_CFLAGS)
tests_unit_lib_lockset_LDFLAGS = $(LIB_TEST_LINK) -Wl,--wrap=pthread_cond_timedwait
tests_unit_lib_lockset_LDADD = $(LIB_TEST_LIBS)

tests_unit_lib_memory_CFLAGS = $(LIB_TEST_CFLAGS)
tests_unit_lib_memory_LDFLAGS = $(LIB_TEST_LINK) -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc \
	-Wl,--wrap=aligned_alloc,--wrap=strdup
tests_unit_lib_memory_LDADD = $(LIB_TEST_LIBS)

tests_unit_lib_open_CFLAGS = $(LIB_TEST_CFLAGS)
tests_unit_lib_open_LDFLAGS = $(LIB_TEST_LINK)
tests_unit_lib_open_LDADD = $(LIB_TEST_LIBS)

tests_unit_lib_replace_CFLAGS = $(LIB_TEST_CFLAGS)
tests_unit_lib_replace_LDFLAGS = $(LIB_TEST_LINK)
tests_unit_lib_replace_LDADD = $(LIB_TEST_LIBS)

tests_unit_lib_rwlock_CFLAGS = $(LIB_TEST_CFLAGS)
tests_unit_lib_rwlock_LDFLAGS = $(LIB_TEST_LINK)
tests_unit_lib_rwlock_LDADD = $(LIB_TEST_LIBS)

tests_unit_lib_sweep_CFLAGS = $(LIB_TEST_CFLAGS)
tests_unit_lib_sweep_LDFLAGS = $(LIB_TEST_LINK)
tests_unit_lib_sweep_LDADD = $(LIB_TEST_LIBS)

tests_unit_lib_threads_CFLAGS = $(LIB_TEST_CFLAGS)
tests_unit_lib_threads_LDFLAGS = $(LIB_TEST_LINK)
tests_unit_lib_threads_LDADD = $(LIB_TEST_LIBS)

tests_unit_lib_wait_CFLAGS = $(LIB_TEST_CFLAGS)
tests_unit_lib_wait_LDFLAGS = $(LIB_TEST_LINK)
tests_unit_lib_wait_LDADD = $(LIB_TEST_LIBS)

UNIT_TESTS += $(LIB_TESTS)
