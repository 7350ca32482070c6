#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# The daytime pair with both IPv4 and IPv6: which of them the client uses, and which
# the server answers.
#
# ATCP_BIN names the folder of daytime and daytimed; ATCP_TEST_STACK=tcp runs
# them over the kernel's TCP.

# shellcheck source=selftests/tools/common.sh
. "$(dirname "$0")/tools/common.sh"

# asks PEER ARGUMENT...: true if the client gets the time, and the server logs a line
# with its name, the pattern PEER.
asks()
{
	peer=$1
	shift
	lines=$(wc -l <"$tmp/log")
	client "$@" && [ "$(wc -c <"$tmp/out")" -eq 22 ] || return 1
	tries=0
	until [ "$(wc -l <"$tmp/log")" -gt "$lines" ]; do
		tries=$((tries + 1))
		[ $tries -lt 400 ] || return 1
		sleep 0.05
	done
	tail -n 1 "$tmp/log" | grep -Eq "^daytimed: $peer:[0-9]+: .* Z\$"
}

# fails STATUS ARGUMENT...: true if the client ends so, without an answer.
fails()
{
	want=$1
	shift
	client "$@"
	[ $? -eq "$want" ] && [ ! -s "$tmp/out" ]
}

# It is like client(), but "both" is the name of the server's two addresses.
client()
{
	# shellcheck disable=SC2086,SC2016
	ip netns exec "$a" sh -c 'mount --bind "$0" /etc/hosts && exec "$@"' \
		"$tmp/hosts" "$dir/daytime" $tcp "$@" \
		>"$tmp/out" 2>"$tmp/err" </dev/null
}

ip4='10\.0\.0\.1'
ip6='\[fd00::1\]'

begin 18
printf 'fd00::2 both\n10.0.0.2 both\n' >"$tmp/hosts"
# A second link of each host, which a link-local address without a device uses.
for ns in "$a" "$b"; do
	ip -n "$ns" link add d0 type veth peer name d1 &&
	ip -n "$ns" link set d0 up && ip -n "$ns" link set d1 up &&
	ip -n "$ns" route add fe80::/64 dev d0 metric 1 || exit 1
done

start
asks "$ip4" 10.0.0.2
result "a server for all: an address of IPv4" $?
asks "$ip6" fd00::2
result "and one of IPv6" $?
asks "$ip4" ::ffff:10.0.0.2
result "and one of IPv4 as IPv6 writes it" $?
asks "$ip6" both
result "of a name with both, IPv6 first" $?
asks "$ip4" -4 both
result "-4: over IPv4" $?
asks "$ip6" -6 both
result "-6: over IPv6" $?
fails 8 -4 fd00::2 && fails 8 -6 10.0.0.2
result "an address of the other kind is none" $?
asks '\[fe80::1%v1\]' fe80::2%v0
result "a link-local address, with its link" $?
fails 1 fe80::2
result "and without" $?
stop

start -4
asks "$ip4" 10.0.0.2
result "a server for IPv4" $?
fails 4 fd00::2
result "refuses IPv6" $?
asks "$ip4" both && grep -q 'fd00::2.*refused' "$tmp/err"
result "of a name with both, IPv4 when IPv6 is refused" $?
stop

start -6
asks "$ip6" fd00::2
result "a server for IPv6" $?
fails 4 10.0.0.2 && fails 4 ::ffff:10.0.0.2
result "refuses IPv4, however it is written" $?
# shellcheck disable=SC2086
ip netns exec "$b" "$dir/daytimed" -4 $tcp >"$tmp/log4" 2>&1 &
other=$!
waits_for "$tmp/log4" listening
status=$?
client 10.0.0.2 && waits_for "$tmp/log4" "$ip4" && asks "$ip6" fd00::2 ||
	status=1
result "beside it one for IPv4, on the same port" $status
kill $other
wait $other
stop

start fd00::2
asks "$ip6" fd00::2 && fails 4 10.0.0.2 && fails 4 fe80::2%v0
result "a server for one address" $?
stop

start fe80::2%v1
asks '\[fe80::1%v1\]' fe80::2%v0 && fails 4 fd00::2
result "for one link-local address" $?
stop

# shellcheck disable=SC2086
! ip netns exec "$b" "$dir/daytimed" $tcp -6 10.0.0.2 >"$tmp/out" 2>"$tmp/err" &&
! ip netns exec "$b" "$dir/daytimed" $tcp 2001:db8::1 >"$tmp/out" 2>>"$tmp/err" &&
grep -q 'family' "$tmp/err" && grep -q 'Cannot assign' "$tmp/err"
result "no server for an address that is not here" $?

[ $failed -eq 0 ]
