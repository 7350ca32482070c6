#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# atcp-ss takes what people type to ss(8).  The command lines of tools/ss_lines, and random
# ones, run through Debian's ss of 6.1 and of sid over sockets of the kernel's TCP.  They run
# through atcp-ss over the same sockets of atcp, as TCP on the wire, and some as protocol 253.
#
# ATCP_BIN names the folder of atcp-ss.  The ss of sid comes from what selftests/vm/setup has
# unpacked in ATCP_CACHE; without it the host's ss is compared alone.

# shellcheck source=selftests/tools/common.sh
. "$(dirname "$0")/tools/common.sh"

new=${ATCP_CACHE-}/ss
sockets=$here/tools/ss_sockets.py
lines=$here/tools/ss_lines.py
cgroup=/sys/fs/cgroup/atcp-ss
holders=

# The mounts stay as they are, unlike with ip netns exec, which hides the cgroups.
in_ns()
{
	ns=$1
	shift
	nsenter --net="/run/netns/$ns" "$@"
}

end()
{
	# shellcheck disable=SC2086 # a list of numbers
	[ -z "$holders" ] || { kill $holders; wait $holders; } 2>/dev/null
	holders=
}

# hold NAMESPACE [COMMAND...]: opens the sockets there, under COMMAND.
hold()
{
	ns=$1
	shift
	: >"$tmp/held"
	nsenter --net="/run/netns/$ns" "$@" python3 "$sockets" "$cgroup" lock \
		>"$tmp/held" 2>&1 </dev/null &
	holders="$holders $!"
	waits_for "$tmp/held" ready || { cat "$tmp/held" >>"$tmp/log"; return 1; }
}

# answers NAME NAMESPACE N PROGRAM...: runs every Nth command line; leaves NAME.json.
answers()
{
	name=$1
	shift
	in_ns "$1" "$lines" run "$@" >"$tmp/$name.json" 2>>"$tmp/log"
}

# Opens the sockets and runs all programs.
collect()
{
	: >"$tmp/log"
	hold "$a" && hold "$b" "$dir/atcp-run" -s -c tcp &&
	hold "$b" "$dir/atcp-run" -s -c 253 &&
	answers old "$a" 1 ss &&
	{ [ "$newest" = - ] ||
	  answers new "$a" 1 "$new/ld.so" --library-path "$new/lib" "$new/ss"; } &&
	answers tcp "$b" 1 "$dir/atcp-ss" -c tcp && answers 253 "$b" 5 "$dir/atcp-ss" -c 253
}

# fails STATUS PATTERN ARGUMENT...: true if atcp-ss ends so, and says that.
fails()
{
	want=$1
	pattern=$2
	shift 2
	in_ns "$b" "$dir/atcp-ss" "$@" >"$tmp/out" 2>"$tmp/err" </dev/null
	[ $? -eq "$want" ] && grep -q -e "$pattern" "$tmp/err"
}

# says PATTERN ARGUMENT...: true if it succeeds, and prints that once.
says()
{
	pattern=$1
	shift
	in_ns "$b" "$dir/atcp-ss" "$@" >"$tmp/out" 2>"$tmp/err" </dev/null &&
		[ "$(cat "$tmp/out" "$tmp/err" | grep -c -e "$pattern")" -eq 1 ]
}

trap 'end; cleanup' EXIT
begin $(($("$lines" count) + 15))
newest=-
[ ! -e "$new/.complete" ] || newest=$tmp/new.json
cd "$tmp" || exit
mkdir -p $cgroup
for ns in "$a" "$b"; do
	ip -n "$ns" link set lo up
	for n in 1 2; do
		ip -n "$ns" addr add "10.1.0.$n/24" dev lo
		ip -n "$ns" addr add "fd01::$n/64" dev lo nodad
	done
	ip -n "$ns" link add d0 type dummy && ip -n "$ns" link set d0 up &&
	ip -n "$ns" route add 10.2.0.0/16 dev d0
done

try=0
until collect; do
	end
	try=$((try + 1))
	[ $try -lt 3 ] || break
done
[ $try -lt 3 ]
result "the same sockets on both stacks" $?
"$lines" compare "$tmp/old.json" "$newest" "$tmp/tcp.json" "$tmp/253.json" >"$tmp/compared"
: >"$tmp/log"
while IFS= read -r line; do
	status=${line%% *}
	# What differs follows.
	grep -F -x -A 20 -e "$line" "$tmp/compared" | sed -n '2,/^[01] /{/^[01] /!p}' >"$tmp/out"
	result "ss ${line#* }" "$status"
done <<EOF
$(grep '^[01] ' "$tmp/compared")
EOF

says "nothing is selected by -u -w -x$" -tuwxn && says "nothing is selected by -S$" -Sn &&
	says "nothing is selected by udp$" -n -A tcp,udp
result "tables without sockets of atcp: one warning" $?
in_ns "$b" "$dir/atcp-ss" -Hanuwx >"$tmp/out" 2>"$tmp/err" && [ ! -s "$tmp/out" ]
result "and no row" $?
fails 2 "atcp:atcp_state" -E && fails 2 "atcp:atcp_state" --events
result "-E names the tracepoint" $?
fails 2 "no state nonsense" state nonsense
result "no such state" $?
fails 2 "dst takes no >, at word 5:" sport = :80 dst '>' 1.2.3.4
result "an error has its place: in the middle" $?
fails 2 "wants a value, at the end:" sport = :80 or dport &&
	[ "$(sed -n 's/^  \( *\)^$/\1/p' "$tmp/err" | wc -c)" -eq 22 ]
result "at the end, with a mark below" $?
fails 2 "IPv6 is written as \[::1\]" src fd01::1
result "an address of IPv6 without brackets" $?
nest=$(printf '( %.0s' $(seq 300))
# shellcheck disable=SC2086 # words
fails 2 "more than 256 levels" $nest && fails 2 "more than 4096 words" "$(seq -s ' ' 5000)"
result "bounds of an expression" $?
head -c 2000 /dev/zero | tr '\0' x >long
fails 2 "a line of more than" -F long
result "bounds of a file" $?
says "^TCP: .*estab .*timewait 2" -s && says "^TCP       [1-9]" -s && says "^253       [1-9]" -s
result "--summary" $?
says "^TCP: " -st && [ "$(grep -c ^ESTAB "$tmp/out")" -gt 20 ]
result "--summary and a list" $?
says "^atcp-ss utility, atcp-[0-9]" -V
result "--version" $?
in_ns "$b" "$dir/atcp-ss" -c tcp -D raw -tna >"$tmp/out" 2>"$tmp/err" && [ ! -s "$tmp/out" ] &&
	TCPDIAG_FILE=raw ss -Htan | awk '{ print $1, $5 }' | sort >read 2>"$tmp/err" &&
	in_ns "$b" "$dir/atcp-ss" -c tcp -Htan | awk '{ print $1, $5 }' | sort >shown &&
	sed 's/\*:/[::]:/' read | sort | diff - shown >"$tmp/out" && [ "$(wc -l <shown)" -gt 20 ]
result "--diag: ss reads the file" $?
in_ns "$b" setpriv --reuid 65534 --clear-groups --inh-caps=-all --bounding-set=-all \
	"$dir/atcp-ss" fwmark 1 >"$tmp/out" 2>"$tmp/err"
[ $? -eq 1 ] && grep -q CAP_NET_ADMIN "$tmp/err"
result "marks without the capability" $?

end
rmdir $cgroup 2>/dev/null
[ $failed -eq 0 ]
