#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
#
# The command lines of ss_lines, and random ones, for atcp_ss_filters.sh.
#
#   ss_lines.py run NAMESPACE N PROGRAM [ARGUMENT]... runs PROGRAM with every Nth line, and prints
#       as JSON its exit status and the sockets that it shows.  Fails if these are not the same
#       in the beginning and at the end.  The working directory gets the file "filter".
#   ss_lines.py compare OLD NEW ATCP... compares such outputs of two versions of ss, of which NEW
#       may be -, and of atcp-ss; prints a line for each command line: 0 if they agree, else 1,
#       and the command line; then what differs, in lines that begin with a tab.
#   ss_lines.py count prints the number of lines.

import fcntl
import json
import os
import random
import re
import shlex
import socket
import subprocess
import sys
import time

RANDOM = 40
SEED = int(os.environ.get("ATCP_TEST_SEED", "1"))
STATES = {"ESTAB", "SYN-SENT", "SYN-RECV", "FIN-WAIT-1", "FIN-WAIT-2", "TIME-WAIT", "UNCONN",
          "CLOSE-WAIT", "LAST-ACK", "LISTEN", "CLOSING"}
END = re.compile(r"^(\*|\[[0-9a-f:.]+\]|[\w.-]+)(?:%[\w.-]+)?:(\*|\w[\w-]*)$")
FILTER = "# a comment\nsport = :8001 or\n\nsport = :443\n"


def random_line(rand):
    """An expression that the grammar allows, or almost: one in five has a word too many or few."""
    conditions = [
        "sport = :8001", "dport = :8001", "sport != :443", "dport ge :5005", "sport lt :5006",
        "src 10.1.0.0/24", "dst 10.1.0.1", "src [fd01::1]", "dst 127.0.0.1", "src *:443",
        "dev lo", "dev != lo", "fwmark 0x12", "cgroup /atcp-ss", "autobound",
    ]

    def term(depth):
        kind = rand.randrange(6)
        if depth and kind == 0:
            return "( " + expression(depth - 1) + " )"
        if depth and kind == 1:
            return rand.choice(["not ", "! "]) + term(depth - 1)
        return rand.choice(conditions)

    def expression(depth):
        text = term(depth)
        for _ in range(rand.randrange(4)):
            text += rand.choice([" and ", " or ", " & ", " | ", " || ", " "]) + term(depth)
        return text

    words = expression(3).split()
    if rand.randrange(5) == 0:
        at = rand.randrange(len(words))
        if rand.randrange(2):
            del words[at]
        else:
            words.insert(at, rand.choice(["(", ")", "not", "or", "and", "=", "src", ":443"]))
    return "-tan " + " ".join(shlex.quote(w) for w in words)


def lines():
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "ss_lines")) as f:
        for text in f:
            text = text.rstrip("\n")
            if text and text[0] != "#":
                yield text
    rand = random.Random(SEED)
    for _ in range(RANDOM):
        yield random_line(rand)


def port(text):
    try:
        return str(socket.getservbyname(text, "tcp"))
    except OSError:
        return text


def row(text):
    """A socket's line of ss as "STATE LOCAL PEER"; None for other lines."""
    words = text.split()
    if text[:1] == "\t":
        return None
    ends = [END.match(w) for w in words]
    ends = [e for e in ends if e][:2]
    if len(ends) < 2 or "Address:Port" in words:
        return None
    state = [w for w in words[:2] if w in STATES]
    ends = [("[::]" if e[1] == "*" else e[1]) + ":" + port(e[2]) for e in ends]
    return " ".join(state + ends)


def run(program, words, ns):
    words = [w.replace("{ns}", ns) for w in words]
    lock = open("lock", "w")
    fcntl.flock(lock, fcntl.LOCK_EX)
    try:
        p = subprocess.run(program + words, stdin=subprocess.DEVNULL, capture_output=True,
                           timeout=60)
    except subprocess.TimeoutExpired:
        return {"status": -1, "rows": [], "err": "it does not end"}
    finally:
        lock.close()
        time.sleep(0.001)   # lets in who waits for the lock
    rows = [row(t) for t in p.stdout.decode(errors="replace").split("\n")]
    return {"status": p.returncode, "rows": sorted(r for r in rows if r),
            "err": p.stderr.decode(errors="replace")[:500]}


def run_all(ns, every, program):
    with open("filter", "w") as f:
        f.write(FILTER)
    first = run(program, ["-tan"], ns)
    answers = []
    for i, text in enumerate(lines()):
        if i % every:
            answers.append(None)
            continue
        if text.startswith("+ "):
            mine, _, theirs = text[2:].partition(" => ")
            text = theirs if "atcp-ss" not in program[0] else mine
        answers.append(run(program, shlex.split(text), ns))
    json.dump(answers, sys.stdout)
    if run(program, ["-tan"], ns)["rows"] != first["rows"]:
        sys.exit("the sockets have changed meanwhile")
    if len(first["rows"]) < 20:
        sys.exit("too few sockets: " + "; ".join(first["rows"]) + first["err"])


def compare(text, theirs, ours):
    """What differs, as lines of text."""
    told = []
    accepted = [t for t in theirs if t["status"] == 0]
    for o in ours:
        if not o:
            continue
        if (o["status"] == 0) != bool(accepted):
            told.append("status %d instead of %s: %s" % (
                o["status"], [t["status"] for t in theirs], o["err"]))
            continue
        if o["status"] < 0:
            told.append("ended by signal %d" % -o["status"])
        if o["status"] and not o["err"].startswith("atcp-ss: ") and "option" not in o["err"]:
            told.append("no reason: " + o["err"])
        # Where the two versions of ss differ, one of them is right.
        if not accepted or any(t["rows"] == o["rows"] for t in accepted):
            continue
        for r in sorted(set(accepted[0]["rows"] + o["rows"])):
            n = accepted[0]["rows"].count(r), o["rows"].count(r)
            if n[0] != n[1]:
                told.append("%d instead of %d: %s" % (n[1], n[0], r))
    return told


def main():
    if sys.argv[1] == "count":
        print(len(list(lines())))
    elif sys.argv[1] == "run":
        run_all(sys.argv[2], int(sys.argv[3]), sys.argv[4:])
    else:
        sets = []
        for name in sys.argv[2:]:
            if name != "-":
                with open(name) as f:
                    sets.append(json.load(f))
        old = 2 if "-" not in sys.argv else 1
        for i, text in enumerate(lines()):
            told = compare(text, [s[i] for s in sets[:old]], [s[i] for s in sets[old:]])
            print("%d %s" % (bool(told), text))
            for t in told:
                print("\t" + t.replace("\n", " "))


main()
