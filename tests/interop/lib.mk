# SPDX-License-Identifier: MIT
# The lock library as others meet it: its header and shared object, and its locks beside theirs.

LIB_INTEROP_TESTS = \
	tests/interop/btrfs.sh \
	tests/interop/consumer.sh \
	tests/interop/examples.sh \
	tests/interop/musl.sh \
	tests/interop/peers.sh \
	tests/interop/tsan.sh

TESTS += $(LIB_INTEROP_TESTS)
EXTRA_DIST += $(LIB_INTEROP_TESTS) tests/interop/consumer.c tests/interop/fasteners-peer.py \
	tests/interop/musl.c tests/interop/tsan.c

check_PROGRAMS += tests/interop/peer
tests_interop_peer_SOURCES = tests/interop/peer.c
tests_interop_peer_LDFLAGS = $(AM_LDFLAGS) -no-install
tests_interop_peer_LDADD = libholdfast.la
