#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# atcp-run, as a user runs it: Python's sockets become atcp's, over both carriers, and
# answer later calls as TCP's do; it reports sockets that cannot be moved.
#
# ATCP_BIN names the folder of atcp-run and libatcp.so.

# shellcheck source=selftests/tools/common.sh
. "$(dirname "$0")/tools/common.sh"

run=$dir/atcp-run

begin 22
ip -n "$a" link set lo up
version=4
[ -z "$ipv6" ] || version=6

# in_a COMMAND...: runs it in $a, its output in out and err.
in_a()
{
	ip netns exec "$a" "$@" >"$tmp/out" 2>"$tmp/err" </dev/null
}

# python CODE [WORD...]: runs it in $a under atcp-run with the options in $how.
python()
{
	# shellcheck disable=SC2086 # options, or none
	in_a timeout 60 "$run" $how python3 -c "$@"
}

in_a "$run" --check
status=$?
grep -q 'loaded, protocol family' "$tmp/out" &&
[ "$(grep -c 'works over IPv4, works over IPv6' "$tmp/out")" = 2 ]
result "--check: module, family, both carriers over IPv4 and IPv6" $((status + $?))

# A server in $b, and a client in $a over the same carrier.
serve='
import socket, sys
l = socket.create_server((sys.argv[1], 8000), family=socket.AF_INET6 if ":" in sys.argv[1] else socket.AF_INET)
print("ready", flush=True)
while True:
    c, _ = l.accept()
    with c.makefile("rb") as f:
        data = f.read()
    c.sendall(data.upper())
    c.close()
'
ask='
import socket, sys
s = socket.create_connection((sys.argv[1], 8000))
s.sendall(b"half" * 25000)
s.shutdown(socket.SHUT_WR)
got = b""
while True:
    d = s.recv(65536)
    if not d: break
    got += d
assert got == b"HALF" * 25000, len(got)
assert s.getsockopt(socket.SOL_SOCKET, socket.SO_PROTOCOL) == socket.IPPROTO_TCP
assert s.getsockopt(socket.SOL_SOCKET, socket.SO_DOMAIN) == s.family
assert s.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) in (0, 1)
print("fine")
'
for carrier in 253 tcp; do
	how="-c $carrier -v"
	ip netns exec "$b" "$run" -c $carrier -s python3 -u -c "$serve" "$peer_ip" \
		>"$tmp/log" 2>&1 </dev/null &
	server=$!
	waits_for "$tmp/log" ready
	python "$ask" "$peer_ip"
	status=$?
	grep -q fine "$tmp/out"
	result "over $carrier: both ends, half-close, options" $((status + $?))
	grep -q "descriptor [0-9]* is atcp's, IPv$version" "$tmp/err"
	status=$?
	grep -q "1 of its TCP sockets were atcp's, 0 the kernel's" "$tmp/err"
	result "over $carrier: --verbose says what was moved" $((status + $?))
	kill $server && wait $server 2>/dev/null
	server=
done

# As TCP on the wire, the other end is any TCP.
ip netns exec "$b" python3 -u -c "$serve" "$peer_ip" >"$tmp/log" 2>&1 </dev/null &
server=$!
waits_for "$tmp/log" ready
how="-c tcp -s"
python "$ask" "$peer_ip"
result "asks a server of the kernel's TCP" $?
kill $server && wait $server 2>/dev/null
ip netns exec "$b" "$run" -c tcp -s python3 -u -c "$serve" "$peer_ip" >"$tmp/log" 2>&1 \
	</dev/null &
server=$!
waits_for "$tmp/log" ready
in_a timeout 60 python3 -c "$ask" "$peer_ip"
result "a client of the kernel's TCP asks it" $?
kill $server && wait $server 2>/dev/null
server=

how="-v"
python '
import socket
# Sockets of other kinds are left alone.
for family, kind, proto in ((socket.AF_INET, socket.SOCK_DGRAM, 0),
                            (socket.AF_UNIX, socket.SOCK_STREAM, 0),
                            (socket.AF_INET, socket.SOCK_RAW, 253)):
    s = socket.socket(family, kind, proto)
    assert s.getsockopt(socket.SOL_SOCKET, socket.SO_PROTOCOL) in (proto, socket.IPPROTO_UDP)
'
status=$?
! grep -q "descriptor" "$tmp/err"
result "UDP, UNIX and raw sockets stay what they are" $((status + $?))

python '
import os, socket, subprocess, sys, threading
def one(): socket.socket().close()
threads = [threading.Thread(target=one) for i in range(20)]
for t in threads: t.start()
for t in threads: t.join()
if os.fork() == 0:
    one(); sys.exit(0)
os.wait()
subprocess.run([sys.executable, "-c", "import socket; socket.socket()"], check=True)
'
status=$?
[ "$(grep -c 'descriptor' "$tmp/err")" = 22 ]
result "in threads, after fork, across exec" $((status + $?))

how="-s"
python '
import socket
s = socket.socket()
assert s.getsockname() == ("0.0.0.0", 0), s.getsockname()
try:
    s.getpeername()
except OSError as e:
    assert e.errno == 107, e
'
result "names before bind" $?

LD_PRELOAD=/lib/x86_64-linux-gnu/libm.so.6 in_a "$run" sh -c 'echo $LD_PRELOAD'
grep -q "libatcp.so:/lib/x86_64-linux-gnu/libm.so.6" "$tmp/out"
result "a library that was preloaded before stays" $?

in_a "$run" busybox true
status=$?
grep -q "statically linked" "$tmp/err"
result "a static program: said, and run" $((status + $?))
in_a "$run" --strict busybox true
[ $? = 125 ]
result "a static program: refused with --strict" $?
# A kernel with the cgroup hook moves a static program's sockets as well.
opened()
{
	ip netns exec "$a" awk '$1 == "active_opens" { print $2 }' /proc/net/atcp_stat
}
ip netns exec "$b" python3 -u -c "$serve" "$peer_ip" >"$tmp/log" 2>&1 </dev/null &
server=$!
waits_for "$tmp/log" ready
before=$(opened)
in_a sh -c "echo half | timeout 20 $run -g -s -v -c tcp busybox nc $peer_ip 8000"
status=$?
if [ -e /sys/kernel/btf/vmlinux ] && grep -q ' update_socket_protocol$' /proc/kallsyms; then
	[ "$(opened)" -eq $((before + 1)) ] && grep -q HALF "$tmp/out" &&
		grep -q "busybox: 1 of its TCP sockets were atcp's" "$tmp/err"
	result "--cgroup: a static program, over atcp" $((status + $?))
	in_a "$run" -g -c tcp sh -c 'exit 7'
	[ $? = 7 ] &&
	in_a "$run" -g sh -c 'trap "exit 8" TERM; kill $PPID
		n=0; while [ $n -lt 100 ]; do n=$((n + 1)); sleep 0.1; done'
	[ $? = 8 ] && [ -z "$(find /sys/fs/cgroup -name 'atcp-run.*')" ]
	result "--cgroup: ends as the command does, also when told to, and leaves no cgroup" $?
else
	[ $status = 125 ] && grep -q "asks no BPF program" "$tmp/err" && [ "$(opened)" = "$before" ]
	result "--cgroup: said that this kernel cannot" $?
	in_a "$run" -g sh -c 'exit 7'
	[ $? = 7 ] && [ -z "$(find /sys/fs/cgroup -name 'atcp-run.*')" ]
	result "--cgroup: without it the command runs all the same" $?
fi
kill $server && wait $server 2>/dev/null
server=
in_a python3 -c '
import socket
for family, ip in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
    for there, here, proto in ((253, 253, 253), (254, 0, 0x206), (254, 254, 0x206)):
        l = socket.socket(family, socket.SOCK_STREAM, there)
        l.bind((ip, 0))
        l.listen(1)
        c = socket.socket(family, socket.SOCK_STREAM, here)
        c.connect(l.getsockname()[:2])
        s, _ = l.accept()
        c.sendall(b"door")
        assert s.recv(4, socket.MSG_WAITALL) == b"door"
        assert s.getsockopt(socket.SOL_SOCKET, socket.SO_PROTOCOL) == proto
        assert s.getsockopt(socket.SOL_SOCKET, socket.SO_DOMAIN) == family
'
result "the second door: AF_INET and AF_INET6, 253 and 254" $?

# TCP on the wire is for groups that are allowed; this one is not.
shut='net.atcp.tcp_group_range="65534 65534"'
nobody="setpriv --reuid 65534 --regid 65534 --clear-groups"
one='import socket; print(socket.socket().getsockopt(1, 38) == 6)'
# shellcheck disable=SC2086 # words
{
in_a $nobody "$run" -s -c tcp python3 -c "$one"
[ $? = 125 ] && grep -q "$shut" "$tmp/err" &&
	in_a $nobody "$run" -c tcp python3 -c "$one" && grep -q "$shut" "$tmp/err" &&
	grep -q "the kernel's TCP" "$tmp/err" && grep -q True "$tmp/out" &&
	in_a $nobody "$run" -v -c 253 python3 -c "$one" &&
	grep -q "1 of its TCP sockets were atcp's" "$tmp/err"
result "TCP on the wire is not for everybody: what to set is said" $?
in_a $nobody "$run" --check
[ $? = 1 ] && grep -q "$shut" "$tmp/out" && grep -q 'carrier 253: works over IPv4' "$tmp/out"
result "TCP on the wire is not for everybody: --check" $?
# A group allowed when the command began may be refused later.
in_a "$run" -s -c tcp $nobody python3 -c "$one"
[ $? = 1 ] && grep -q "python3.*$shut" "$tmp/err" && grep -q PermissionError "$tmp/err" &&
	in_a "$run" -c tcp $nobody python3 -c "$one" && grep -q "python3.*$shut" "$tmp/err"
result "TCP on the wire is not for everybody: one who becomes another" $?
}

# The other stack has the port: ss and atcp-ss each show their own.
have='
import socket, subprocess, sys
l = socket.create_server((sys.argv[1], 7777), family=socket.AF_INET6 if ":" in sys.argv[1] else socket.AF_INET)
sys.exit(subprocess.run(sys.argv[2:]).returncode)
'
take='
import socket, sys
s = socket.socket(socket.AF_INET6 if ":" in sys.argv[1] else socket.AF_INET)
try: s.bind((sys.argv[1], 7777))
except OSError as e: print(e.errno)
'
in_a python3 -c "$have" "$here_ip" "$run" -v -c tcp python3 -c "$take" "$here_ip" &&
	grep -q 'EADDRINUSE: .*ss -ltn.*atcp-ss -l' "$tmp/err" && grep -qx 98 "$tmp/out" &&
	in_a python3 -c "$have" "$here_ip" "$run" -c tcp python3 -c "$take" "$here_ip" &&
	! grep -q EADDRINUSE "$tmp/err" && grep -qx 98 "$tmp/out"
result "--verbose: the kernel's TCP has the port: where to look" $?

in_a "$run" nosuch-program
[ $? = 127 ]
result "no such command" $?
in_a "$run" -c 7 true
[ $? = 125 ] && grep -q "no carrier 7" "$tmp/err"
result "no such carrier" $?

[ $failed -eq 0 ]
