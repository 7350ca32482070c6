#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Loading and unloading atcp.ko, also while the kernel lacks a module that it asks for.
# ATCP_KO names it; ATCP_BIN the folder of daytime and daytimed.  At the end the module
# is loaded if it was loaded before.

# shellcheck source=selftests/tools/common.sh
. "$(dirname "$0")/tools/common.sh"

was_loaded=false

loaded()
{
	grep -q '^atcp ' /proc/modules
}

load()
{
	insmod "$ATCP_KO" "$@" 2>"$tmp/err"
}

unload()
{
	rmmod atcp 2>"$tmp/err"
}

# unload_soon: unloads, allowing for a namespace that is still being taken down.
unload_soon()
{
	tries=0
	until unload; do
		tries=$((tries + 1))
		[ $tries -lt 100 ] || return 1
		sleep 0.05
	done
}

# The module is loaded again at the end.
modprobe=
reload()
{
	[ -z "$modprobe" ] || echo "$modprobe" >/proc/sys/kernel/modprobe
	if $was_loaded && ! loaded; then
		load
	fi
	cleanup
}
trap reload EXIT

# Over IPv4 and over IPv6.
ask()
{
	client -t 10 10.0.0.2 && [ "$(wc -c <"$tmp/out")" -eq 22 ] &&
	client -t 10 fd00::2 && [ "$(wc -c <"$tmp/out")" -eq 22 ]
}

# rows NAMESPACE STATE: counts the rows of /proc/net/atcp and atcp6 in this state (hex).
rows()
{
	ip netns exec "$1" awk -v st="$2" 'FNR > 1 && $4 == st { n++ }
		END { print n + 0 }' /proc/net/atcp /proc/net/atcp6
}

# traces: prints everything in the system with the module's name.
traces()
{
	ls -d /sys/module/atcp /proc/net/atcp* /proc/sys/net/atcp 2>/dev/null
	# The kernel itself leaves the links of merged caches behind.
	find /sys/kernel/slab -name '*atcp*' ! -type l
	grep -iH atcp /proc/modules /proc/slabinfo /proc/net/protocols \
		/proc/net/ptype 2>/dev/null
	grep -H '\[atcp\]' /proc/kallsyms 2>/dev/null
	ip netns exec "$a" ls -d /proc/net/atcp /proc/net/atcp6 \
		/proc/net/atcp_stat /proc/sys/net/atcp 2>/dev/null
}

# gone: true if no trace is left; sysfs may take a moment to remove slab caches.
gone()
{
	tries=0
	while traces >"$tmp/out"; [ -s "$tmp/out" ]; do
		tries=$((tries + 1))
		[ $tries -lt 10 ] || return 1
		sleep 0.5
	done
}

if [ -n "$tcp" ] || ! [ -f "$ATCP_KO" ]; then
	echo "TAP version 13"
	echo "1..0 # SKIP ATCP_KO does not name atcp.ko, or it is the kernel's TCP"
	exit 4
fi
begin 24

# Earlier tests may have left connections behind that no program holds.
if loaded; then
	was_loaded=true
	echo 1 >/sys/module/atcp/parameters/reset_orphans
	if ! unload_soon; then
		cat "$tmp/err" /proc/net/atcp
		exit 1
	fi
fi

gone
result "nothing of atcp is there before" $?

client 10.0.0.2
[ $? -eq 3 ] && grep -q 'modprobe atcp' "$tmp/err"
result "daytime says that the module is not loaded" $?
status=0
for words in "daytimed -p 1313" "atcp-run true" "atcp-run -s true" "atcp-run -g true" \
	     "atcp-run --check" atcp-ss atcp-stat; do
	# shellcheck disable=SC2086 # words
	"$dir/"$words 2>&1 | grep -q 'not loaded (modprobe atcp' || status=1
done
"$dir/atcp-run" -s true 2>"$tmp/err"
[ $? = 125 ]
result "the other programs say so, and what to do" $((status + $?))

! loaded
result "socket() alone does not load it" $?

load && loaded
result "insmod" $?

[ "$(cat /sys/module/atcp/parameters/family)" = 22 ] &&
[ "$(cat /sys/module/atcp/parameters/stand_ins)" = Y ] &&
ip netns exec "$b" test -f /proc/net/atcp &&
ip netns exec "$b" test -f /proc/net/atcp6 &&
ip netns exec "$b" test -f /proc/net/atcp_stat &&
ip netns exec "$b" test -d /proc/sys/net/atcp
result "its files, in namespaces that were there before, too" $?

start
ask
result "connections over IPv4 and IPv6" $?

! unload && grep -q 'in use' "$tmp/err" && loaded
result "rmmod while a program listens: in use" $?

stop
# The server closed first: its side is in TIME-WAIT, which does not block unloading.
i=0
until [ "$(rows "$b" 06)" -gt 1 ] || [ $i -ge 100 ]; do
	i=$((i + 1))
	sleep 0.05
done
[ "$(rows "$b" 06)" -gt 1 ] && unload_soon && ! loaded
result "rmmod over connections in TIME-WAIT" $?

gone
result "nothing of atcp is left" $?

status=0
i=0
while [ $i -lt 20 ]; do
	i=$((i + 1))
	load && unload_soon || status=1
done
result "twenty times insmod and rmmod" $status

status=0
i=0
while [ $i -lt 5 ]; do
	i=$((i + 1))
	load || status=1
	start
	ask || status=1
	stop
	unload_soon || status=1
done
result "five times with a connection in between" $status

dmesg -C
! load family=2 && ! loaded && dmesg | grep -q 'atcp.*family='
result "a family that is taken: an error that names family=" $?
status=0
for bad in -2147483648 -1 0 46 99; do
	dmesg -C
	! load family=$bad && ! loaded && dmesg | grep -q 'atcp.*family=' || status=1
done
result "a family that cannot be" $status

load family=12 && [ "$(cat /sys/module/atcp/parameters/family)" = 12 ] &&
start && ask
result "another family, which daytime finds by itself" $?
stop
unload_soon

# The fall-back for an unknown kernel: a socket for each port that connect() chooses.
load stand_ins=0 && [ "$(cat /sys/module/atcp/parameters/stand_ins)" = N ] &&
tcp=-ctcp && start && ask && ask
result "TCP on the wire, with a socket for each port" $?
stop
tcp=
unload_soon

# The last acknowledgments never come: daytimed's side stays in FIN-WAIT-1.
load
ip netns exec "$b" nft -f - <<N
add table inet no
add chain inet no c { type filter hook prerouting priority -400; }
add rule inet no c meta nfproto ipv4 meta l4proto 253 @th,104,8 0x10 limit rate over 1/day burst 1 packets drop
add rule inet no c meta nfproto ipv6 meta l4proto 253 @th,104,8 0x10 limit rate over 1/day burst 1 packets drop
add rule inet no c meta l4proto 253 @th,104,8 0x11 drop
N
start
ask
stop
[ "$(rows "$b" 04)" -gt 1 ]
result "orphans in FIN-WAIT-1" $?
! unload && grep -q 'in use' "$tmp/err" &&
echo 1 >/sys/module/atcp/parameters/reset_orphans &&
unload_soon
result "reset_orphans sets rmmod free" $?

gone
result "nothing of atcp is left after all that" $?

# --- without the kernel module that defragments IPv6 ---

# drop_module NAME: unloads a module of the kernel's and all that need it.
drop_module()
{
	for user in $(awk -v m="$1" '$1 == m && $4 != "-" { gsub(",", " ", $4); print $4 }' \
		/proc/modules); do
		drop_module "$user"
	done
	! grep -q "^$1 " /proc/modules || rmmod "$1" 2>/dev/null
}

# sockets ERRNO: true if socket() for TCP on the wire over IPv6 ends so in both ways to
# make one; 0 stands for success.
sockets()
{
	ip netns exec "$a" python3 -c '
import socket, sys
def made(family, protocol):
    try:
        socket.socket(family, socket.SOCK_STREAM, protocol).close()
    except OSError as e:
        return e.errno
    return 0
got = [made(22, 6 | 0x100), made(socket.AF_INET6, 254)]
print(got)
sys.exit(got != [int(sys.argv[1])] * 2 or made(22, 0x100) or made(socket.AF_INET6, 253) or
         made(22, 6) or made(socket.AF_INET, 254))
' "$1" >"$tmp/out" 2>&1
}

# warnings: counts them in the kernel's log.
warnings()
{
	dmesg | grep -c 'atcp.*nf_defrag_ipv6'
}

comes_true drop_module nf_defrag_ipv6
if grep -q '\bnf_defrag_ipv6_enable$' /proc/kallsyms; then
	for what in "IPv6: EAFNOSUPPORT" "said once" "IPv4 works" "daytime" "works once it is there"; do
		result "without nf_defrag_ipv6: $what # SKIP it is in this kernel for good" 0
	done
else
	modprobe=$(cat /proc/sys/kernel/modprobe)
	echo /nonexistent >/proc/sys/kernel/modprobe
	dmesg -C
	load && sockets 97 && sockets 97
	result "without nf_defrag_ipv6: IPv6: EAFNOSUPPORT" $?
	[ "$(warnings)" -eq 1 ]
	result "without nf_defrag_ipv6: said once" $?
	start -c tcp && grep -q 'listening on 0.0.0.0:13' "$tmp/log" &&
	client -c tcp 10.0.0.2 && [ "$(wc -c <"$tmp/out")" -eq 22 ]
	result "without nf_defrag_ipv6: IPv4 works" $?
	client -c tcp fd00::2
	[ $? -eq 5 ] && grep -q 'no IPv6' "$tmp/err"
	result "without nf_defrag_ipv6: daytime" $?
	stop
	echo "$modprobe" >/proc/sys/kernel/modprobe
	modprobe nf_defrag_ipv6
	sockets 0 && start -c tcp && client -c tcp fd00::2 &&
	[ "$(wc -c <"$tmp/out")" -eq 22 ]
	result "without nf_defrag_ipv6: works once it is there" $?
	stop
	unload_soon
fi

[ $failed -eq 0 ]
