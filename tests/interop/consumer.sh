#!/bin/sh
# SPDX-License-Identifier: MIT
# The public header and the shared library, as a program of somebody else's meets them.
. "$top_srcdir/tests/tap.sh"

warnings='-Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror'
source=$top_srcdir/tests/interop/consumer.c
CC=${CC:-cc}
CXX=${CXX:-c++}
LD_LIBRARY_PATH=$top_builddir/.libs
export LD_LIBRARY_PATH

# A sanitized library wants a sanitized program.
sanitizers() {
	sed -n 's/^SANITIZE_FLAGS = //p' "$top_builddir/Makefile"
}

# builds_and_runs COMPILER ARGUMENT...
builds_and_runs() {
	rm -f "$tmp/a" "$tmp/b"
	# shellcheck disable=SC2086,SC2046
	"$@" $warnings $(sanitizers) -I"$top_srcdir/lib" "$source" -o "$tmp/consumer" \
		-L"$top_builddir/.libs" -lholdfast && timeout 20 "$tmp/consumer" "$tmp/a" "$tmp/b"
}

# standards COMPILER LANGUAGE STANDARD...
standards() {
	compiler=$1 language=$2
	shift 2
	for standard; do
		# shellcheck disable=SC2086
		ok "$compiler: a $standard program compiles without a warning, and runs" \
			builds_and_runs $compiler -std=$standard -O2 -x $language
	done
}

standards "$CC" c c99 c11 c17
if command -v "$CXX" >/dev/null; then
	standards "$CXX" c++ c++11 c++14 c++17 c++20
else
	skip "a C++ program compiles without a warning, and runs" "no C++ compiler"
fi
if command -v clang >/dev/null && [ -z "$(sanitizers)" ]; then
	standards clang c c99 c11 c17
	standards clang++ c++ c++11 c++14 c++17 c++20
else
	skip "clang has nothing against it either" "no clang, or a sanitized library"
fi
ok "a cancelled thread leaves the block released, in a program with exceptions" \
	builds_and_runs "$CC" -std=gnu11 -O2 -fexceptions -pthread -DCANCELLED

# What the map exports and what the header declares are one list.
declared() {
	"$CC" -E -P -I"$top_srcdir/lib" -x c "$top_srcdir/lib/holdfast.h" | tr '\n' ' ' |
		grep -oE 'visibility\("default"\)\)\)[^;]*;' | grep -oE 'hf_[a-z_]+ ?\(' |
		tr -d ' (' | grep -vE '_fn$' | sort -u
}

exported() {
	sed -n 's/^\thf_\([a-z_]*\);$/hf_\1/p' "$top_srcdir/lib/libholdfast.map" | sort -u
}

declared >"$tmp/declared"
exported >"$tmp/exported"
ok "the map exports what the header declares" diff "$tmp/declared" "$tmp/exported"
is "$(nm -D --defined-only "$top_builddir/.libs/libholdfast.so" | awk '$2 == "T" { sub(/@.*/, "", $3); print $3 }' | sort)" \
	"$(cat "$tmp/exported")" "the library exports exactly that"
like "$(readelf -d "$top_builddir/.libs/libholdfast.so")" 'NEEDED.*libgcc_s' \
	"libgcc_s is loaded with the library, as cancelling a thread needs it"
done_testing
