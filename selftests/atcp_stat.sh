#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# atcp-stat, as a user runs it: prints the counters changed since its last run.
#
# ATCP_BIN names the folder of atcp-stat.

# shellcheck source=selftests/tools/common.sh
. "$(dirname "$0")/tools/common.sh"

export XDG_RUNTIME_DIR="$tmp/history"
mkdir "$XDG_RUNTIME_DIR"

# stat_in NAMESPACE [ARGUMENT]...: runs atcp-stat, output in out and err.
stat_in()
{
	ns=$1
	shift
	ip netns exec "$ns" "$dir/atcp-stat" "$@" >"$tmp/out" 2>"$tmp/err" </dev/null
}

# says NAME CHANGE TOTAL: true if the table has that line with an explanation.
says()
{
	grep -Eq "^$1 +$2 +$3  [a-z]" "$tmp/out"
}

begin 12

stat_in "$a" && [ ! -s "$tmp/out" ]
result "nothing has happened" $?

start
client "$peer_ip"
stat_in "$a" && says active_opens 1 1 && ! grep -q passive_opens "$tmp/out"
result "a connection: the client's counters" $?
stat_in "$b" && says passive_opens 1 1 && ! grep -q active_opens "$tmp/out"
result "the server's, in its namespace" $?
stat_in "$a" && ! grep -q active_opens "$tmp/out"
result "unchanged since" $?

client "$peer_ip"
client "$peer_ip"
stat_in "$a" -n active && says active_opens 2 3 && [ "$(wc -l <"$tmp/out")" -eq 2 ]
result "a name's part picks" $?
stat_in "$a" && says active_opens 2 3 && stat_in "$a" && ! grep -q active_opens "$tmp/out"
result "--no-update leaves the change for the next run" $?
stat_in "$a" -r && says active_opens 3 3
result "--reset: since the module was loaded" $?

client "$peer_ip"
stat_in "$a" -a &&
	[ "$(($(wc -l <"$tmp/out") - 1))" -eq \
	  "$(ip netns exec "$a" cat /proc/net/atcp_stat | wc -l)" ] &&
	says active_opens 1 4 && says out_rsts 0 0
result "--all: as many as /proc/net/atcp_stat" $?
client "$peer_ip"
stat_in "$a" -j && python3 - "$tmp/out" <<'E2'
import json, sys
stats = json.load(open(sys.argv[1]))
opens = stats["active_opens"]
assert (opens["value"], opens["change"]) == (5, 1) and opens["text"], opens
assert "change" not in stats.get("now_time_waits", {})
E2
result "--json" $?

# The history file is a link made by another user.
rm "$XDG_RUNTIME_DIR"/*
: >"$tmp/precious"
ln -s "$tmp/precious" "$XDG_RUNTIME_DIR/atcp-stat.$(ip netns exec "$a" \
	stat -L -c %i /proc/self/ns/net)"
stat_in "$a"
[ $? -eq 1 ] && [ ! -s "$tmp/precious" ] && grep -q "atcp-stat" "$tmp/err"
result "a link is not followed" $?
rm "$XDG_RUNTIME_DIR"/*
printf 'no history\nactive_opens many\n\n' >"$XDG_RUNTIME_DIR/atcp-stat.$(ip netns exec "$a" \
	stat -L -c %i /proc/self/ns/net)"
stat_in "$a" && says active_opens 5 5
result "a history that says nothing is none" $?
stat_in "$a" --nonsense
[ $? -eq 2 ] && grep -q usage "$tmp/err"
result "no such option" $?

[ $failed -eq 0 ]
