#!/bin/sh
# SPDX-License-Identifier: MIT
# Who may include whom:
#   tools -> holdfast.h, core     preload -> core, never holdfast.h     lib -> core     core -> libc
# A quoted include names a file of ours. Lists (.def) of another folder are data and may be read.
. "$top_srcdir/tests/tap.sh"
cd "$top_srcdir" || exit 99

# quoted FOLDER: "file:line: header" for every quoted include of the C files right in it.
quoted() {
	grep -nE '^[[:space:]]*#[[:space:]]*include[[:space:]]*"' "$1"/*.[ch] /dev/null 2>/dev/null |
		sed 's/^\([^:]*:[0-9]*\):[^"]*"\([^"]*\)".*/\1: \2/'
}

# strangers FOLDER ALLOWED...: the includes of FOLDER found in no ALLOWED folder and not config.h.
strangers() {
	folder=$1
	shift
	quoted "$folder" | while read -r where header; do
		case $header in
		config.h | *.def) continue ;;
		esac
		for allowed in "$folder" "$@"; do
			[ -e "$allowed/${header#core/}" ] && continue 2
			[ -e "$top_builddir/$allowed/$header" ] && continue 2 # generated
		done
		echo "$where includes $header, which $folder may not"
	done
}

# system FOLDER PATTERN: includes in angle brackets that match PATTERN.
system() {
	grep -nE "^[[:space:]]*#[[:space:]]*include[[:space:]]*<($2)>" "$1"/*.[ch] /dev/null 2>/dev/null
}

not_libc='holdfast\.h|jansson\.h|libsmartcols.*|elfutils/.*|dwarf\.h|criterion/.*|libunwind.*'
calls='unistd\.h|fcntl\.h|sys/(file|stat|mman|syscall|wait)\.h|pthread\.h|time\.h|signal\.h|dlfcn\.h'

nothing "$(strangers lib/core)" \
	"core includes its own headers only"
nothing "$(system lib/core "$not_libc")" \
	"core includes only libc and header-only trees and tables"
nothing "$(system lib/core "$calls")" \
	"core makes no system call: it includes nothing that declares one"
nothing "$(strangers lib lib/core)" \
	"the library includes core only"
nothing "$(strangers preload lib/core; grep -n 'holdfast\.h[">]' preload/*.[ch])" \
	"the checker includes core only"
nothing "$(strangers tools lib/core | grep -vE ' includes holdfast(-annotate)?\.h,')" \
	"the command includes holdfast.h and core only"
done_testing
