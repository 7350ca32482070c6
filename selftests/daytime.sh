#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# The daytime pair, run as a user runs it: between two network namespaces, what
# it prints and how it ends.
#
# ATCP_BIN names the folder of daytime and daytimed; ATCP_TEST_STACK=tcp runs
# them over the kernel's TCP.

here=$(cd "$(dirname "$0")" && pwd)
for dir in "$ATCP_BIN" "$here" "$here/../build/bin"; do
	[ -x "$dir/daytimed" ] && break
done
tcp=
[ "$ATCP_TEST_STACK" = tcp ] && tcp=--tcp
a=atcp-dt-a-$$
b=atcp-dt-b-$$
tmp=$(mktemp -d)
server=
count=0
failed=0

cleanup()
{
	[ -n "$server" ] && kill "$server" 2>/dev/null
	ip netns del "$a" 2>/dev/null
	ip netns del "$b" 2>/dev/null
	rm -rf "$tmp"
}
trap cleanup EXIT
trap 'exit 1' INT TERM

# result NAME STATUS: a line of KTAP.
result()
{
	count=$((count + 1))
	if [ "$2" -eq 0 ]; then
		echo "ok $count $1"
	else
		echo "not ok $count $1"
		sed 's/^/# /' "$tmp/out" "$tmp/err" 2>/dev/null
		failed=$((failed + 1))
	fi
}

# client ARGUMENT...: runs daytime in A; leaves out, err; returns its status.
client()
{
	# shellcheck disable=SC2086
	ip netns exec "$a" "$dir/daytime" $tcp "$@" \
		>"$tmp/out" 2>"$tmp/err" </dev/null
}

# logged PATTERN: waits until the server's log has such a line.
logged()
{
	i=0
	until grep -Eq "$1" "$tmp/log"; do
		i=$((i + 1))
		[ $i -lt 200 ] || return 1
		sleep 0.05
	done
}

# start ARGUMENT...: starts daytimed in B and waits until it listens.
start()
{
	# shellcheck disable=SC2086
	ip netns exec "$b" "$dir/daytimed" $tcp "$@" >"$tmp/log" 2>&1 &
	server=$!
	logged listening
}

# stop SIGNAL: stops it; returns its exit status.
stop()
{
	kill "-$1" "$server"
	wait "$server"
	status=$?
	server=
	return $status
}

# fails STATUS WORD ARGUMENT...: the client ends so and says WORD.
fails()
{
	want=$1
	word=$2
	shift 2
	client "$@"
	[ $? -eq "$want" ] && [ ! -s "$tmp/out" ] && grep -q "$word" "$tmp/err"
}

echo "TAP version 13"
if ! [ -x "$dir/daytimed" ]; then
	echo "1..0 # SKIP no daytimed (ATCP_BIN names its folder)"
	exit 4
fi
echo "1..16"

ip netns add "$a" && ip netns add "$b" &&
ip -n "$a" link add v0 type veth peer name v1 netns "$b" &&
ip -n "$a" addr add 10.0.0.1/24 dev v0 &&
ip -n "$b" addr add 10.0.0.2/24 dev v1 &&
ip -n "$a" link set v0 up && ip -n "$b" link set v1 up &&
ip -n "$b" link set lo up || exit 1

fails 4 refused 10.0.0.2
result "nothing listens: refused" $?

start
before=$(date -u +%s)
client 10.0.0.2
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

logged '^daytimed: 10\.0\.0\.1:[0-9]+: .* Z$'
result "a line of log for the client" $?

i=0
pids=
while [ $i -lt 30 ]; do
	# shellcheck disable=SC2086
	ip netns exec "$a" "$dir/daytime" $tcp 10.0.0.2 \
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

start -p 1313 10.0.0.2
client -p 1313 10.0.0.2
result "another port and address" $?
fails 4 refused 10.0.0.2
result "and only there" $?
stop INT
result "SIGINT stops the server, exit status 0" $?

ip -n "$a" route add unreachable 192.0.2.1
fails 5 unreachable 192.0.2.1
result "an unreachable host" $?

ip netns exec "$b" nft add table ip no
ip netns exec "$b" nft 'add chain ip no c { type filter hook input priority 0; policy drop; }'
fails 6 'timed out' -t 1 10.0.0.2
result "a host that does not answer: timed out" $?
ip netns exec "$b" nft delete table ip no

fails 2 usage && fails 2 port -p 0 10.0.0.2 && fails 2 time-out -t x 10.0.0.2
result "bad arguments" $?

fails 8 . no.such.host.invalid
result "a name that is not known" $?

client --help && grep -q usage "$tmp/out" &&
"$dir/daytimed" --help | grep -q usage
result "--help" $?

# The port is below 1024: without the capability there is no server.
# shellcheck disable=SC2086
ip netns exec "$b" setpriv --reuid 65534 --regid 65534 --clear-groups \
	"$dir/daytimed" $tcp >"$tmp/out" 2>"$tmp/err"
[ $? -eq 1 ] && grep -q 'Permission denied' "$tmp/err"
result "port 13 is not for everybody" $?

[ $failed -eq 0 ]
