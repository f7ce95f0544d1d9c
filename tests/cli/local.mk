# SPDX-License-Identifier: MIT
# The command, verb by verb, as its user sees it.

CLI_TESTS = \
	tests/cli/check.sh \
	tests/cli/checks.sh \
	tests/cli/ci.sh \
	tests/cli/completion.sh \
	tests/cli/debuginfod.sh \
	tests/cli/doctor.sh \
	tests/cli/explain.sh \
	tests/cli/list.sh \
	tests/cli/preload.sh \
	tests/cli/formats.sh \
	tests/cli/manpages.sh \
	tests/cli/html.sh \
	tests/cli/readme.sh \
	tests/cli/report.sh \
	tests/cli/suppress.sh \
	tests/cli/run.sh \
	tests/cli/verbs.sh

check_PROGRAMS += tests/cli/locker
tests_cli_locker_SOURCES = tests/cli/locker.c

dist_check_SCRIPTS += $(CLI_TESTS) tests/tap.sh tests/fuse.sh
TESTS += $(CLI_TESTS)
