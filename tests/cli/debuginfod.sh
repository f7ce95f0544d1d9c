#!/bin/sh
# SPDX-License-Identifier: MIT
# A stripped program: module and offset as it is, functions and lines where a debuginfod server has
# its debug information.
. "$top_srcdir/tests/tap.sh"
command -v debuginfod >/dev/null || skip_all "debuginfod is not installed"
command -v objcopy >/dev/null || skip_all "objcopy is not installed"

cc=${CC:-cc}
mkdir "$tmp/store" "$tmp/program"
(cd "$top_srcdir/tests/misuse" && $cc -g -w -DVIA=close close-drops-lock.bad.c -o "$tmp/program/stripped") || exit 99
objcopy --only-keep-debug "$tmp/program/stripped" "$tmp/store/stripped.debug" && strip "$tmp/program/stripped" || exit 99

unset DEBUGINFOD_URLS
DEBUGINFOD_CACHE_PATH=$tmp/cache
export DEBUGINFOD_CACHE_PATH
capture holdfast check --keep "$tmp/run" -- "$tmp/program/stripped" "$tmp/file"
is "$status" 86 "the lost lock is found in a stripped program"
like "$err" '#1 +\+0x[0-9a-f]+ +stripped' "its frames are module and offset"

# A port of this machine that nobody has: the server ends at once if somebody does.
port=$((20000 + $$ % 20000))
debuginfod -p "$port" -d "$tmp/index" -F "$tmp/store" >"$tmp/server.log" 2>&1 &
server=$!
trap 'kill "$server" 2>/dev/null; rm -rf "$tmp"' EXIT
tries=0
until [ "$tries" -eq 40 ]; do
	rm -rf "$tmp/cache"
	capture env DEBUGINFOD_URLS="http://127.0.0.1:$port" holdfast report "$tmp/run"
	case $out in
	*pair_body*) break ;;
	esac
	kill -0 "$server" 2>/dev/null || break
	tries=$((tries + 1))
	sleep 0.5
done
if kill -0 "$server" 2>/dev/null; then
	like "$out" '#1 +pair_body +.*close-drops-lock\.bad\.c:[0-9]+ +stripped' \
		"debuginfod gives functions and lines"
else
	skip "debuginfod gives functions and lines" "the server does not run here: $(tail -n 1 "$tmp/server.log")"
fi
done_testing
