# SPDX-License-Identifier: MIT
# shellcheck shell=sh disable=SC2034
# Sourced by the TAP scripts: . "$top_srcdir/tests/tap.sh"
#
#   ok NAME COMMAND...        passes when COMMAND succeeds
#   is GOT WANTED NAME        passes when two strings are equal
#   nothing TEXT NAME         passes when TEXT, a list of complaints, is empty
#   like GOT REGEX NAME       passes when a line of GOT matches the extended REGEX
#   unlike GOT REGEX NAME     passes when none does
#   capture COMMAND...        runs COMMAND for at most 60 s; sets $status, $out and $err
#   as_nobody COMMAND...      captures it as a user without rights, if can_be_nobody
#   skip NAME REASON          a test that this machine cannot run
#   skip_all REASON           the same for the whole script; ends it
#   done_testing              prints the plan: the last line of every script
#
# $tmp is an empty directory that is removed at the end. Names are sentences.

: "${top_srcdir:?run this through make check, or set top_srcdir and top_builddir}"
: "${top_builddir:?run this through make check, or set top_srcdir and top_builddir}"
HOLDFAST_DATADIR=$top_srcdir
HOLDFAST_CHECKER=$top_builddir/.libs/libholdfast-check.so
PATH=$top_builddir:$PATH
LC_ALL=C.UTF-8
export HOLDFAST_DATADIR HOLDFAST_CHECKER PATH LC_ALL

tap_count=0
tap_failed=0
tmp=$(mktemp -d "${TMPDIR:-/tmp}/holdfast-test.XXXXXX") || exit 99
trap 'rm -rf "$tmp"' EXIT

tap_pass() {
	tap_count=$((tap_count + 1))
	echo "ok $tap_count - $1"
}

# The lines of $2 say why.
tap_fail() {
	tap_count=$((tap_count + 1))
	tap_failed=$((tap_failed + 1))
	echo "not ok $tap_count - $1"
	printf '%s\n' "$2" | sed 's/^/#   /'
}

ok() {
	tap_name=$1
	shift
	if tap_output=$("$@" 2>&1); then
		tap_pass "$tap_name"
	else
		tap_fail "$tap_name" "$* ended with $?
$tap_output"
	fi
}

is() {
	if [ "$1" = "$2" ]; then
		tap_pass "$3"
	else
		tap_fail "$3" "got:
$1
wanted:
$2"
	fi
}

nothing() {
	if [ -z "$1" ]; then
		tap_pass "$2"
	else
		tap_fail "$2" "$1"
	fi
}

like() {
	if printf '%s\n' "$1" | grep -Eq -e "$2"; then
		tap_pass "$3"
	else
		tap_fail "$3" "no line matches $2 in:
$1"
	fi
}

unlike() {
	if printf '%s\n' "$1" | grep -Eq -e "$2"; then
		tap_fail "$3" "a line matches $2 in:
$1"
	else
		tap_pass "$3"
	fi
}

capture() {
	status=0
	timeout -k 5 60 "$@" >"$tmp/.out" 2>"$tmp/.err" </dev/null || status=$?
	out=$(cat "$tmp/.out")
	err=$(cat "$tmp/.err")
}

# The build may lie where that user may not look: it is given a holdfast of its own in $tmp.
can_be_nobody() {
	[ "$(id -u)" -eq 0 ] && command -v setpriv >/dev/null || return 1
	[ -d "$tmp/.nobody" ] && return 0
	mkdir "$tmp/.nobody" && chmod 755 "$tmp" "$tmp/.nobody" || return 1
	cp "$top_builddir"/.libs/libholdfast.so* "$tmp/.nobody" 2>/dev/null
	cp "$top_builddir/.libs/holdfast" "$tmp/.nobody" 2>/dev/null ||
		cp "$top_builddir/holdfast" "$tmp/.nobody"
}

as_nobody() {
	capture setpriv --reuid=65534 --regid=65534 --clear-groups -- \
		env PATH="$tmp/.nobody:$PATH" LD_LIBRARY_PATH="$tmp/.nobody" "$@"
}

skip() {
	tap_count=$((tap_count + 1))
	echo "ok $tap_count - $1 # SKIP $2"
}

skip_all() {
	echo "1..0 # SKIP $1"
	exit 0
}

done_testing() {
	echo "1..$tap_count"
	[ "$tap_failed" -eq 0 ]
}
