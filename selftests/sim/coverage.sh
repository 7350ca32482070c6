#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Which lines of module/core/ the simulator's tests and the fuzzers' corpora
# reach together:
#	coverage.sh BUILD
# Prints a table by file.  Fails when a test fails, when less than LEAST percent is
# reached, when a line that is not reached has no reason in uncovered.txt, or when a
# reason there has no such line any more.

LEAST=95

cd "$(dirname "$0")" || exit 2
build=$1
cc=${CC:-gcc}
# gcov of the same version as the compiler.
gcov=gcov-$($cc -dumpversion)
command -v "$gcov" > /dev/null || gcov=gcov
fuzz=../fuzz
log=$build/log

rm -rf "$build"
mkdir -p "$build"

run() {	# WHAT COMMAND...
	echo "# $1"
	shift
	"$@" > "$log" 2>&1 && ! grep -q '^not ok' "$log" && return
	grep -v '^ok ' "$log" | head -100
	echo "not ok: $*"
	exit 1
}

targets=$(for f in "$fuzz"/fuzz_*.c; do basename "$f" .c | sed "s/^fuzz_//"; done)
programs=
for t in $targets; do
	programs="$programs $build/fuzz/replay-$t"
done

run "building" make -j"$(nproc)" CC="$cc" SAN= CFLAGS="-O0 -g" \
	CORE_FLAGS=--coverage LDFLAGS=--coverage BUILD="$build" all
# shellcheck disable=SC2086 # a list of words
run "building the fuzz targets" make -C $fuzz -j"$(nproc)" CC="$cc --coverage" SAN= \
	CFLAGS="-O0 -g" BUILD="$build" $programs
bin=$build/bin
run "every test" "$bin/atcp-sim-test"
run "every test with failures" "$bin/atcp-sim-test" --faults
run "2000 random scenarios" "$bin/atcp-sim" random 1 2000
run "400 of them with failures" "$bin/atcp-sim" faults 1 400
for t in $targets; do
	inputs=
	for d in corpus regressions; do
		[ ! -d "$fuzz/$d/$t" ] || inputs="$inputs $fuzz/$d/$t"
	done
	# shellcheck disable=SC2012 disable=SC2086 # plain names; a list of words
	run "fuzz target $t: $(ls $inputs | wc -l) inputs" "$build/fuzz/replay-$t" $inputs
done
echo

# Lines as "file:line:hit or not", once for each object that holds them.
find "$build" -path '*core*' -name '*.gcda' -exec "$gcov" -t {} + 2> /dev/null |
awk '
	{
		count = $0; sub(/:.*/, "", count); gsub(/[ *]/, "", count)
		rest = substr($0, index($0, ":") + 1)
		line = rest; sub(/:.*/, "", line); gsub(/ /, "", line)
		text = substr(rest, index(rest, ":") + 1)
	}
	line == 0 && text ~ /^Source:/ {
		core = text ~ /module\/core\//
		file = text; sub(/.*\//, "", file)
	}
	line > 0 && core && count != "-" {
		print file ":" line, count ~ /^[#=]/ ? 0 : 1
	}
' > "$build/lines"

# The function around each line, found by the layout of the source.
for f in ../../module/core/*.[ch]; do
	awk -v file="$(basename "$f")" '
		/^[a-z].*\(/ && !/;$/ {
			name = $0; sub(/\(.*/, "", name); sub(/.*[ *]/, "", name)
		}
		{ print file ":" FNR, name }
	' "$f"
done > "$build/functions"

awk -v least=$LEAST '
	FILENAME ~ /functions$/ { function_of[$1] = $2; next }
	FILENAME ~ /lines$/ {
		if (!($1 in hit))
			order[++n] = $1
		hit[$1] += $2
		next
	}
	/^[a-z_]+\.[ch]:/ { want[$1] = $2; if (NF < 4) bare[$1] = 1 }
	END {
		for (i = 1; i <= n; i++) {
			split(order[i], at, ":")
			f = at[1]
			if (!(f in lines))
				files[++nfiles] = f
			lines[f]++; all++
			if (hit[order[i]]) {
				reached[f]++; some++
				continue
			}
			where = f ":" function_of[order[i]]
			missed[where]++
			missed_lines[where] = missed_lines[where] " " at[2]
		}
		for (i = 2; i <= nfiles; i++)	# sorted by name
			for (j = i; j > 1 && files[j] < files[j - 1]; j--) {
				t = files[j]; files[j] = files[j - 1]; files[j - 1] = t
			}
		printf "%-16s %6s %8s\n", "module/core/", "lines", "reached"
		for (i = 1; i <= nfiles; i++)
			printf "%-16s %6d %8d %6.1f %%\n", files[i], lines[files[i]],
			       reached[files[i]], 100 * reached[files[i]] / lines[files[i]]
		printf "%-16s %6d %8d %6.1f %%\n\n", "all", all, some, all ? 100 * some / all : 0
		bad = !all || 100 * some < least * all
		if (bad)
			printf "not ok: less than %d %%\n", least
		for (w in missed) {
			if (want[w] == missed[w] && !(w in bare))
				continue
			bad = 1
			printf "not ok: %s: %d lines are not reached (%s ), uncovered.txt says %d\n",
			       w, missed[w], missed_lines[w], want[w]
		}
		for (w in want)
			if (!(w in missed)) {
				bad = 1
				printf "not ok: %s: all is reached, take it from uncovered.txt\n", w
			}
		if (!bad)
			printf "ok: every other line has its reason in selftests/sim/uncovered.txt\n"
		exit bad
	}
' "$build/functions" "$build/lines" uncovered.txt
