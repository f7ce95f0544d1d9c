# SPDX-License-Identifier: MIT
# Reports compared with what is kept in the tree, byte by byte.

check_PROGRAMS += tests/golden/make-recording
tests_golden_make_recording_SOURCES = tests/golden/make-recording.c
tests_golden_make_recording_CFLAGS = $(WARN_CFLAGS) -g -fno-optimize-sibling-calls -fno-inline -fno-ipa-icf
tests_golden_make_recording_LDFLAGS = -Wl,--build-id
tests_golden_make_recording_LDADD = libhfcore.la
