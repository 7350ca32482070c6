# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
#
# What the scripts share; they source it.  A veth pair joins two network namespaces: $a
# (10.0.0.1, fd00::1, fe80::1 on v0) and $b (the same with 2, on v1).  There are a
# folder $tmp, KTAP lines, and $dir, the folder of daytime and daytimed: ATCP_BIN, that
# of the script, or where the repository builds them.  All is removed when the script
# ends, and the processes in $server and $dump are stopped.
#
# A script runs over IPv4, or over IPv6 if its name ends in _ipv6.sh or
# ATCP_TEST_IP=6 is in the environment: $ipv6 is set then, and $here_ip and
# $peer_ip are the addresses of $a and $b.

here=$(cd "$(dirname "$0")" && pwd)
for dir in "$ATCP_BIN" "$here" "$here/../build/bin"; do
	[ -x "$dir/daytimed" ] && break
done
tcp=
proto=253
if [ "$ATCP_TEST_STACK" = tcp ]; then
	tcp=--tcp
	proto=6
elif [ "$ATCP_TEST_CARRIER" = tcp ]; then
	tcp=-ctcp
	proto=6
fi
ipv6=
here_ip=10.0.0.1
peer_ip=10.0.0.2
case ${0##*/}${ATCP_TEST_IP-} in
*_ipv6.sh*|*.sh6)
	ipv6=ipv6
	here_ip=fd00::1
	peer_ip=fd00::2
	;;
esac
a=atcp-a-$$
b=atcp-b-$$
tmp=$(mktemp -d)
server=
dump=
count=0
failed=0

cleanup()
{
	[ -n "$server" ] && kill "$server" 2>/dev/null && wait "$server"
	[ -n "$dump" ] && kill "$dump" 2>/dev/null && wait "$dump"
	ip netns del "$a" 2>/dev/null
	ip netns del "$b" 2>/dev/null
	rm -rf "$tmp"
}
trap cleanup EXIT
trap 'exit 1' INT TERM

# begin TESTS: prints the head of the report, and makes the two namespaces.
begin()
{
	echo "TAP version 13"
	if ! [ -x "$dir/daytimed" ]; then
		echo "1..0 # SKIP no daytimed (ATCP_BIN names its folder)"
		exit 4
	fi
	echo "1..$1"
	ip netns add "$a" && ip netns add "$b" &&
	ip -n "$a" link add v0 address 02:00:00:00:00:01 type veth \
		peer name v1 address 02:00:00:00:00:02 netns "$b" &&
	addresses "$a" v0 1 && addresses "$b" v1 2 &&
	neighbours "$a" v0 2 && neighbours "$b" v1 1 &&
	ip -n "$b" link set lo up &&
	wait_usable "$a" v0 && wait_usable "$b" v1 || exit 1
}

# addresses NAMESPACE DEVICE NUMBER: adds all of a host's, usable after wait_usable.
addresses()
{
	ip -n "$1" link set "$2" addrgenmode none &&
	ip -n "$1" addr add "10.0.0.$3/24" dev "$2" &&
	ip -n "$1" addr add "fd00::$3/64" dev "$2" nodad &&
	ip -n "$1" addr add "fe80::$3/64" dev "$2" nodad &&
	ip -n "$1" link set "$2" up
}

# neighbours NAMESPACE DEVICE NUMBER: makes the other host known at every address.  A
# solicitation that is lost, or late on a slow machine, would cause a second SYN.
neighbours()
{
	for there in "10.0.0.$3" "fd00::$3" "fe80::$3"; do
		ip -n "$1" neigh replace "$there" lladdr "02:00:00:00:00:0$3" \
			dev "$2" nud permanent || return
	done
}

# wait_usable NAMESPACE DEVICE: waits until the link has its carrier and every address
# can be used.  IPv6 takes up to a second, also with nodad, for those from before.
wait_usable()
{
	tries=0
	until ip -n "$1" -o link show "$2" | grep -q ' state UP ' &&
	      [ -z "$(ip -n "$1" -6 addr show dev "$2" tentative)" ]; do
		tries=$((tries + 1))
		[ $tries -lt 400 ] || return 1
		sleep 0.05
	done
}

# result NAME STATUS: prints a line of KTAP; after a failure, the output, too.
result()
{
	count=$((count + 1))
	if [ "$2" -eq 0 ]; then
		echo "ok $count $1"
	else
		echo "not ok $count $1"
		sed -e 's/^/# /' -e '$a\' "$tmp/out" "$tmp/err" "$tmp/log" 2>/dev/null
		failed=$((failed + 1))
	fi
}

# comes_true COMMAND...: waits until that succeeds, 20 s at most.
comes_true()
{
	tries=0
	until "$@"; do
		tries=$((tries + 1))
		[ $tries -lt 400 ] || return 1
		sleep 0.05
	done
}

# waits_for FILE PATTERN: waits until the file has such a line, 20 s at most.
waits_for()
{
	comes_true grep -Eqs "$2" "$1"
}

# start ARGUMENT...: starts daytimed in B and waits until it listens.
start()
{
	# The log of the server before is no sign of this one.
	: >"$tmp/log"
	# shellcheck disable=SC2086
	ip netns exec "$b" "$dir/daytimed" $tcp "$@" >"$tmp/log" 2>&1 &
	server=$!
	waits_for "$tmp/log" listening
}

# stop [SIGNAL]: stops it; returns its exit status.
stop()
{
	kill "-${1:-TERM}" "$server"
	wait "$server"
	status=$?
	server=
	return $status
}

# client ARGUMENT...: runs daytime in A; leaves out, err; returns its status.
client()
{
	# shellcheck disable=SC2086
	ip netns exec "$a" "$dir/daytime" $tcp "$@" \
		>"$tmp/out" 2>"$tmp/err" </dev/null
}
