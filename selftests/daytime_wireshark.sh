#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# The segments on the wire are what Wireshark takes for TCP's: tcpdump captures
# a daytime connection, tshark dissects it and finds nothing to complain of.
#
# ATCP_BIN names the folder of daytime and daytimed; ATCP_TEST_STACK=tcp runs
# them over the kernel's TCP.

# shellcheck source=selftests/tools/common.sh
. "$(dirname "$0")/tools/common.sh"

decode=ip.proto==253,tcp
[ -z "$tcp" ] || decode=tcp.port==9,echo
filter="ip proto $proto"
fields='-e ip.src -e ip.dst'
mss=1460
if [ -n "$ipv6" ]; then
	filter="ip6 proto $proto"
	fields='-e ipv6.src -e ipv6.dst'
	mss=1440
fi
# tcpdump gives up root, and must still be able to write its file.
chmod 755 "$tmp"

# Runs tshark on the capture; output in out and err.  It takes the protocol in the
# pseudo-header for 6, so checksums are left to the tests that check each segment.
dissect()
{
	tshark -n -r "$tmp/pcap" -d "$decode" -o tcp.check_checksum:FALSE \
		-o tcp.relative_sequence_numbers:TRUE "$@" \
		>"$tmp/out" 2>"$tmp/err"
}

for tool in tcpdump tshark; do
	if ! command -v $tool >/dev/null; then
		echo "TAP version 13"
		echo "1..0 # SKIP no $tool"
		exit 4
	fi
done
begin 5

start
# shellcheck disable=SC2086
ip netns exec "$a" tcpdump --immediate-mode -U -Z root -i v0 -w "$tmp/pcap" \
	$filter 2>"$tmp/dump" &
dump=$!
waits_for "$tmp/dump" 'listening on'
client "$peer_ip"
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

# shellcheck disable=SC2086 # two options
dissect -T fields $fields -e tcp.srcport -e tcp.flags.str -e tcp.seq \
	-e tcp.ack -e tcp.len
[ "$(wc -l <"$tmp/out")" -ge 8 ] &&
! cut -f 1,2 "$tmp/out" | tr '\t' ' ' |
	grep -qvFx -e "$here_ip $peer_ip" -e "$peer_ip $here_ip" &&
! cut -f 3-7 "$tmp/out" | grep -Eqv '^[0-9]+	.......+	[0-9]+	[0-9]+	[0-9]+$'
result "all segments are dissected as TCP" $?

dissect -Y 'tcp.flags.syn==1' -T fields -e tcp.flags.ack -e tcp.seq \
	-e tcp.options.mss_val -e tcp.options.wscale.shift \
	-e tcp.options.sack_perm -e tcp.options.timestamp.tsval
[ "$(wc -l <"$tmp/out")" -eq 2 ] &&
[ "$(cut -f 1,2,3 "$tmp/out" | tr '\t\n' ' ,')" = "0 0 $mss,1 0 $mss," ]
result "the options of both SYNs are read" $?

dissect -Y 'tcp.len==22' -T fields -e tcp.seq -e tcp.ack
[ "$(cat "$tmp/out")" = "1	1" ]
result "22 bytes at sequence number 1" $?

dissect -Y '_ws.malformed || _ws.short || tcp.analysis.flags || _ws.expert.severity >= 0x600000'
! [ -s "$tmp/out" ]
result "nothing malformed, no warning, no anomaly" $?

[ $failed -eq 0 ]
