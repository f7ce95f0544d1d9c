#!/bin/sh
# SPDX-License-Identifier: MIT
# A kind that HOLDFAST_OPTIONS switches off is not reported, whoever judges it: what takes several
# processes is judged by the command, long after they have read their options.
. "$top_srcdir/tests/tap.sh"

pairs=$top_srcdir/tests/misuse
judged=$(sed -n 's/^HF_KIND([A-Z_0-9]*, "\([a-z0-9-]*\)", [A-Z]*, [01], COMMAND,.*/\1/p' \
	"$top_srcdir/lib/core/kinds.def")

# The words of directive $2 of the bad program of kind $1.
directive() {
	sed -n "s|^/\* $2: \(.*\) \*/\$|\1|p" "$pairs/$1.bad.c"
}

# compile SLUG VIA
compile() {
	${CC:-cc} -g -pthread -Wno-unused-result ${2:+-DVIA="$2"} "$pairs/$1.bad.c" -o "$tmp/$1"
}

# kinds SLUG CHECKS: the kinds that its bad program is found to be, one a line.
kinds() {
	options=$(directive "$1" options)
	HOLDFAST_OPTIONS=checks=$2${options:+:$options} holdfast check -q --notes -f json \
		-o "$tmp/json" "$tmp/$1" "$tmp/$1.file" >/dev/null 2>&1
	jq -r 'select(.type == "finding") | .kind' "$tmp/json" | sort -u
}

# switch SLUG [VIA]
switch() {
	compile "$1" "${2-}" || exit 99
	like "$(kinds "$1" default)" "^$1\$" "$1 is found"
	unlike "$(kinds "$1" "-$1")" "^$1\$" "$1 is not found when it is switched off"
}

command -v jq >/dev/null || skip_all "jq, which reads the reports, is not installed"
ok "the kinds that the command judges could be read" [ -n "$judged" ]
for slug in $judged; do
	via=$(directive "$slug" via)
	switch "$slug" "${via%% *}"
done
switch long-wait posix
switch mixed-primitives processes

like "$(kinds long-wait -child-releases-parent)" '^long-wait$' "other kinds than the one switched off stay"
like "$(kinds child-releases-parent none,+child-releases-parent)" '^child-releases-parent$' \
	"a kind that the command judges can be the only one"
unlike "$(kinds leak-to-exec -leak-to-exec)" '^lock-survives-close$' \
	"one that is off is not told as what the process took it for either"
done_testing
