#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Programs as Debian has them, under atcp-run: over 253 with atcp at both ends, and as
# TCP on the wire with atcp at one end and the kernel's TCP at the other.  Their output
# and the data transferred are checked; --strict keeps them from using another stack.
#
# ATCP_BIN names the folder of atcp-run. What is not installed comes from what
# selftests/vm/setup has unpacked in ATCP_CACHE, or is skipped.

# It is mounted below the machine's own /usr, for this script only.
programs=${ATCP_CACHE-}/programs
if [ -e "$programs/.complete" ] && [ -z "${unshared-}" ]; then
	unshared=yes exec unshare -m "$0" "$@"
fi
[ -z "${unshared-}" ] || mount -t overlay -o "lowerdir=/usr:$programs/usr" overlay /usr || exit
PATH=$PATH:/usr/sbin
for d in /usr/lib/postgresql/*/bin; do
	PATH=$PATH:$d
done

# shellcheck source=selftests/tools/common.sh
. "$(dirname "$0")/tools/common.sh"

url=$peer_ip
[ -z "$ipv6" ] || url="[$peer_ip]"
mb=${ATCP_TEST_MB:-100}

begin 81
ip -n "$a" link set lo up
mkdir "$tmp/bin" "$tmp/www" "$tmp/put" "$tmp/home"
chmod 755 "$tmp" "$tmp/bin" "$tmp/www"
chmod 777 "$tmp/put"

# Some servers run as nobody, who may not enter every folder.
install "$dir/atcp-run" "$dir/libatcp.so" "$tmp/bin"
run=$tmp/bin/atcp-run

# The user that sshd needs, where it is not installed.
if [ -n "${unshared-}" ] && ! grep -q '^sshd:' /etc/passwd; then
	echo 'sshd:x:65533:65534::/run/sshd:/usr/sbin/nologin' | cat /etc/passwd - >"$tmp/passwd"
	mount --bind "$tmp/passwd" /etc/passwd || exit
fi

# Bytes without long repetitions.
seq 1 20000000 | head -c $((mb << 20)) >"$tmp/www/big"
head -c 20000 "$tmp/www/big" >"$tmp/www/small"
tr 0-9 a-j <"$tmp/www/small" >"$tmp/question"

# serve COMMAND...: runs it in $b, over the stack of the server in this round.
serve()
{
	: >"$tmp/log"
	counts >"$tmp/before"
	served=$*
	# shellcheck disable=SC2086 # words, or none
	ip netns exec "$b" $server_run "$@" >"$tmp/log" 2>&1 </dev/null &
	server=$!
}

# ask FILE COMMAND...: runs it in $a, over the stack of the client, with FILE as its
# input and its output in out and err.
ask()
{
	input=$1
	shift
	# shellcheck disable=SC2086 # words, or none
	ip netns exec "$a" timeout 120 $client_run "$@" >"$tmp/out" 2>"$tmp/err" <"$input"
}

# call COMMAND...: the same without input.
call()
{
	ask /dev/null "$@"
}

# becomes FILE OTHER: waits until the files are equal, 20 s at most.
becomes()
{
	comes_true cmp -s "$1" "$2"
}

# later: writes the question to the FIFO of that name, once all of "small" is in out.
later()
{
	: >"$tmp/out"
	[ -p "$tmp/later" ] || mkfifo "$tmp/later"
	{
		becomes "$tmp/out" "$tmp/www/small"
		cat "$tmp/question"
	} >"$tmp/later" &
}

# listens PORT: waits for a listener there, over either stack, 20 s at most, and no
# longer than the server runs.
listens()
{
	port=$(printf ':%04X 0' "$1")
	tries=0
	until ip netns exec "$b" sh -c \
		'cat /proc/net/tcp /proc/net/tcp6 /proc/net/atcp /proc/net/atcp6' |
		grep -q "$port.* 0A "; do
		tries=$((tries + 1))
		[ $tries -lt 200 ] && kill -0 "$server" 2>/dev/null || return 1
		sleep 0.1
	done
}

# counts: prints the connections that atcp has had, a line for each of $there.
counts()
{
	for ns in $there; do
		ip netns exec "$ns" awk '$1 == "established" { print $2 }' /proc/net/atcp_stat
	done
}

# end_server: stops the server and what it has started, and checks that atcp was used.
end_server()
{
	kill "$server" 2>/dev/null
	wait "$server" 2>/dev/null
	server=
	if ! counts | paste "$tmp/before" - | awk '$2 <= $1 { exit 1 }'; then
		echo "# $how: no connection of atcp's: $served"
		unused=1
	fi
}

# has COUNT PROGRAM...: if one of them is missing, skips the next COUNT results.
has()
{
	number=$1
	shift
	for p; do
		command -v "$p" >/dev/null && continue
		while [ "$number" -gt 0 ]; do
			count=$((count + 1))
			echo "ok $count $how: $p # SKIP not installed"
			number=$((number - 1))
		done
		return 1
	done
}

web()
{
	has 5 nginx curl || return
	cat >"$tmp/nginx.conf" <<C
daemon off;
worker_processes 2;
pid $tmp/nginx.pid;
error_log stderr;
events { }
http {
	access_log off;
	sendfile on;
	client_max_body_size 0;
	client_body_temp_path $tmp/put;
	proxy_temp_path $tmp/nginx;
	fastcgi_temp_path $tmp/nginx;
	uwsgi_temp_path $tmp/nginx;
	scgi_temp_path $tmp/nginx;
	server {
		listen $url:80;
		root $tmp/www;
		location /put/ {
			root $tmp;
			dav_methods PUT;
		}
	}
}
C
	serve nginx -p "$tmp" -c "$tmp/nginx.conf"
	listens 80
	call curl -sS -o "$tmp/got" "http://$url/big" && cmp "$tmp/got" "$tmp/www/big"
	result "$how: nginx sends $mb MB to curl" $?
	call curl -sSv -o /dev/null "http://$url/small" -o /dev/null "http://$url/small" &&
		grep -q 'Re-using existing connection' "$tmp/err"
	result "$how: a connection is kept alive" $?
	call curl -sS -Z --parallel-max 64 "http://$url/small?[1-64]" &&
		[ "$(wc -c <"$tmp/out")" = $((64 * 20000)) ]
	result "$how: 64 at once" $?
	call curl -sS -T "$tmp/www/small" "http://$url/put/it" &&
		cmp "$tmp/put/it" "$tmp/www/small"
	result "$how: an upload" $?
	if has 1 wrk; then
		call wrk -t 2 -c 20 -d 2 "http://$url/small" &&
			grep -Eq '[1-9][0-9]* requests in' "$tmp/out" &&
			! grep -Eq 'Socket errors|Non-2xx' "$tmp/out"
		result "$how: wrk" $?
	fi
	end_server
	rm -rf "$tmp/put/"*
}

throughput()
{
	has 3 iperf3 || return
	for options in "-P 8" "-R" "--bidir"; do
		serve iperf3 -s -1
		listens 5201
		# shellcheck disable=SC2086 # words
		call iperf3 -c "$peer_ip" -n 8M $options &&
			grep -q 'receiver' "$tmp/out"
		result "$how: iperf3 $options" $?
		end_server
	done
}

store()
{
	has 2 redis-server redis-benchmark || return
	serve redis-server --save '' --bind "$peer_ip" --protected-mode no
	listens 6379
	for options in "-P 1" "-P 16"; do
		# shellcheck disable=SC2086 # words
		call redis-benchmark -h "$peer_ip" -n 1000 -c 20 -q -t set,get $options &&
			[ "$(tr '\r' '\n' <"$tmp/out" | grep -c 'requests per second')" = 2 ]
		result "$how: redis-benchmark $options" $?
	done
	end_server
}

data_base()
{
	has 3 initdb postgres psql pgbench setpriv || return
	# It does not run as root.
	as="setpriv --reuid=nobody --regid=nogroup --clear-groups"
	if ! [ -d "$tmp/pg" ]; then
		mkdir -m 700 "$tmp/pg"
		chown nobody:nogroup "$tmp/pg"
		# shellcheck disable=SC2086 # words
		$as initdb -D "$tmp/pg" -U atcp -A trust --locale=C --no-sync >"$tmp/log" 2>&1
		echo "host all all all trust" >>"$tmp/pg/pg_hba.conf"
	fi
	# It may have TCP on the wire only if its group may.
	ip netns exec "$b" sh -c 'echo 65534 65534 >/proc/sys/net/atcp/tcp_group_range'
	# shellcheck disable=SC2086 # words
	serve $as postgres -D "$tmp/pg" -h "$peer_ip" -k '' -c fsync=off -c jit=off \
		-c autovacuum=off -c shared_buffers=16MB
	listens 5432
	call pgbench -h "$peer_ip" -U atcp -i -q postgres && grep -q '^done in' "$tmp/err" &&
		[ "$(sql 'select count(*) from pgbench_accounts')" = 100000 ]
	result "$how: pgbench fills a table of PostgreSQL's" $?
	call pgbench -h "$peer_ip" -U atcp -n -c 4 -t 20 postgres &&
		grep -q 'actually processed: 80/80$' "$tmp/out" &&
		grep -q 'failed transactions: 0 ' "$tmp/out"
	result "$how: pgbench, 4 clients" $?
	[ "$(sql 'select count(*) from pgbench_history')" = 80 ]
	result "$how: what they did is there" $?
	end_server
}

# sql QUESTION: asks that data base.
sql()
{
	call psql -h "$peer_ip" -U atcp -Atc "$1" postgres && cat "$tmp/out"
}

scripts()
{
	if has 1 node; then
		serve node "$here/programs/web.js" serve "$peer_ip" 8000 "$tmp/www/small"
		listens 8000
		call node "$here/programs/web.js" get "http://$url:8000/" &&
			cmp "$tmp/out" "$tmp/www/small"
		result "$how: Node.js, a connection is kept alive" $?
		end_server
	fi
	has 2 python3 curl || return
	serve python3 -m http.server --bind "$peer_ip" --directory "$tmp/www" 8000
	listens 8000
	call curl -sS "http://$url:8000/small" && cmp "$tmp/out" "$tmp/www/small"
	result "$how: Python's http.server" $?
	end_server
	serve python3 "$here/programs/halves.py" answer "$peer_ip" 7
	listens 7
	ask "$tmp/question" python3 "$here/programs/halves.py" ask "$peer_ip" 7 &&
		capitals
	result "$how: Python's asyncio, half-closed" $?
	end_server
}

# The answer is the question in capitals.
capitals()
{
	tr '[:lower:]' '[:upper:]' <"$tmp/question" | cmp - "$tmp/out"
}

echoed()
{
	has 2 socat || return
	listen=TCP${ipv6:+6}-LISTEN:7,fork,reuseaddr
	serve socat -t 60 "$listen" SYSTEM:'sort -r'
	listens 7
	# The answer comes only after the end of the question.
	sort -r "$tmp/question" >"$tmp/sorted"
	ask "$tmp/question" socat -t 60 - "TCP${ipv6:+6}:$url:7" && cmp "$tmp/out" "$tmp/sorted"
	result "$how: socat, half-closed" $?
	if has 1 nc.openbsd; then
		ask "$tmp/question" nc.openbsd -N "$peer_ip" 7 && cmp "$tmp/out" "$tmp/sorted"
		result "$how: netcat, half-closed" $?
	fi
	end_server
	# The server closes first, and still receives what comes after that.
	serve socat -t 60 "$listen" "OPEN:$tmp/www/small,rdonly!!CREATE:$tmp/served"
	listens 7
	later
	ask "$tmp/later" socat -t 60 - "TCP${ipv6:+6}:$url:7" &&
		cmp "$tmp/out" "$tmp/www/small" && becomes "$tmp/served" "$tmp/question"
	result "$how: socat, half-closed by the server" $?
	end_server
	has 1 nc.openbsd || return
	# shellcheck disable=SC2016 # the inner shell's
	serve sh -c 'exec nc.openbsd -l -N "$1" 7 <"$2/www/small" >"$2/served"' sh \
		"$peer_ip" "$tmp"
	listens 7
	later
	ask "$tmp/later" nc.openbsd -N "$peer_ip" 7 &&
		cmp "$tmp/out" "$tmp/www/small" && becomes "$tmp/served" "$tmp/question"
	result "$how: netcat, half-closed by the server" $?
	end_server
}

# A program to which no library is preloaded.
static()
{
	peer=$here/programs/peer
	has 4 "$peer" || return
	# By itself: socket(AF_INET or AF_INET6, SOCK_STREAM, 253 or 254).
	in_go "asks for the protocol itself" "$peer $server_door" "$peer $client_door"
	if [ -e /sys/kernel/btf/vmlinux ] &&
	   grep -q ' update_socket_protocol$' /proc/kallsyms; then
		in_go "atcp-run --cgroup" "${server_run:+$server_run -g} $peer" \
			"${client_run:+$client_run -g} $peer"
		return
	fi
	ip netns exec "$a" "$run" -s "$peer" get "http://$url/" >"$tmp/out" 2>"$tmp/err"
	[ $? = 125 ] && grep -q 'statically linked' "$tmp/err"
	result "$how: Go, --strict: that it is static is said" $?
	ip netns exec "$a" "$run" -s -g "$peer" get "http://$url/" >"$tmp/out" 2>"$tmp/err"
	[ $? = 125 ] && grep -q 'asks no BPF program' "$tmp/err"
	result "$how: Go, --cgroup: that this kernel cannot is said" $?
}

# in_go NAME SERVER CLIENT: runs the two with these words before their arguments.
in_go()
{
	server_before=$server_run client_before=$client_run
	server_run=$2 client_run=$3
	serve serve "$url:8000" "$tmp/www"
	listens 8000
	call get "http://$url:8000/small" "http://$url:8000/small" &&
		cat "$tmp/www/small" "$tmp/www/small" | cmp - "$tmp/out" &&
		grep -q '^connections: 1$' "$tmp/err"
	result "$how: Go, $1: http, a connection is kept alive" $?
	end_server
	serve answer "$url:7"
	listens 7
	ask "$tmp/question" ask "$url:7" && capitals
	result "$how: Go, $1: half-closed" $?
	end_server
	server_run=$server_before client_run=$client_before
}

shell()
{
	has 1 sshd ssh scp rsync || return
	[ -e "$tmp/key" ] || ssh-keygen -q -t ed25519 -N '' -f "$tmp/key"
	mkdir -p /run/sshd
	cat >"$tmp/sshd.conf" <<C
HostKey $tmp/key
AuthorizedKeysFile $tmp/key.pub
PidFile none
StrictModes no
UsePAM no
Subsystem sftp internal-sftp
C
	cat >"$tmp/ssh.conf" <<C
Host *
	IdentityFile $tmp/key
	UserKnownHostsFile /dev/null
	StrictHostKeyChecking no
	LogLevel ERROR
C
	serve "$(command -v sshd)" -D -e -f "$tmp/sshd.conf"
	listens 22
	call ssh -F "$tmp/ssh.conf" "root@$peer_ip" "echo hello from \$SSH_CONNECTION" &&
		grep -q "hello from $here_ip .* $peer_ip 22" "$tmp/out" &&
	call scp -q -F "$tmp/ssh.conf" "$tmp/www/small" "root@$url:$tmp/put/scp" &&
		cmp "$tmp/www/small" "$tmp/put/scp" &&
	call rsync -e "ssh -F $tmp/ssh.conf" "$tmp/www/small" "root@$url:$tmp/put/rsync" &&
		cmp "$tmp/www/small" "$tmp/put/rsync"
	result "$how: ssh, scp, rsync" $?
	end_server
	rm -rf "$tmp/put/"*
}

clone()
{
	has 1 git || return
	if ! [ -d "$tmp/home/r.git" ]; then
		git init -q "$tmp/home/w" &&
		(cd "$tmp/home/w" && seq 1 100000 >f && git add f &&
		 git -c user.name=n -c user.email=e commit -qm one) &&
		git clone -q --bare "$tmp/home/w" "$tmp/home/r.git"
	fi
	serve git daemon --export-all --listen="$peer_ip" --base-path="$tmp/home"
	listens 9418
	rm -rf "$tmp/home/c"
	call git clone -q "git://$url/r.git" "$tmp/home/c" &&
		cmp "$tmp/home/w/f" "$tmp/home/c/f"
	result "$how: git clone" $?
	end_server
}

for how in 253 client server; do
	server_run='' server_door=''
	client_run='' client_door=''
	case $how in
	253)
		server_run="$run -s" client_run="$run -s"
		server_door="-p 253" client_door="-p 253"
		there="$a $b"
		;;
	client)
		client_run="$run -s -c tcp" client_door="-p 254"
		there=$a
		;;
	server)
		server_run="$run -s -c tcp" server_door="-p 254"
		there=$b
		;;
	esac
	unused=0
	web
	throughput
	store
	data_base
	scripts
	echoed
	static
	shell
	clone
	result "$how: those were atcp's connections" $unused
done
[ $failed -eq 0 ]
