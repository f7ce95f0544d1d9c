# SPDX-License-Identifier: MIT
# The lock library's own tests, against its objects, so that system calls can be made to fail.

LIB_TESTS = tests/unit/lib-lock
LIB_TEST_HELPERS = tests/unit/lib-helpers.c tests/unit/lib.h
LIB_TEST_CFLAGS = $(TEST_CFLAGS) $(SANITIZE_FLAGS) -pthread
LIB_TEST_LINK = $(AM_LDFLAGS) $(HFLIB_LINK)
LIB_TEST_LIBS = libhflib.la $(CRITERION_LIBS)

tests_unit_lib_lock_SOURCES = tests/unit/lib-lock.c $(LIB_TEST_HELPERS)
tests_unit_lib_lock_CFLAGS = $(LIB_TEST_CFLAGS)
tests_unit_lib_lock_LDFLAGS = $(LIB_TEST_LINK)
tests_unit_lib_lock_LDADD = $(LIB_TEST_LIBS)

UNIT_TESTS += $(LIB_TESTS)
