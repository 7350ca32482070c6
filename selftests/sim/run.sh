#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Runs every part of ring 1 one after the other, as one KTAP stream:
#   run.sh BIN OUT CORE
# BIN holds the programs, OUT the plainly compiled core, CORE its sources.
# ATCP_SIM_COUNT is the number of random scenarios (0: none), ATCP_SIM_SEED the first
# seed; a fifth of them run again with failures.  ATCP_SIM_CALLS is each test's budget
# of calls in the runs with failures (faults.c).

bin=$1
out=$2
core=$3
count=${ATCP_SIM_COUNT:-10000}
seed=${ATCP_SIM_SEED:-1}
log=$(mktemp)
trap 'rm -f "$log"' EXIT

{
	"$bin/atcp-sim-test" || echo "# atcp-sim-test: status $?"
	[ "$count" = 0 ] || "$bin/atcp-sim" random "$seed" "$count" ||
		echo "# atcp-sim random: status $?"
	"$bin/atcp-sim-test" --faults || echo "# atcp-sim-test --faults: status $?"
	[ "$count" = 0 ] || "$bin/atcp-sim" faults "$seed" $((count / 5)) ||
		echo "# atcp-sim faults: status $?"
	./symbols.sh "$out/plain" "$core"
	[ ! -x ./requirements.sh ] || ./requirements.sh "$bin"
} 2>&1 | awk '
	# One numbering for all parts.
	/^KTAP version/ || /^1\.\./ { next }
	/^(not )?ok [0-9]+/ {
		n++
		bad = /^not /
		sub(/^(not )?ok [0-9]+ (- )?/, "")
		print (bad ? "not ok " : "ok ") n " " $0
		fflush()
		next
	}
	{ print; fflush() }
	BEGIN { print "KTAP version 1" }
	END { print "1.." n }
' | tee "$log"

passed=$(grep -c '^ok ' "$log")
failed=$(grep -c '^not ok ' "$log")
# A part that died without a result of its own counts as failed.
died=$(grep -c '^# atcp-sim.*: status [2-9]\|^# atcp-sim.*: status 1[0-9]' "$log")
failed=$((failed + died))
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
