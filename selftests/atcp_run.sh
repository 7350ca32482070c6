#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# atcp-run, as a user runs it: Python's sockets become atcp's, over both carriers, and
# answer later calls as TCP's do; it reports sockets that cannot be moved.  With --strict
# no way leads to a socket of the kernel's TCP (programs/opener.c).
#
# ATCP_BIN names the folder of atcp-run and libatcp.so.

# shellcheck source=selftests/tools/common.sh
. "$(dirname "$0")/tools/common.sh"

run=$dir/atcp-run
opener=$here/programs/opener

begin 64
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
hook=
if [ -e /sys/kernel/btf/vmlinux ] && grep -q ' update_socket_protocol$' /proc/kallsyms; then
	hook=yes
fi
if [ -n "$hook" ]; then
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


# --- --strict, and each way past the library

# is WANTED COMMAND...: runs it; its output has to be this line.
is()
{
	wanted=$1
	shift
	in_a "$@"
	[ "$(cat "$tmp/out")" = "$wanted" ]
}

# names_cgroup: whether the message names --cgroup, where the kernel has that.
names_cgroup()
{
	grep -q -e '--cgroup' "$tmp/err" || [ -z "$hook" ]
}

# refuses OPTIONS PATTERN COMMAND...: atcp-run does not run it, says so, and says whether
# --cgroup would help; the same with words around it that run it without --strict.
refuses()
{
	options=$1 pattern=$2
	shift 2
	# shellcheck disable=SC2086 # words, or none
	in_a $as "$run" -s $options "$@"
	[ $? = 125 ] && ! [ -s "$tmp/out" ] && grep -q "$pattern" "$tmp/err" && names_cgroup
}

# skip NAME WHY
skip()
{
	count=$((count + 1))
	echo "ok $count $1 # SKIP $2"
}

# The refusal of io_uring is not to be the sysctl's.
uring=/proc/sys/kernel/io_uring_disabled
! [ -e $uring ] || echo 0 >$uring
as=
for way in libc mptcp smc raw int80 socketcall x32 iouring; do
	# Without atcp-run it is the kernel's TCP, or this kernel has no such way.
	in_a "$opener" $way
	plain=$(cat "$tmp/out")
	case $plain in
	6|262|0) ;;
	"Function not implemented")
		# Debian's kernels know x32 and have it off; the filter is asked first.
		# User Mode Linux has no 32-bit calls, and no filter is asked.
		if [ $way = int80 ]; then
			skip "--strict: a socket by $way" "$plain"
			skip "--strict --cgroup: a socket by $way" "$plain"
			continue
		fi
		is EPERM "$run" -s "$opener" $way
		result "--strict: a socket by $way: EPERM" $?
		skip "--strict --cgroup: a socket by $way" "$plain"
		continue ;;
	*)
		skip "--strict: a socket by $way" "$plain"
		skip "--strict --cgroup: a socket by $way" "$plain"
		continue ;;
	esac
	case $way in
	libc|mptcp) moved=253 ;;
	*) moved=EPERM ;;
	esac
	is $moved "$run" -s "$opener" $way
	result "--strict: a socket by $way: $moved" $?
	if [ -z "$hook" ]; then
		refuses -g 'asks no BPF program' "$opener" $way
		result "--strict --cgroup: a socket by $way: refused" $?
		continue
	fi
	case $way in
	iouring|smc)
		is EPERM "$run" -s -g "$opener" $way &&
			grep -q "opener: 1 sockets of the kernel's TCP were refused" "$tmp/err" &&
			is "$plain" "$run" -g "$opener" $way
		result "--strict --cgroup: a socket by $way: refused and said" $? ;;
	*)
		is 253 "$run" -s -g "$opener" $way
		result "--strict --cgroup: a socket by $way: moved" $? ;;
	esac
done
is EPERM "$run" -s env -i "$opener" && is 6 "$run" env -i "$opener"
result "--strict: an environment that is thrown away" $?
in_a "$run" -s -v env -i "$opener"
names_cgroup
result "--strict: --verbose says that the library may not see all" $?
in_a "$run" -s sh -c "${opener}_static; true"
[ "$(cat "$tmp/out")" = EPERM ]
result "--strict: a static program that the command starts" $?
refuses '' 'statically linked' "${opener}_static"
result "--strict: a static program, refused" $?
"${opener}32" >/dev/null 2>&1
case $? in
126|127) can32=no ;;
*) can32=yes ;;
esac
if [ $can32 = yes ]; then
	refuses '' '32-bit' "${opener}32" &&
		in_a "$run" "${opener}32"
	[ $? = 6 ] && grep -q "32-bit.*\n*" "$tmp/err" && grep -q "the kernel's TCP" "$tmp/err"
	result "--strict: a 32-bit program, refused" $?
	in_a "$run" -s sh -c "${opener}32; exit \$?"
	[ $? = 1 ]
	result "--strict: a 32-bit program that the command starts" $?
else
	skip "--strict: a 32-bit program, refused" "this kernel runs none"
	skip "--strict: a 32-bit program that the command starts" "this kernel runs none"
fi
if [ -e "/lib/ld-musl-$(uname -m).so.1" ]; then
	is 253 "$run" -s "${opener}_musl" && is EPERM "$run" -s "${opener}_musl" raw
	result "--strict: a program of musl" $?
else
	skip "--strict: a program of musl" "no musl"
fi
# What a preloaded library must not reach; the same as root.
mkdir "$tmp/bin" "$tmp/a b" "$tmp/a:b" "$tmp/a\$LIB"
chmod 755 "$tmp" "$tmp/bin"
cp "$opener" "$tmp/bin/capable"
cp "$opener" "$tmp/bin/setuid"
chmod 4755 "$tmp/bin/setuid"
as=$nobody
if setcap cap_net_bind_service+ep "$tmp/bin/capable"; then
	refuses '' 'file capabilities' "$tmp/bin/capable"
	result "--strict: a program with file capabilities, refused" $?
else
	skip "--strict: a program with file capabilities, refused" "no setcap"
fi
refuses '' 'set-user-ID' "$tmp/bin/setuid"
result "--strict: a set-user-ID program, refused" $?
# Not as root, it sets no_new_privs: then the library reaches these.
# shellcheck disable=SC2086 # words
is 253 $nobody "$run" -s sh -c "$tmp/bin/setuid; true"
result "--strict: a set-user-ID program that the command of a user starts" $?
# shellcheck disable=SC2086 # words
is EPERM "$run" -s $nobody env -i sh -c "$tmp/bin/setuid; true"
result "--strict: a set-user-ID program that the command of root starts" $?
as=
for d in "a b" "a:b" "a\$LIB"; do
	cp "$dir/atcp-run" "$dir/libatcp.so" "$tmp/$d"
	in_a "$tmp/$d/atcp-run" -s "$opener"
	[ $? = 125 ] && grep -q 'LD_PRELOAD cannot name' "$tmp/err" && names_cgroup &&
		is 6 "$tmp/$d/atcp-run" "$opener"
	result "--strict: the library in a folder named '$d', refused" $?
done
rm "$tmp/a b/libatcp.so"
in_a "$tmp/a b/atcp-run" "$opener"
[ $? = 125 ] && grep -q 'libatcp.so' "$tmp/err" && names_cgroup
result "no library: refused" $?
# The resolver of libc opens its sockets inside libc.  The server says whether it was asked.
cat >"$tmp/resolver.sh" <<'R'
mount --bind resolv.conf /etc/resolv.conf || exit
python3 -u -c '
import socket
l = socket.create_server(("127.0.0.1", 53))
print("ready")
data = b""
while data != b"end":
    data = l.accept()[0].recv(64)
    print("end" if data == b"end" else "asked")
' >log &
until grep -qs ready log; do sleep 0.05; done
"$@" getent ahostsv4 a.question.test
python3 -c 'import socket; socket.create_connection(("127.0.0.1", 53)).send(b"end")'
wait
R
printf 'nameserver 127.0.0.1\noptions use-vc timeout:1 attempts:1\n' >"$tmp/resolv.conf"
resolve()
{
	(cd "$tmp" && in_a unshare -m sh resolver.sh "$@")
	grep -q '^end' "$tmp/log"
}
resolve "$run" && grep -q '^asked' "$tmp/log" && resolve "$run" -s
status=$?
! grep -q '^asked' "$tmp/log"
result "--strict: the resolver of libc over TCP" $((status + $?))
# What it inherits.
inherit='
import socket, subprocess, sys
s = socket.socket(socket.AF_INET, socket.SOCK_STREAM, int(sys.argv[1]))
sys.exit(subprocess.run(sys.argv[2:], pass_fds=[s.fileno()]).returncode)
'
mptcp=yes
python3 -c 'import socket; socket.socket(2, 1, 262)' 2>/dev/null || mptcp=no
for protocol in 6 262; do
	if [ $protocol$mptcp = 262no ]; then
		skip "--strict: a socket that is inherited, protocol 262, refused" "no MPTCP"
		continue
	fi
	in_a python3 -c "$inherit" $protocol "$run" -s "$opener"
	[ $? = 125 ] && ! [ -s "$tmp/out" ] &&
		grep -q "descriptor [0-9]* is a socket of the kernel's TCP" "$tmp/err" &&
		is 253 python3 -c "$inherit" $protocol "$run" "$opener"
	result "--strict: a socket that is inherited, protocol $protocol, refused" $?
done
is 253 python3 -c "$inherit" 253 "$run" -s "$opener"
result "--strict: a socket of atcp's may be inherited" $?
# Other sockets, and those of the program's own filter, stay as they are.
how="-s"
python '
import socket
for s in ((socket.AF_INET, socket.SOCK_DGRAM, 0), (socket.AF_INET6, socket.SOCK_DGRAM, 0),
          (socket.AF_UNIX, socket.SOCK_STREAM, 0), (socket.AF_INET, socket.SOCK_RAW, 6),
          (socket.AF_NETLINK, socket.SOCK_RAW, 0), (socket.AF_INET, socket.SOCK_STREAM, 253)):
    socket.socket(*s).close()
'
result "--strict: other sockets than TCP's are left alone" $?

# A filter of the program's own that knows IPv4, IPv6 and UNIX, and refuses others.
filter='
import ctypes, struct, sys, socket
libc = ctypes.CDLL(None, use_errno=True)
refuse = 0x00050000 | int(sys.argv[1])
code = [(0x20, 0, 0, 0), (0x15, 0, 5, 41), (0x20, 0, 0, 16), (0x15, 3, 0, 1), (0x15, 2, 0, 2),
        (0x15, 1, 0, 10), (0x06, 0, 0, refuse), (0x06, 0, 0, 0x7fff0000)]
code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *c) for c in code))
class Program(ctypes.Structure): _fields_ = [("n", ctypes.c_ushort), ("code", ctypes.c_void_p)]
libc.prctl(38, 1, 0, 0, 0)
assert libc.prctl(22, 2, ctypes.byref(Program(8, ctypes.cast(code, ctypes.c_void_p))), 0, 0) == 0
try: print(socket.socket().getsockopt(1, 39), socket.socket(2, 1, 262).getsockopt(1, 38))
except OSError as e: print(-e.errno)
'
if [ "$(uname -m)" != x86_64 ]; then
	why="its numbers are x86-64's"
elif [ $mptcp = no ]; then
	why="no MPTCP"
else
	why=
fi
if [ -z "$why" ]; then
	for carrier in 253 tcp; do
		for err in 1 13 95 97; do
			# The errors that are alike over both carriers need one.
			case $carrier$err in
			tcp95|tcp97) continue ;;
			esac
			how="-c $carrier"
			python "$filter" $err && [ "$(cat "$tmp/out")" = "2 262" ] &&
				[ "$(grep -c "using the kernel's TCP" "$tmp/err")" = 1 ] &&
				how="-c $carrier -s" && python "$filter" $err &&
				[ "$(cat "$tmp/out")" = "-$err" ] && [ -s "$tmp/err" ]
			result "over $carrier: a filter refuses atcp's family by errno $err" $?
		done
	done
else
	for carrier in 1 2 3 4 5 6; do
		skip "a filter refuses atcp's family" "$why"
	done
fi

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
