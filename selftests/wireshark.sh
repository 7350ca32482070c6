#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# The segments on the wire are what Wireshark takes for TCP's: tcpdump captures
# a daytime connection, tshark dissects it and finds nothing to complain of.
#
# ATCP_BIN names the folder of daytime and daytimed; ATCP_TEST_STACK=tcp runs
# them over the kernel's TCP.

here=$(cd "$(dirname "$0")" && pwd)
for dir in "$ATCP_BIN" "$here" "$here/../build/bin"; do
	[ -x "$dir/daytimed" ] && break
done
tcp=
decode=ip.proto==253,tcp
filter='ip proto 253'
if [ "$ATCP_TEST_STACK" = tcp ]; then
	tcp=--tcp
	decode=tcp.port==9,echo
	filter='ip proto 6'
fi
a=atcp-ws-a-$$
b=atcp-ws-b-$$
tmp=$(mktemp -d)
# tcpdump gives up root, and must still reach its file.
chmod 755 "$tmp"
server=
dump=
count=0
failed=0

cleanup()
{
	[ -n "$server" ] && kill "$server" 2>/dev/null
	[ -n "$dump" ] && kill "$dump" 2>/dev/null
	ip netns del "$a" 2>/dev/null
	ip netns del "$b" 2>/dev/null
	rm -rf "$tmp"
}
trap cleanup EXIT
trap 'exit 1' INT TERM

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

# waits_for FILE WORD
waits_for()
{
	i=0
	until grep -q "$2" "$1" 2>/dev/null; do
		i=$((i + 1))
		[ $i -lt 400 ] || return 1
		sleep 0.05
	done
}

# tshark of what was captured; leaves out, err.  It takes the protocol in the
# pseudo-header for 6, so sums are left to the tests that look at each segment.
dissect()
{
	tshark -n -r "$tmp/pcap" -d "$decode" -o tcp.check_checksum:FALSE \
		-o tcp.relative_sequence_numbers:TRUE "$@" \
		>"$tmp/out" 2>"$tmp/err"
}

echo "TAP version 13"
for tool in tcpdump tshark; do
	if ! command -v $tool >/dev/null; then
		echo "1..0 # SKIP no $tool"
		exit 4
	fi
done
if ! [ -x "$dir/daytimed" ]; then
	echo "1..0 # SKIP no daytimed (ATCP_BIN names its folder)"
	exit 4
fi
echo "1..5"

ip netns add "$a" && ip netns add "$b" &&
ip -n "$a" link add v0 type veth peer name v1 netns "$b" &&
ip -n "$a" addr add 10.0.0.1/24 dev v0 &&
ip -n "$b" addr add 10.0.0.2/24 dev v1 &&
ip -n "$a" link set v0 up && ip -n "$b" link set v1 up || exit 1

# shellcheck disable=SC2086
ip netns exec "$b" "$dir/daytimed" $tcp >"$tmp/log" 2>&1 &
server=$!
waits_for "$tmp/log" listening
# shellcheck disable=SC2086
ip netns exec "$a" tcpdump --immediate-mode -U -Z root -i v0 -w "$tmp/pcap" \
	$filter 2>"$tmp/dump" &
dump=$!
waits_for "$tmp/dump" 'listening on'
# shellcheck disable=SC2086
ip netns exec "$a" "$dir/daytime" $tcp 10.0.0.2 >"$tmp/out" 2>"$tmp/err"
result "a daytime connection" $?

# The last ACK is on its way when daytime ends.
i=0
until dissect -T fields -e tcp.flags.fin && [ "$(grep -c 1 "$tmp/out")" -ge 2 ] &&
      [ "$(tail -n 1 "$tmp/out")" = 0 ]; do
	i=$((i + 1))
	[ $i -lt 20 ] || break
	sleep 0.1
done
kill -INT "$dump"
wait "$dump"
dump=

dissect -T fields -e ip.src -e tcp.srcport -e tcp.flags.str -e tcp.seq \
	-e tcp.ack -e tcp.len
[ "$(wc -l <"$tmp/out")" -ge 8 ] && ! grep -qv '10\.0\.0\.[12]' "$tmp/out"
result "all segments are dissected as TCP" $?

dissect -Y 'tcp.flags.syn==1' -T fields -e tcp.flags.ack -e tcp.seq \
	-e tcp.options.mss_val -e tcp.options.wscale.shift \
	-e tcp.options.sack_perm -e tcp.options.timestamp.tsval
[ "$(wc -l <"$tmp/out")" -eq 2 ] &&
[ "$(cut -f 1,2,3 "$tmp/out" | tr '\t\n' ' ,')" = "0 0 1460,1 0 1460," ]
result "the options of both SYNs are read" $?

dissect -Y 'tcp.len==22' -T fields -e tcp.seq -e tcp.ack
[ "$(cat "$tmp/out")" = "1	1" ]
result "22 bytes at sequence number 1" $?

dissect -Y '_ws.malformed || _ws.short || tcp.analysis.flags || _ws.expert.severity >= 0x600000'
! [ -s "$tmp/out" ]
result "nothing malformed, no warning, no anomaly" $?

[ $failed -eq 0 ]
