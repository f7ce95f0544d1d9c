#!/bin/sh
# SPDX-License-Identifier: MIT
# Both versions of posix_spawn do under the checker what they do without, and what they start is
# watched, although it is given an environment that does not say so.
. "$top_srcdir/tests/tap.sh"

spawn=$top_builddir/tests/proof/spawn
echo 'exit 5' >"$tmp/script"
chmod +x "$tmp/script"
"$spawn" "$tmp/script" >"$tmp/plain"
holdfast check --quiet -- "$spawn" "$tmp/script" >"$tmp/watched" 2>&1
nothing "$(diff "$tmp/plain" "$tmp/watched")" "posix_spawn gives the same under holdfast check"
capture holdfast check -- "$spawn" "$tmp/script"
started=$(grep -c "Success" "$tmp/plain")
like "$err" "in $((started + 1)) processes" "every program that was started is watched"
like "$err" "0 programs not watched" "and none is waited for in vain"
done_testing
