#!/bin/sh
# SPDX-License-Identifier: MIT
# usage: embed.sh NAME FILE: a C header with the file as a string, NAME, and the value that allows it,
# and nothing else, in a Content-Security-Policy, NAME_POLICY.
set -eu

hash=$(sha256sum "$2" | awk '{
	digits = "0123456789abcdef"
	for (i = 1; i <= 64; i += 2)
		printf "\\0%03o", (index(digits, substr($1, i, 1)) - 1) * 16 + index(digits, substr($1, i + 1, 1)) - 1
}')
policy=$(printf '%b' "$hash" | base64)
echo "/* Made from $(basename "$2"). */"
echo "#define $1_POLICY \"'sha256-$policy'\""
echo "static const char $1[] ="
sed -e 's/\\/\\\\/g' -e 's/"/\\"/g' -e 's/^/	"/' -e 's/$/\\n"/' "$2"
echo "	;"
