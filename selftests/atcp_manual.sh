#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# The manual page atcp(7) names every sysctl, tracepoint, reason of a drop,
# module parameter and file that exists, and no others.  The page is found beside
# this repository's selftests, or as ATCP_MAN.

here=$(cd "$(dirname "$(readlink -f "$0")")" && pwd)
man=${ATCP_MAN:-$here/../userspace/man/atcp.7}
tmp=$(mktemp -d)
count=0
failed=0
trap 'rm -rf "$tmp"' EXIT

echo "TAP version 13"
if ! [ -e "$man" ]; then
	echo "1..0 # SKIP no atcp.7 (ATCP_MAN names it)"
	exit 4
fi
echo "1..6"

result()
{
	count=$((count + 1))
	if [ "$2" -eq 0 ]; then
		echo "ok $count $1"
	else
		echo "not ok $count $1"
		sed 's/^/# /' "$tmp/out"
		failed=1
	fi
}

skip()
{
	count=$((count + 1))
	echo "ok $count $1 # SKIP $2"
}

# section NAME: prints the lines of that section.
section()
{
	awk -v s="$1" '/^\.S[SH] / { on = substr($0, 5) == s } on' "$man"
}

# items SECTION MACRO: prints the subject of each .TP in it.
items()
{
	section "$1" | awk -v m="$2" 'tp && $1 == m { print $2 } { tp = $1 == ".TP" }' |
		sort
}

# compare NAME: compares $tmp/there and $tmp/page.
compare()
{
	diff "$tmp/there" "$tmp/page" >"$tmp/out" && [ -s "$tmp/there" ]
	result "$1" $?
}

# shellcheck disable=SC2012 # names of ours
ls /proc/sys/net/atcp | sort >"$tmp/there"
items Sysctls .IR >"$tmp/page"
# Only the first namespace has mem.
[ -e /proc/sys/net/atcp/mem ] || sed -i '/^mem$/d' "$tmp/page"
compare sysctls

# shellcheck disable=SC2012
ls /sys/module/atcp/parameters | sort >"$tmp/there"
items "Module parameters" .IR >"$tmp/page"
compare parameters

for f in /proc/net/atcp*; do
	echo "$f"
done | sort >"$tmp/there"
items "/proc files" .I >"$tmp/page"
compare files

events=/sys/kernel/tracing/events/atcp
[ -d $events ] || mount -t tracefs none /sys/kernel/tracing 2>/dev/null
if [ -d $events ]; then
	# shellcheck disable=SC2010
	ls $events | grep '^atcp_' | sort >"$tmp/there"
	items Tracepoints .B >"$tmp/page"
	compare tracepoints

	grep -o '{ [0-9]*, "[A-Z_]*" }' $events/atcp_drop/format |
		sed 's/.*"\(.*\)".*/\1/' >"$tmp/all"
	# States and flags have the same form, so the list ends after the reasons.
	sed '/^NONE$/q' "$tmp/all" | sed '/^NONE$/d' | sort >"$tmp/there"
	section Tracepoints | sed -n '/^\.TS/,/^\.TE/s/^\([A-Z_]*\):.*/\1/p' |
		sort >"$tmp/page"
	compare reasons
else
	skip tracepoints "no tracefs"
	skip reasons "no tracefs"
fi

# The formatters have no complaints.
if command -v mandoc >/dev/null; then
	mandoc -Tlint "$man" >"$tmp/out" 2>&1
	result lint $?
elif command -v groff >/dev/null; then
	groff -t -man -ww -z "$man" >"$tmp/out" 2>&1
	[ ! -s "$tmp/out" ]
	result lint $?
else
	skip lint "neither mandoc nor groff"
fi
exit $failed
