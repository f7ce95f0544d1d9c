#!/bin/sh
# SPDX-License-Identifier: MIT
. "$top_srcdir/tests/tap.sh"

command -v bash >/dev/null || skip_all "no bash here"
cd "$tmp" || exit 99

# offer WORD...: what bash would offer for the last word; sets $out, sorted
offer() {
	# shellcheck disable=SC2016
	capture bash -c '
		source "$1/tools/completion/holdfast" || exit 1
		shift
		COMP_WORDS=("$@")
		COMP_CWORD=$(($# - 1))
		_holdfast
		printf "%s\n" "${COMPREPLY[@]}"
	' bash "$top_srcdir" "$@"
	out=$(printf '%s\n' "$out" | sort)
}

verbs=$(sed -n 's/^HF_COMMAND(\([a-z]*\),.*/\1/p' "$top_srcdir/tools/commands.def")

offer holdfast ''
is "$(printf '%s\n' "$out" | grep -v '^-')" "$(printf '%s\n' "$verbs" | sort)" "the first word is a verb"
is "$err" "" "nothing is printed while completing"
offer holdfast ex
is "$out" explain "the beginning of a verb is completed"

for verb in $verbs; do
	offer holdfast "$verb" -
	is "$(printf '%s\n' "$out" | grep '^--')" \
		"$(holdfast "$verb" --help | grep -oE '^  (-[A-Za-z],|   ) --[a-z-]+' | sed 's/.* --/--/' | sort)" \
		"every option of $verb --help is offered"
done
offer holdfast run -
like "$out" '^-n$' "short options are offered"

first=$(holdfast explain --names | head -1)
offer holdfast explain "$(printf '%.5s' "$first")"
like "$out" "^$first$" "explain offers the kinds"
: >lock-file
offer holdfast run -n lock-
is "$out" lock-file "run offers files for FILE"
offer holdfast run -w 3 lock-file -- tru
like "$out" '^true$' "run offers commands after FILE"
offer holdfast run -E lock-
is "$out" "" "a number is not completed"
offer holdfast run --range = lock-
is "$out" "" "nor after an equals sign"
offer holdfast list --pid "$$"
like "$out" "^$$\$" "--pid offers processes"
offer holdfast list --pid = "$$"
like "$out" "^$$\$" "also after an equals sign"
offer holdfast list lock
is "$out" lock-file "list offers files"
offer holdfast report --format ''
is "$out" "$(sed -n 's/^HF_FORMAT(\([a-z]*\),.*/\1/p' "$top_srcdir/tools/formats.def" | sort)" "--format offers the formats"
offer holdfast check --fail-on e
is "$out" error "--fail-on offers the levels"
offer holdfast check -q -- tru
like "$out" '^true$' "check offers commands"

if command -v shellcheck >/dev/null; then
	ok "shellcheck finds nothing in the completion" shellcheck "$top_srcdir/tools/completion/holdfast"
else
	skip "shellcheck finds nothing in the completion" "no shellcheck here"
fi

done_testing
