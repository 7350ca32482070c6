#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Proves that the fuzzers find bugs.  Plants a bug of each kind in a copy of the core.
# An engine must find it, starting from those scenes that do not show it already.  It
# takes seconds; the limit of four minutes is for a busy machine.
#   prove.sh OUT
# Prints "ok NAME" or "not ok NAME" for each.

out=$1
core=../../module/core
dir=$out/prove
flags="-std=gnu11 -fno-strict-aliasing -O1 -g -I. -I../../userspace/sim -I$core -I$core/.."
san="-fsanitize=address,undefined -fno-sanitize-recover=all"

# plant TARGET ENGINE NAME FILE WAS IS: replaces the text WAS in that file by IS.
plant()
{
	rm -rf "$dir"
	mkdir -p "$dir/crashes"
	name=prove.$1_$3_$2
	# shellcheck disable=SC2016 # awk's
	WAS=$5 IS=$6 awk '
	(at = index($0, ENVIRON["WAS"])) {
		$0 = substr($0, 1, at - 1) ENVIRON["IS"] \
		     substr($0, at + length(ENVIRON["WAS"]))
		n++
	}
	{ print }
	END { exit n != 1 }' "$core/$4" >"$dir/$4" || {
		echo "not ok $name: $4 does not have it once"
		return
	}
	objects=$(find "$out/$2" -name '*.o' ! -name 'fuzz_*' ! -path "*/core/${4%.c}.o")
	case $2 in
	libfuzzer) cc="clang-16" more="-fsanitize=fuzzer-no-link -fno-sanitize-coverage=trace-cmp" ;;
	afl) cc="afl-clang-fast" more= ;;
	esac
	# shellcheck disable=SC2086 # lists of words
	if ! $cc $flags $san $more -c -o "$dir/planted.o" "$dir/$4" >"$dir/log" 2>&1 ||
	   ! $cc $san -fsanitize=fuzzer -o "$dir/fuzz" "$out/$2/fuzz_$1.o" \
		"$dir/planted.o" $objects >>"$dir/log" 2>&1; then
		echo "not ok $name: does not build"
		sed 's/^/# /' "$dir/log" >&2
		return
	fi
	mkdir "$dir/scenes"
	for f in "corpus/$1/scene-"*; do
		case $2 in
		libfuzzer) "$dir/fuzz" "$f" ;;
		afl) "$dir/fuzz" <"$f" ;;
		esac >"$dir/log" 2>&1 && cp "$f" "$dir/scenes"
	done
	begun=$(date +%s)
	case $2 in
	libfuzzer)
		"$dir/fuzz" -max_total_time=240 -max_len=400 -len_control=0 -timeout=10 \
			-artifact_prefix="$dir/crashes/" "$dir/scenes" >"$dir/log" 2>&1
		;;
	afl)
		AFL_BENCH_UNTIL_CRASH=1 AFL_NO_UI=1 AFL_SKIP_CPUFREQ=1 AFL_NO_AFFINITY=1 \
		AFL_I_DONT_CARE_ABOUT_MISSING_CRASHES=1 AFL_FAST_CAL=1 \
			afl-fuzz -V 240 -m none -t 5000 -G 400 -i "$dir/scenes" \
			-o "$dir/afl" -- "$dir/fuzz" >"$dir/log" 2>&1
		find "$dir/afl/default/crashes" -name 'id*' -exec cp {} "$dir/crashes" \;
		;;
	esac
	if [ -n "$(ls "$dir/crashes")" ]; then
		echo "ok $name # after $(($(date +%s) - begun)) s"
	else
		echo "not ok $name # not found"
	fi
}

plant wire libfuzzer bound_of_an_option wire.c 'if (len < 2 || len > left)' 'if (len < 2)'
plant wire afl bound_of_an_option wire.c 'if (len < 2 || len > left)' 'if (len < 2)'
plant wire libfuzzer scale_above_14 wire.c 'min_t(u8, value[0], ATCP_WSCALE_MAX)' 'value[0]'
plant board libfuzzer edge_rounded_outwards board.c '	from += c->mss - 1;' '	from += 0;'
plant board afl edge_rounded_outwards board.c '	from += c->mss - 1;' '	from += 0;'
plant board libfuzzer marks_lost_after_an_undo queue.c \
	'		time_add(c, seg, prev);' '		time_add(c, seg, NULL);'
plant connection libfuzzer off_by_one_in_the_window arrive.c \
	'if (seq - c->rcv_nxt < wnd)' 'if (seq - c->rcv_nxt <= wnd)'
plant connection afl reset_believed arrive.c 'if (seq != c->rcv_nxt) {' 'if (0) {'
plant connection libfuzzer reset_believed arrive.c 'if (seq != c->rcv_nxt) {' 'if (0) {'
plant connection libfuzzer byte_lost ooo.c \
	'atcp_seg_trim_head(c, seg, end_of(prev) - cb->seq);' \
	'atcp_seg_trim_head(c, seg, end_of(prev) - cb->seq + (atcp_seg_len(seg) > 60));'
plant connection libfuzzer segment_leaked ooo.c \
	'atcp_host_free_admitted(c, next, ATCP_DROP_NONE);' '(void)next;'
plant connection libfuzzer timer_lost timer.c \
	'atcp_arm_persist(c);' '(void)c;'
plant connection libfuzzer challenges_for_ever acking.c \
	'if (!atcp_may_answer(c->space, &c->challenge_at, c->now))' 'if (0)'
rm -rf "$dir"
