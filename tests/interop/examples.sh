#!/bin/sh
# SPDX-License-Identifier: MIT
# The manual of the library: its example programs compile and run, and no function is missing in it.
. "$top_srcdir/tests/tap.sh"

CC=${CC:-cc}
LD_LIBRARY_PATH=$top_builddir/.libs${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
export LD_LIBRARY_PATH
cd "$tmp" || exit 99

sanitizers() {
	sed -n 's/^SANITIZE_FLAGS = //p' "$top_builddir/Makefile"
}

for source in "$top_srcdir"/docs/examples/*.c; do
	name=$(basename "$source" .c)
	# shellcheck disable=SC2046
	ok "the example $name compiles without a warning" "$CC" -std=c11 -O2 -Wall -Wextra -Wpedantic -Werror \
		$(sanitizers) -I"$top_srcdir/lib" "$source" -o "$name" -L"$top_builddir/.libs" -lholdfast
done

capture ./once made/for/it/job.lock
is "$status $out" "0 alone" "once runs alone, in folders that it makes"
capture ./scope lock file
is "$status $(cat file)" "0 one line" "scope appends its line"
capture ./reread lock
is "$status $out" "0 changed" "reread becomes a writer"
capture ./set a b
is "$status $out" "0 both" "set takes two files"

mkfifo leave said
"$top_builddir/tests/interop/peer" holdfast hold lock exclusive <leave >said &
exec 8>leave
read -r said <said
capture ./holders lock
is "$said $status" "held 1" "holders waits in vain"
like "$out" "^waiting for process $!: .*peer" "and names whom it waited for"
exec 8>&-
wait

# A page names a function in its synopsis, as Fn.
sed -n 's/^\t\(hf_[a-z_]*\);$/\1/p' "$top_srcdir/lib/libholdfast.map" >functions
nothing "$(while read -r function; do
	grep -q "^\.Fn ${function} " "$top_srcdir"/docs/*.3 || echo "$function"
done <functions)" "every function of the library is in a manual page"
nothing "$(grep -oE '^	HF_[A-Z_]+ = 1 <<' "$top_srcdir/lib/holdfast.h" | grep -oE 'HF_[A-Z_]+' | while read -r flag; do
	grep -q "^\.It Dv .*$flag" "$top_srcdir/docs/holdfast.3" || echo "$flag"
done)" "every flag is in holdfast(3)"
nothing "$(sed -n 's/^HF_ERROR(\(E[A-Z]*\),.*/\1/p' "$top_srcdir/lib/errors.def" | while read -r error; do
	grep -q -e "-$error" "$top_srcdir/lib/holdfast.h" || echo "$error"
done)" "every error that has a text is in holdfast.h"
done_testing
