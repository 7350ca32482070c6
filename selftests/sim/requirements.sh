#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Checks requirements.md, and requirements_*.md, which are about other RFCs:
#
#	requirements.sh BIN		the simulator's tests are in BIN
#	requirements.sh --passed FILE	make check's results are in FILE
#
# Every requirement of RFC 9293's Appendix B has exactly one row.  Every row names a
# test, or gives a reason after "does not apply: " (for a SHOULD "not followed: ", for
# a MAY "not done: ").  Every test that it names exists.  With --passed: the kselftests
# that it names ran and passed, on each kernel that was tested.
#
# The rows of the other tables have numbers of their own, each once.

cd "$(dirname "$0")" || exit 2
table=requirements.md

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

# Names of tests: the words in backquotes in the last column that look like one.
names() {
	# shellcheck disable=SC2016 # backquotes, not an expression
	sed -nE 's/^\| (MUST|SHLD|MAY|REC|[0-9]{4})-.* \| ([^|]*) \|$/\2/p' requirements*.md |
		grep -oE '`[a-z0-9_]+[./][A-Za-z0-9_.:-]+`' | tr -d '`' | sort -u
}

# The result lines of a test in a kselftest, over IPv4 and IPv6.
outcomes() {	# FILE pass|fail PROGRAM TEST
	grep -E "^$2 [^/ ]+/$3(_ipv6|\.sh)?/(.*[. ])?$4(:|\$)" "$1"
}

if [ "$1" = --passed ]; then
	for name in $(names | grep /); do
		program=${name%/*}
		program=${program%.sh}
		if outcomes "$2" fail "$program" "${name#*/}" > /dev/null; then
			echo "# failed: $name"
			bad=1
		elif ! outcomes "$2" pass "$program" "${name#*/}" > /dev/null; then
			echo "# did not run: $name"
			bad=1
		fi
	done
	[ -z "$bad" ]
	exit
fi

list=$(mktemp)
trap 'rm -f "$list"' EXIT
"$1/atcp-sim-test" --list > "$list" || exit 2

for number in $(numbers); do
	rows=$(row "$number" | grep -c .)
	if [ "$rows" -ne 1 ]; then
		echo "# $number: $rows rows, not 1"
		missing=1
	fi
	shown=$(row "$number" | sed -nE 's/^\| [A-Z]+-[0-9]+ \| [^|]+ \| ([^|]+) \|$/\1/p')
	case $number:$shown in
	*:'`'* | *:"does not apply: "[A-Za-z]*) ;;
	SHLD-*:"not followed: "[A-Za-z]*) ;;
	MAY-*:"not done: "[A-Za-z]*) ;;
	*)
		echo "# $number: neither a test nor a reason"
		missing=1
		;;
	esac
done
# Rows whose number is not in the RFC.
grep -oE '^\| [A-Z]+-[0-9]+ ' "$table" | tr -d '| ' | while read -r number; do
	numbers | grep -qx "$number" || echo "# $number: the RFC has no such number"
done | grep . && missing=1
# Rows of the other tables.
for other in requirements_*.md; do
	grep -oE '^\| [0-9]{4}-[^ |]+ ' "$other" | sort | uniq -d | sed 's/^/# twice: /' | grep . &&
		missing=1
	grep -E '^\| [0-9]{4}-' "$other" |
		grep -vE '\| [^|]*`[^|]*\|$|\| (does not apply|not followed|not done): [A-Za-z][^|]*\|$' |
		sed 's/^/# neither a test nor a reason: /' | grep . && missing=1
done
[ -z "$missing" ] && echo "ok 1 requirements: every number has a row" ||
	echo "not ok 1 requirements: every number has a row"

for name in $(names); do
	case $name in
	*/*)
		grep -qE "^TEST(_F)?(_TIMEOUT)?\((\w+, )?${name#*/}[,)]" \
			"../${name%/*}.c" 2> /dev/null
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
