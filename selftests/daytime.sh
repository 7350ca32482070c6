#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# The daytime pair, run as a user runs it between two network namespaces: its output
# and its exit status.
#
# ATCP_BIN names the folder of daytime and daytimed; ATCP_TEST_STACK=tcp runs
# them over the kernel's TCP.

# shellcheck source=selftests/tools/common.sh
. "$(dirname "$0")/tools/common.sh"

# fails STATUS WORD ARGUMENT...: true if the client ends so and prints WORD.
fails()
{
	want=$1
	word=$2
	shift 2
	client "$@"
	[ $? -eq "$want" ] && [ ! -s "$tmp/out" ] && grep -q "$word" "$tmp/err"
}

begin 20

fails 4 refused "$peer_ip"
result "nothing listens: refused" $?

start
before=$(date -u +%s)
client "$peer_ip"
status=$?
after=$(date -u +%s)
result "asks for the time" $status

[ "$(wc -c <"$tmp/out")" -eq 22 ] &&
[ "$(tail -c 4 "$tmp/out" | od -An -tx1 | tr -d ' \n')" = 205a0d0a ] &&
tr -d '\r' <"$tmp/out" | grep -Eqx \
	'[0-3][0-9] (JAN|FEB|MAR|APR|MAY|JUN|JUL|AUG|SEP|OCT|NOV|DEC) [0-9]{2} [0-2][0-9]:[0-5][0-9]:[0-6][0-9] Z'
result "22 bytes in RFC 867's SMTP form" $?

told=$(date -u -d "$(tr -d '\rZ' <"$tmp/out" |
	sed 's/^\(..\) \(...\) \(..\) /\1 \2 20\3 /') UTC" +%s) &&
[ "$told" -ge "$before" ] && [ "$told" -le "$after" ]
result "the right time, in UTC" $?

name='10\.0\.0\.1'
[ -z "$ipv6" ] || name='\[fd00::1\]'
waits_for "$tmp/log" "^daytimed: $name:[0-9]+: .* Z\$"
result "a line of log for the client" $?

i=0
pids=
while [ $i -lt 30 ]; do
	# shellcheck disable=SC2086
	ip netns exec "$a" "$dir/daytime" $tcp "$peer_ip" \
		>"$tmp/many.$i" 2>&1 </dev/null &
	pids="$pids $!"
	i=$((i + 1))
done
status=0
for pid in $pids; do
	wait "$pid" || status=1
done
[ "$(cat "$tmp"/many.* | grep -c ' Z.$')" -eq 30 ] || status=1
result "thirty clients at once" $status

stop TERM && grep -q 'stopped by SIGTERM' "$tmp/log"
result "SIGTERM stops the server, exit status 0" $?

start -p 1313 "$peer_ip"
client -p 1313 "$peer_ip"
result "another port and address" $?
fails 4 refused "$peer_ip"
result "and only there" $?
stop INT
result "SIGINT stops the server, exit status 0" $?

nowhere=192.0.2.1
[ -z "$ipv6" ] || nowhere=2001:db8::1
ip -n "$a" route add unreachable $nowhere
fails 5 unreachable $nowhere
result "an unreachable host" $?

ip netns exec "$b" nft add table inet no
ip netns exec "$b" nft 'add chain inet no c { type filter hook input priority 0; }'
ip netns exec "$b" nft "add rule inet no c meta l4proto $proto drop"
fails 6 'timed out' -t 1 "$peer_ip"
result "a host that does not answer: timed out" $?
ip netns exec "$b" nft delete table inet no

fails 2 usage && fails 2 port -p 0 "$peer_ip" && fails 2 time-out -t x "$peer_ip"
result "bad arguments" $?

fails 8 . no.such.host.invalid
result "a name that is not known" $?

client --help && grep -q usage "$tmp/out" &&
"$dir/daytimed" --help | grep -q usage
result "--help" $?

# as_nobody NAMESPACE COMMAND...: runs it as nobody, output in out and err.
as_nobody()
{
	ns=$1
	shift
	ip netns exec "$ns" setpriv --reuid 65534 --regid 65534 --clear-groups "$@" \
		>"$tmp/out" 2>"$tmp/err" </dev/null
}

# TCP on the wire is for groups that are allowed.
shut='net.atcp.tcp_group_range="65534 65534"'
if [ "$tcp" = --tcp ]; then
	for what in daytime daytimed "daytime, once it is"; do
		result "TCP on the wire is not for everybody: $what # SKIP the kernel's is" 0
	done
else
	as_nobody "$a" "$dir/daytime" -c tcp "$peer_ip"
	[ $? -eq 1 ] && grep -q "$shut" "$tmp/err"
	result "TCP on the wire is not for everybody: daytime" $?
	as_nobody "$b" "$dir/daytimed" -c tcp -p 1313
	[ $? -eq 1 ] && grep -q "$shut" "$tmp/err"
	result "TCP on the wire is not for everybody: daytimed" $?
	for ns in "$a" "$b"; do
		ip netns exec "$ns" sh -c 'echo 65534 65534 >/proc/sys/net/atcp/tcp_group_range'
	done
	start -c tcp -p 1313
	as_nobody "$a" "$dir/daytime" -c tcp -p 1313 "$peer_ip"
	status=$?
	[ "$(wc -c <"$tmp/out")" -eq 22 ]
	result "TCP on the wire is not for everybody: daytime, once it is" $((status + $?))
	stop
fi

# TCP has one space of ports, and each stack's tool lists its own sockets alone.
# taken FIRST SECOND: starts a server of FIRST, and one of SECOND at the same port.
taken()
{
	ip netns exec "$b" "$dir/daytimed" "$1" -p 1313 >"$tmp/log" 2>&1 &
	server=$!
	waits_for "$tmp/log" listening &&
		! ip netns exec "$b" "$dir/daytimed" "$2" -p 1313 2>"$tmp/err" &&
		grep -q 'Address already in use' "$tmp/err" &&
		grep -q 'ss -ltn.*atcp-ss -l' "$tmp/err"
	said=$?	# stop() sets $status
	stop
	return $said
}
if [ "$ATCP_TEST_STACK" = tcp ]; then
	result "the other stack has the port: where to look # SKIP atcp may not be there" 0
else
	taken -ctcp --tcp && taken --tcp -ctcp
	result "the other stack has the port: where to look" $?
fi

# The port is below 1024: without the capability there is no server.
# shellcheck disable=SC2086
as_nobody "$b" "$dir/daytimed" $tcp
[ $? -eq 1 ] && grep -q 'Permission denied' "$tmp/err"
result "port 13 is not for everybody" $?

[ $failed -eq 0 ]
