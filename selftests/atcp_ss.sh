#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# atcp-ss, as a user runs it: lists sockets, shows details, kills them, and says which ports
# one stack keeps from the other.
#
# ATCP_BIN names the folder of atcp-ss.

# shellcheck source=selftests/tools/common.sh
. "$(dirname "$0")/tools/common.sh"

# ss_in NAMESPACE [ARGUMENT]...: runs atcp-ss, output in out and err; returns its status.
ss_in()
{
	ns=$1
	shift
	ip netns exec "$ns" "$dir/atcp-ss" "$@" >"$tmp/out" 2>"$tmp/err" </dev/null
}

# lines NUMBER: true if the output has so many lines without the heading.
lines()
{
	[ "$(grep -vc '^State' "$tmp/out")" -eq "$1" ]
}

# A server that keeps its connections, and a client that prints how they end.
serve='
import socket, sys
l = socket.create_server((sys.argv[1], 9000), backlog=77, family=socket.AF_INET6 if ":" in sys.argv[1] else socket.AF_INET)
print("ready", flush=True)
kept = []
while True:
    c, _ = l.accept()
    c.sendall(b"x" * 1234)
    kept.append(c)
'
ask='
import errno, socket, sys
conns = [socket.create_connection((sys.argv[1], 9000)) for i in range(int(sys.argv[2]))]
for c in conns:
    assert len(c.recv(1234, socket.MSG_WAITALL)) == 1234
print("ready", flush=True)
for c in conns:
    try:
        print("end", len(c.recv(1)), flush=True)
    except OSError as e:
        print("end", errno.errorcode[e.errno], flush=True)
'

peer=$peer_ip
here_re='10\.0\.0\.1'
peer_re='10\.0\.0\.2'
any_re='0\.0\.0\.0'
other=-6
if [ -n "$ipv6" ]; then
	peer="[$peer_ip]"
	here_re='\[fd00::1\]'
	peer_re='\[fd00::2\]'
	any_re='\[::\]'
	other=-4
fi

# connect NUMBER: starts a client in $a with so many connections, and its server.
connect()
{
	: >"$tmp/log"
	ip netns exec "$b" "$dir/atcp-run" -s -c tcp python3 -u -c "$serve" "$peer_ip" \
		>"$tmp/log" 2>&1 </dev/null &
	server=$!
	waits_for "$tmp/log" ready || return
	: >"$tmp/asked"
	ip netns exec "$a" "$dir/atcp-run" -s -c tcp python3 -u -c "$ask" "$peer_ip" "$1" \
		>"$tmp/asked" 2>&1 </dev/null &
	dump=$!
	waits_for "$tmp/asked" ready
}

begin 20

ss_in "$a" && lines 0
result "no socket" $?
connect 1
result "a connection" $?
ss_in "$a" -H && [ "$(wc -l <"$tmp/out")" -eq 1 ] &&
	grep -Eq "^ESTAB +0 +0 +$here_re:[0-9]+ +$peer_re:9000 *$" "$tmp/out"
result "the client's line" $?
ss_in "$b" -l && lines 1 && grep -Eq "^LISTEN +0 +77 +$peer_re:9000 +$any_re:\*" "$tmp/out"
result "the listener's, with its backlog" $?
ss_in "$b" -a && lines 2 && ss_in "$b" && lines 1
result "--all, and without" $?
ss_in "$a" -i && grep -Eq "cubic wscale:[0-9]+,[0-9]+ .* cwnd:[0-9]+ .*bytes_received:1234 " "$tmp/out" &&
	ss_in "$b" -i && grep -Eq " bytes_acked:123[45] " "$tmp/out"
result "--info" $?
ss_in "$a" -p && grep -q "users:((\"python3\",pid=$dump,fd=[0-9]*))" "$tmp/out"
result "--processes" $?
ss_in "$a" -e -c tcp && lines 1 && grep -Eq " ino:[1-9][0-9]* sk:[0-9a-f]+ carrier:tcp" "$tmp/out" &&
	ss_in "$a" -c 253 && lines 0
result "--extended, --carrier" $?
ss_in "$a" dport = :9000 dst "$peer" && lines 1 &&
	ss_in "$a" sport = :9000 && lines 0 &&
	ss_in "$a" -H state fin-wait-2 && lines 0 &&
	ss_in "$a" $other && lines 0
result "filters" $?
ss_in "$a" -H state established dport = :9000 && grep -Eq "^0 +0 +$here_re:[0-9]+ " "$tmp/out" &&
	ss_in "$a" -t -u && grep -Eq "^atcp +ESTAB +0 " "$tmp/out" && grep -q ^Netid "$tmp/out" &&
	ss_in "$a" -Q && grep -Eq "^ESTAB +$here_re:" "$tmp/out"
result "columns that ss leaves out or adds" $?
ss_in "$a" -iOm && grep -Eq "^ESTAB .* skmem:.* cwnd:" "$tmp/out"
result "--oneline" $?
ss_in "$a" -T && grep -q "users:((\"python3\",pid=$dump,tid=$dump,fd=[0-9]*))" "$tmp/out"
result "--threads" $?

# Ports of TCP on the wire that one stack keeps from the other.
listens='
import socket, sys
s = socket.socket(socket.AF_INET6 if ":" in sys.argv[1] else socket.AF_INET)
try:
    s.bind((sys.argv[1], int(sys.argv[2])))
    s.listen()
except OSError as e:
    sys.exit(e.strerror)
print("ready", flush=True)
sys.stdin.read()
'
ip netns exec "$b" python3 -c "$listens" "$peer_ip" 9000 >"$tmp/out" 2>"$tmp/err" </dev/null
[ $? -eq 1 ] && grep -q "in use" "$tmp/err" && ss_in "$b" -l && lines 1 &&
	grep -Eq "^LISTEN +0 +77 +$peer_re:9000 .* carrier:tcp$" "$tmp/out" &&
	grep -q "held in the kernel's TCP, .* EADDRINUSE" "$tmp/err" &&
	ss_in "$b" && [ ! -s "$tmp/err" ] && ss_in "$b" -lH && [ ! -s "$tmp/err" ]
result "a port that atcp has" $?
mkfifo "$tmp/stop"
: >"$tmp/theirs"
ip netns exec "$b" python3 -c "$listens" "$peer_ip" 9001 >"$tmp/theirs" 2>&1 <"$tmp/stop" &
theirs=$!
exec 3>"$tmp/stop"
waits_for "$tmp/theirs" ready
ip netns exec "$b" "$dir/atcp-run" -s -c tcp python3 -c "$listens" "$peer_ip" 9001 \
	>"$tmp/out" 2>"$tmp/err" </dev/null
[ $? -eq 1 ] && grep -q "in use" "$tmp/err" && ss_in "$b" -l && lines 1 &&
	grep -q "listeners of the kernel's TCP have port 9001: .* EADDRINUSE" "$tmp/err" &&
	ss_in "$b" -l sport = :9000 && ! grep -q 9001 "$tmp/err" &&
	ss_in "$b" -l -c 253 && ! grep -q 9001 "$tmp/err"
result "a port that the kernel's TCP has" $?
ss_in "$b" --both -l && [ "$(grep -c LISTEN "$tmp/out")" -eq 2 ] &&
	grep -Eq "^tcp +LISTEN +0 +[0-9]+ +$peer_re:9001 .* carrier:kernel$" "$tmp/out" &&
	grep -Eq "^atcp +LISTEN +0 +77 +$peer_re:9000 .* carrier:tcp$" "$tmp/out" &&
	ss_in "$b" --both -lnpH sport = :9001 && [ "$(wc -l <"$tmp/out")" -eq 1 ] &&
	grep -q "users:((\"python3\",pid=$theirs," "$tmp/out"
result "--both" $?
ss_in "$b" --both -K
[ $? -eq 2 ] && ss_in "$b" --both && [ "$(grep -c ESTAB "$tmp/out")" -eq 1 ]
result "--both kills nothing" $?
exec 3>&-
wait $theirs

ip netns exec "$a" setpriv --reuid 65534 --clear-groups --inh-caps=-all --bounding-set=-all \
	"$dir/atcp-ss" -K >"$tmp/out" 2>"$tmp/err"
[ $? -eq 1 ] && grep -q "not permitted" "$tmp/err" && ss_in "$a" && lines 1
result "--kill: not for everybody" $?
ss_in "$a" -K dport 9000 && lines 1 && waits_for "$tmp/asked" "end ECONNABORTED" &&
	wait "$dump" && ss_in "$a" -a && lines 0 && ss_in "$b" && lines 0
result "--kill: an end for the program, a reset for the peer" $?
dump=
kill "$server" && wait "$server" 2>/dev/null
connect 300
ss_in "$a" -i && [ "$(grep -c '^ESTAB' "$tmp/out")" -eq 300 ] && ss_in "$b" -K && lines 300 &&
	ss_in "$b" && lines 0
result "many of them" $?
ss_in "$a" state nonsense
[ $? -eq 2 ] && grep -q "no state nonsense" "$tmp/err"
result "no such state" $?

[ $failed -eq 0 ]
