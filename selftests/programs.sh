#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Programs as Debian has them, under atcp-run: over 253 with atcp at both ends, and as
# TCP on the wire with atcp at one end and the kernel's TCP at the other. What they
# print and bring across is checked; with --strict, none can have used another stack
# than it was meant to.
#
# ATCP_BIN names the folder of atcp-run. What is not installed is skipped.

# shellcheck source=selftests/common.sh
. "$(dirname "$0")/common.sh"

run=$dir/atcp-run
url=$peer_ip
[ -z "$ipv6" ] || url="[$peer_ip]"
mb=${ATCP_TEST_MB:-100}

begin 42
ip -n "$a" link set lo up
mkdir "$tmp/www" "$tmp/put" "$tmp/home"
chmod 755 "$tmp" "$tmp/www"
chmod 777 "$tmp/put"

# Bytes that are nowhere the same for long.
seq 1 20000000 | head -c $((mb << 20)) >"$tmp/www/big"
head -c 20000 "$tmp/www/big" >"$tmp/www/small"

# serve COMMAND...: in $b, over the stack of the server in this round.
serve()
{
	: >"$tmp/log"
	# shellcheck disable=SC2086 # words, or none
	ip netns exec "$b" $server_run "$@" >"$tmp/log" 2>&1 </dev/null &
	server=$!
}

# call COMMAND...: in $a, over that of the client; what it says goes to out and err.
call()
{
	# shellcheck disable=SC2086 # words, or none
	ip netns exec "$a" timeout 120 $client_run "$@" >"$tmp/out" 2>"$tmp/err" </dev/null
}

# listens PORT: until somebody listens there, over either stack; 20 s at most.
listens()
{
	port=$(printf ':%04X 0' "$1")
	tries=0
	until ip netns exec "$b" sh -c \
		'cat /proc/net/tcp /proc/net/tcp6 /proc/net/atcp /proc/net/atcp6' |
		grep -q "$port.* 0A "; do
		tries=$((tries + 1))
		[ $tries -lt 200 ] || return 1
		sleep 0.1
	done
}

# end_server: the server, and what it has started.
end_server()
{
	kill "$server" 2>/dev/null
	wait "$server" 2>/dev/null
	server=
}

# has PROGRAM... : else the next COUNT results are skipped: has COUNT PROGRAM...
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
	least=$((least + 90))
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

echoed()
{
	has 1 socat || return
	serve socat -t 60 "TCP${ipv6:+6}-LISTEN:7,fork,reuseaddr" SYSTEM:'sort -r'
	listens 7
	# The answer comes only after the end of the question.
	ip netns exec "$a" sh -c "seq 1 1000 | timeout 60 $client_run \
		socat -t 60 - TCP${ipv6:+6}:$url:7" >"$tmp/out" 2>"$tmp/err"
	[ "$(head -n 1 "$tmp/out")" = 999 ] && [ "$(wc -l <"$tmp/out")" = 1000 ]
	result "$how: socat, half-closed" $?
	end_server
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

# atcp_count NAMESPACE: connections that atcp has had there.
atcp_count()
{
	ip netns exec "$1" awk '$1 == "established" { print $2 }' /proc/net/atcp_stat
}

for how in 253 client server; do
	server_run=
	client_run=
	case $how in
	253)
		server_run="$run -s" client_run="$run -s"
		there="$a $b"
		;;
	client)
		client_run="$run -s -c tcp"
		there=$a
		;;
	server)
		server_run="$run -s -c tcp"
		there=$b
		;;
	esac
	least=10		# connections, of what is always installed
	before=$(for ns in $there; do atcp_count "$ns"; done)
	web
	throughput
	store
	echoed
	shell
	clone
	# Was it really used?
	status=0
	for ns in $there; do
		[ "$(atcp_count "$ns")" -gt $((${before%%[!0-9]*} + least)) ] || status=1
		before=${before#*[!0-9]}
	done
	result "$how: those were atcp's connections" $status
done
[ $failed -eq 0 ]
