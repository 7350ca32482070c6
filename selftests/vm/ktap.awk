# SPDX-License-Identifier: GPL-2.0
#
# Reads the output of the kselftest runner; prints one line a test, and all output of
# a program that fails.  Each result is appended to the file `results`, as
# "pass|fail|skip NAME: REASON".  `suite` comes before the names.  `expected` is the
# number of programs: a missing one has failed.  The file `times`, if there is one,
# gets a line for each program: its seconds, its processor time, its name.

function result(how, name, reason)
{
	printf "%s %s/%s%s\n", how, suite, name,
	       (reason != "" ? ": " reason : "") >>results
	printf "%-8s %s%s\n", (how == "fail" ? "not ok" : how == "skip" ? "skip" : "ok"),
	       suite "/" name, (reason != "" ? "  # " reason : "")
	fflush()
	if (how == "fail")
		failed++
}

# The reason after the directive SKIP in a line.
function after_skip(line)
{
	sub(/.*# *SKIP */, "", line)
	return line == "" ? "no reason given" : line
}

function program_start(name)
{
	program = name
	planned = seen = failed = 0
	text = ""
	seconds = cpu = 0
}

/^# selftests: / {
	name = $0
	sub(/.*: /, "", name)
	program_start(name)
	next
}

# The runner's line at the end of a program.
/^(not )?ok [0-9]+ selftests: / {
	programs++
	for (i = seen; i < planned; i++)
		result("fail", program, "test " (i + 1) " of " planned \
		       " gave no result")
	how = /^ok/ ? "pass" : "fail"
	reason = ""
	if (/# SKIP/)
		how = "skip"
	if (how == "skip" && !seen) {
		reason = skip_reason != "" ? skip_reason : "the program skipped"
		result("skip", program, reason)
	} else if (how == "fail" && !failed) {
		reason = $0
		sub(/.*# /, "", reason)
		result("fail", program, reason)
	} else if (!seen) {
		result(how, program, "")
	}
	if (failed) {
		print "---- what " program " said:"
		printf "%s", text
		print "----"
	}
	printf "         %s/%s: %d s\n", suite, program, seconds
	if (times != "")
		printf "%d %.0f %s/%s\n", seconds, cpu, suite, program >>times
	fflush()
	program = ""
	skip_reason = ""
	next
}

program == "" { next }

# A line of run-tests.
/^# # seconds: [0-9]+$/ {
	seconds = $NF
	next
}

# The emulator's processor time so far, at the beginning and the end of a program: a
# line that with_cpu in `check` adds.
/^# # cpu: [0-9.]+$/ {
	cpu = $NF - before
	before = $NF
	next
}

{
	text = text $0 "\n"
}

/^# +1\.\.[0-9]+/ {
	planned = $0
	sub(/.*\.\./, "", planned)
	planned += 0
	if ($0 ~ /# *SKIP/)
		skip_reason = after_skip($0)
}

# A program's own results, without those that it quotes in comments.
/^# (not )?ok [0-9]+/ {
	seen++
	name = $0
	sub(/^# (not )?ok [0-9]+ *(- *)?/, "", name)
	if (name ~ /# *SKIP/) {
		label = name
		sub(/ *# *SKIP.*/, "", label)
		if (label == "")
			label = "test " seen
		result("skip", program "/" label, after_skip(name))
	} else if (/^# not/) {
		result("fail", program "/" name, "")
	} else {
		result("pass", program "/" name, "")
	}
}

END {
	if (program != "") {
		programs++
		result("fail", program, "no result: the machine stopped in it")
		print "---- what " program " said:"
		printf "%s", text
		print "----"
	}
	for (i = programs; i < expected; i++)
		result("fail", "program " (i + 1), "was not run")
}
