#!/bin/sh
# SPDX-License-Identifier: MIT
# make installcheck: what was installed can be used, without this tree. Needs $bindir, $libdir, $mandir.
set -u
work=$(mktemp -d "${TMPDIR:-/tmp}/holdfast-installed.XXXXXX") || exit 1
trap 'rm -rf "$work"' EXIT
unset HOLDFAST_CHECKER HOLDFAST_DATADIR HOLDFAST_OPTIONS LD_PRELOAD
PKG_CONFIG_PATH=$libdir/pkgconfig
LD_LIBRARY_PATH=$libdir
export PKG_CONFIG_PATH LD_LIBRARY_PATH

# must WHAT COMMAND...
must() {
	what=$1
	shift
	if "$@" >"$work/said" 2>&1; then
		echo "installed: $what"
	else
		echo "installed: NOT: $what (status $?)"
		cat "$work/said"
		exit 1
	fi
}

cat >"$work/program.c" <<'END'
#include <holdfast.h>
#include <stdio.h>

int main(int argc, char **argv)
{
	hf_lock *lock;

	if (argc != 2 || hf_lock_open(argv[1], 0, &lock) != 0)
		return 1;
	if (hf_lock_acquire(lock, HF_EXCLUSIVE, HF_NOWAIT) != 0 || hf_lock_release(lock) != 0)
		return 2;
	hf_lock_close(lock);
	return 0;
}
END

# shellcheck disable=SC2046
must "a program compiles with what pkg-config says" \
	"$CC" -o "$work/program" "$work/program.c" $(pkg-config --cflags --libs holdfast)
must "it takes a lock" "$work/program" "$work/lock"
must "the command runs" "$bindir/holdfast" --version
must "it finds the installed checker, which finds nothing wrong with that program" \
	"$bindir/holdfast" check -- "$work/program" "$work/lock"
must "a bad program compiles" "$CC" -g -DVIA=close -w -o "$work/bad" "$pairs/close-drops-lock.bad.c"
"$bindir/holdfast" check -- "$work/bad" "$work/file" >"$work/report" 2>&1
must "and is caught" test $? -eq 86
must "the report names the kind" grep -q close-drops-lock "$work/report"
must "the example of the manual was installed with it" "$bindir/holdfast" explain close-drops-lock
must "the man page of the kinds is there" test -s "$mandir/man7/holdfast-kinds.7"
