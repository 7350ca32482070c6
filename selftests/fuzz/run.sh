#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Runs the fuzz targets, as one KTAP stream:
#   run.sh [-p] OUT SECONDS TARGET...
# OUT holds the programs.  Each TARGET first replays the inputs found before and its
# corpus; then each engine runs for half of SECONDS.  Inputs that crash are kept in
# OUT/crashes, inputs that reach new code in OUT/found.  -p: planted bugs must be
# found (prove.sh).

prove=no
if [ "$1" = -p ]; then
	prove=yes
	shift
fi
out=$1
seconds=$2
shift 2
half=$((seconds / 2))
crashes=$out/crashes
n=0
failed=0

# result STATUS NAME FIGURES
result()
{
	n=$((n + 1))
	if [ "$1" = 0 ]; then
		echo "ok $n $2${3:+ # $3}"
	else
		failed=$((failed + 1))
		echo "not ok $n $2${3:+ # $3}"
	fi
}

# keep TARGET FILE: stores a crash under a hash of its contents.
keep()
{
	to=$crashes/$1-$(sha1sum <"$2" | cut -c 1-12)
	mkdir -p "$crashes"
	cp "$2" "$to"
	echo "# $to"
	echo "# replay it: make -C selftests/fuzz replay-$1 INPUT=$to"
}

# Prints the messages of an engine or a sanitizer.
said()
{
	grep -a -E '^fuzz: |runtime error:|ERROR: |SUMMARY: |^    #[0-9]+ ' "$1" |
		head -n 30 | sed 's/^/# /'
}

# inputs DIRECTORY...: prints the number of files in them.
inputs()
{
	find "$@" -type f 2>/dev/null | wc -l
}

replayed()
{
	dirs=
	for d in "regressions/$1" "corpus/$1"; do
		[ ! -d "$d" ] || dirs="$dirs $d"
	done
	# shellcheck disable=SC2086 # a list of directories
	find $dirs -type f | sort | xargs "$out/libfuzzer-$1" >"$log" 2>&1
	status=$?
	[ $status = 0 ] || said "$log"
	# shellcheck disable=SC2086
	result $status "$1.what_was_found_before" "$(inputs $dirs) inputs"
}

# An input gives the same run, whatever ran before it.
same_again()
{
	find "corpus/$1" -type f | sort >"$log"
	figures=$(sort -r "$log" | cat "$log" - "$log" |
		ATCP_FUZZ_VERBOSE=yes xargs "$out/libfuzzer-$1" 2>/dev/null |
		awk '
		function over()
		{
			if (name != "") {
				if (name in said && said[name] != text)
					differ++
				said[name] = text
				runs++
			}
			text = ""
		}
		/^# input / { over(); name = $3; next }
		{ text = text $0 "\n" }
		END {
			over()
			for (name in said)
				n++
			printf "%d inputs, %d runs, %d differ\n", n, runs, differ
			exit differ || n < 10 || runs < 3 * n
		}')
	result $? "$1.same_input_same_run" "$figures"
}

libfuzzer()
{
	found=$out/found/$1
	rm -rf "$work/libfuzzer"
	mkdir -p "$found" "$work/libfuzzer"
	"$out/libfuzzer-$1" -max_total_time=$half -max_len=400 -len_control=0 \
		-timeout=10 -print_final_stats=1 -artifact_prefix="$work/libfuzzer/" \
		"$found" "corpus/$1" >"$log" 2>&1
	status=$?
	execs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
	edges=$(grep -a -o 'cov: [0-9]*' "$log" | tail -n 1 | cut -c 6-)
	for f in "$work"/libfuzzer/*; do
		[ ! -e "$f" ] || keep "$1" "$f"
	done
	[ $status = 0 ] || said "$log"
	[ "${execs:-0}" -gt 0 ] || status=1
	result $status "$1.libfuzzer" "$half s, ${execs:-0} executions, ${edges:-0} edges, $(inputs "$work/libfuzzer") crashes"
}

stat_of()
{
	sed -n "s/^$1 *: *//p" "$work/afl/default/fuzzer_stats" 2>/dev/null
}

afl()
{
	AFL_NO_UI=1 AFL_SKIP_CPUFREQ=1 AFL_NO_AFFINITY=1 AFL_FAST_CAL=1 \
	AFL_I_DONT_CARE_ABOUT_MISSING_CRASHES=1 AFL_NO_COLOR=1 \
		afl-fuzz -V $half -m none -t 5000 -G 400 -i "corpus/$1" -o "$work/afl" \
		-- "$out/afl-$1" >"$log" 2>&1
	execs=$(stat_of execs_done)
	edges=$(stat_of edges_found)
	bad=0
	for f in "$work"/afl/default/crashes/id* "$work"/afl/default/hangs/id*; do
		[ -e "$f" ] || continue
		bad=$((bad + 1))
		keep "$1" "$f"
	done
	cp "$work"/afl/default/queue/id* "$out/found/$1/" 2>/dev/null
	[ "${execs:-0}" -gt 0 ] || { tail -n 20 "$log" | sed 's/^/# /'; bad=1; }
	result $bad "$1.afl" "$half s, ${execs:-0} executions, ${edges:-0} edges, $bad crashes"
}

work=$(mktemp -d)
log=$work/log
trap 'rm -rf "$work"' EXIT
echo "KTAP version 1"
for t; do
	replayed "$t"
	same_again "$t"
	[ $half != 0 ] || continue
	libfuzzer "$t"
	afl "$t"
done
# The inputs in corpus/ are what the scenes give.
for t; do
	mkdir "$work/seeds"
	"$out/seeds" "$t.scenes" "$work/seeds" &&
		for f in "$work"/seeds/*; do
			cmp "$f" "corpus/$t/$(basename "$f")"
		done >"$log" 2>&1
	[ ! -s "$log" ]
	result $? "$t.scenes_are_in_the_corpus" "$(inputs "$work/seeds") scenes"
	sed 's/^/# /' "$log"
	rm -rf "$work/seeds"
done
if [ $prove = yes ]; then
	./prove.sh "$out" >"$log"
	while IFS= read -r line; do
		case $line in
		"ok "*) result 0 "${line#ok }" ;;
		*) result 1 "${line#not ok }" ;;
		esac
	done <"$log"
fi
echo "1..$n"
echo "$((n - failed)) passed, $failed failed"
[ $failed = 0 ] && [ $n -gt 0 ]
