#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Checks requirements.md: requirements.sh BIN
#
# Every requirement of RFC 9293's Appendix B has a row, and one only; every row
# names a test or says why there is none; every test that it names exists.

cd "$(dirname "$0")" || exit 2
bin=$1
table=requirements.md
list=$(mktemp)
trap 'rm -f "$list"' EXIT
"$bin/atcp-sim-test" --list > "$list" || exit 2

# The numbers of Appendix B.
numbers() {
	for n in $(seq 1 69); do echo "MUST-$n"; done
	for n in $(seq 1 31); do echo "SHLD-$n"; done
	for n in $(seq 1 18); do echo "MAY-$n"; done
	echo REC-1
}

row() {
	grep "^| $1 |" "$table"
}

for number in $(numbers); do
	rows=$(row "$number" | grep -c .)
	if [ "$rows" -ne 1 ]; then
		echo "# $number: $rows rows, not 1"
		missing=1
	fi
	case $(row "$number") in
	*"not covered: "* | *'`'*) ;;
	*)
		echo "# $number: neither a test nor a reason"
		missing=1
		;;
	esac
done
[ -z "$missing" ] && echo "ok 1 requirements: every number has a row" ||
	echo "not ok 1 requirements: every number has a row"

# The names are what stands in backquotes and looks like one.
# shellcheck disable=SC2016 # backquotes, not an expression
names=$(grep -E '^\| (MUST|SHLD|MAY|REC)-' "$table" | grep -oE '`[^`]+`' | tr -d '`' | sort -u)
for name in $names; do
	case $name in
	*/*)
		grep -qE "^TEST(_F)?\((\w+, )?${name#*/}\)" "../${name%/*}.c" 2> /dev/null
		;;
	*)
		grep -qxF "$name" "$list"
		;;
	esac || {
		echo "# no such test: $name"
		unknown=1
	}
done
[ -z "$unknown" ] && echo "ok 2 requirements: every test named exists" ||
	echo "not ok 2 requirements: every test named exists"
