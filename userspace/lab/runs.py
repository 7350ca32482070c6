# SPDX-License-Identifier: GPL-2.0
"""Runs: one, or a grid of them over seeds and varied keys; what they came to, as a table."""

import ast
import concurrent.futures
import copy
import csv
import hashlib
import itertools
import json
import os
import random
import re
import shlex
import shutil
import statistics
import sys
import tempfile
import time

import machine
import records
import scenario

FILES = {"samples": "samples.csv", "events": "events.csv", "queue": "queue.csv",
         "wire": "wire.pcapng"}
RESENT = ("retransmit", "fast_retransmit", "rto", "tlp")
DRAWS = 2000            # of a bootstrap


class Run:
    """One run: a scenario at one point of the grid, with one seed."""

    def __init__(self, doc, s, seed, point, folder):
        self.doc, self.s, self.seed, self.point, self.folder = doc, s, seed, point, folder
        self.key = ""

    def json(self):
        try:
            with open(os.path.join(self.folder, "run.json"), encoding="utf-8") as f:
                return json.load(f)
        except (OSError, ValueError):
            return None

    def done(self):
        old = self.json()
        return bool(old) and old.get("key") == self.key


def name_of(point):
    return ",".join("%s=%s" % p for p in point)


def plan(options, doc, text):
    """All runs that a command asks for; raises Wrong before any begins."""
    varied = []
    for v in options.vary:
        key, _, values = v.partition("=")
        if not values:
            raise scenario.Wrong(['--vary %s: write KEY=VALUE,VALUE...' % v])
        varied.append([(key, value) for value in values.split(",")])
    single = [v for v in options.set]
    for v in single:
        if "=" not in v:
            raise scenario.Wrong(["--set %s: write KEY=VALUE" % v])
        scenario.change(doc, *v.split("=", 1))
    runs = []
    top = options.output or re.sub(r"\.toml$", "", os.path.basename(options.scenario)) + ".lab"
    points = list(itertools.product(*varied))
    for point in points:
        d = copy.deepcopy(doc)
        for key, value in point:
            scenario.change(d, key, value)
        s = scenario.read(d, options.scenario, text, machine.tree())
        seeds = range(1, (options.seeds or s["seeds"]) + 1)
        if options.seed is not None:
            seeds = [options.seed]
        for seed in seeds:
            folder = top
            if len(points) > 1:
                folder = os.path.join(folder, re.sub(r"[^\w.,=%+-]", "_", name_of(point)))
            if len(seeds) > 1:
                folder = os.path.join(folder, "seed-%d" % seed)
            runs.append(Run(d, s, seed, point, folder))
    depends = {}
    for r in runs:
        where = name_of(r.point)
        if where not in depends:
            depends[where] = machine.can_run(r.s, options.on, options)
        whole = json.dumps([r.s, r.seed, options.on, depends[where]], sort_keys=True)
        r.key = hashlib.sha256(whole.encode()).hexdigest()
    return runs


def repeat(r, options):
    """The command that repeats a run."""
    words = ["atcp-lab", "run", "--on", options.on, "--seed", str(r.seed)]
    if options.on == "vm":
        words += ["--kernel", options.kernel]
    for v in options.set:
        words += ["--set", v]
    for p in r.point:
        words += ["--set", "%s=%s" % p]
    return shlex.join(words + [os.path.abspath(options.scenario)])


def make(r, options):
    """Makes one run. Its folder appears when it is whole. Return: what run.json has."""
    parent = os.path.dirname(os.path.abspath(r.folder))
    os.makedirs(parent, exist_ok=True)
    if os.path.isdir(r.folder) and os.listdir(r.folder) and \
            not os.path.exists(os.path.join(r.folder, "run.json")):
        raise machine.Failed("%s is there, and is no folder of a run" % r.folder)
    begun = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="atcp-lab-raw-") as raw, \
            tempfile.TemporaryDirectory(prefix=".new-", dir=parent) as new:
        facts = machine.PLACES[options.on](r.s, r.seed, new if options.on == "sim" else raw, options)
        if options.on == "sim":
            facts.update(of_sim(new))
        else:
            with open(os.path.join(raw, "hosts"), encoding="ascii") as f:
                hosts = f.read().split()
            facts.update(records.convert(raw, new, r.s, hosts))
            if os.path.exists(os.path.join(raw, "console.log")):
                shutil.copy(os.path.join(raw, "console.log"), new)
            for f in r.s["flows"]:
                for what in ("command", "server"):
                    log = "%s-%s.log" % (f["name"], what)
                    if os.path.exists(os.path.join(raw, log)):
                        shutil.copy(os.path.join(raw, log), new)
            if options.raw:
                shutil.copytree(raw, os.path.join(new, "raw"))
        out = {"key": r.key, "scenario": r.doc, "effective": r.s, "seed": r.seed,
               "point": dict(r.point), "on": options.on, "repeat": repeat(r, options),
               "took_s": round(time.monotonic() - begun, 1), "tool": version(), **facts}
        out["sysctls"] = scenario.pairs(r.s)[1]
        out.update(summary(new, r.s))
        for name, file in FILES.items():
            if name not in r.s["record"] and os.path.exists(os.path.join(new, file)):
                os.unlink(os.path.join(new, file))
        with open(os.path.join(new, "run.json"), "w", encoding="utf-8") as f:
            json.dump(out, f, indent=1)
            f.write("\n")
        shutil.rmtree(r.folder, ignore_errors=True)
        os.chmod(new, 0o755)
        os.rename(new, r.folder)
        os.mkdir(new)
    return out


def version():
    """The commit of the source tree, if there is one."""
    top = machine.tree()
    try:
        with open(os.path.join(top or "/nonexistent", "module/main.c"), encoding="utf-8") as f:
            m = re.search(r'MODULE_VERSION\("(.*)"\)', f.read())
        return m.group(1) if m else None
    except OSError:
        return None


def of_sim(folder):
    """The check of a run of the simulator: by its table of links."""
    wrong = []
    for row in table(os.path.join(folder, "links.csv")):
        n = {k: int(v) for k, v in row.items() if k != "link" and v}
        if n["offered"] + n["duplicated"] != n["passed"] + n["dropped_queue"] + \
                n["dropped_loss"] + n["dropped_police"] + n["inside"]:
            wrong.append("%s: packets are not conserved" % row["link"])
    return {"invalid": wrong, "processor": None, "overruns": 0, "kernel": None}


# ---------------------------------------------------------------- what a run came to

def table(path):
    if not os.path.exists(path):
        return []
    with open(path, encoding="ascii", newline="") as f:
        return list(csv.DictReader(f))


def numbers(rows, column):
    return [float(r[column]) for r in rows if r[column] != ""]


def median(values):
    return statistics.median(values) if values else None


def summary(folder, s):
    """Figures of flows and links; None where a record is missing."""
    samples = table(os.path.join(folder, "samples.csv"))
    events = table(os.path.join(folder, "events.csv"))
    queue = table(os.path.join(folder, "queue.csv"))
    flows = {}
    for f in s["flows"]:
        mine = [r for r in samples if r["flow"] == f["name"]]
        own = [r for r in events if r["flow"] == f["name"]]
        read = [(float(r["t_s"]), float(r["delivered_bytes"])) for r in mine
                if r["delivered_bytes"] not in ("", "0")]
        if f["kind"] == "udp-ping":
            read = []
        # To the last byte: what follows is no time of the flow.
        read = [r for n, r in enumerate(read) if not n or r[1] > read[n - 1][1]]
        span = read[-1][0] - read[0][0] if read else 0
        answers = [float(r["detail"].split()[0]) for r in own if r["event"] == "answer"]
        rtts = numbers(mine, "srtt_us")
        least = numbers(mine, "min_rtt_us")
        flows[f["name"]] = {
            "goodput": round(8 * (read[-1][1] - read[0][1]) / span) if span > 0 else None,
            "delivered": int(read[-1][1]) if read else 0 if mine and f["kind"] != "udp-ping" else None,
            "resent": sum(r["event"] in RESENT and r["end"] == "snd" and r["len"] not in ("", "0")
                          for r in own) if events else None,
            "lost": sum(r["event"] == "drop" and r["end"] not in ("snd", "rcv")
                        for r in own) if events else None,
            "rtt": median(rtts), "min_rtt": min(least) if least else None,
            "answer": median(answers),
        }
    links = {}
    for link in s["links"]:
        mine = [r for r in queue if r["link"] == link["name"]]
        pkts = numbers(mine, "pkts")
        sojourn = numbers(mine, "sojourn_us")
        links[link["name"]] = {
            "queue": round(statistics.fmean(pkts), 3) if pkts else None,
            "sojourn": round(statistics.fmean(sojourn), 1) if sojourn else None,
            "drops": int(mine[-1]["drops"]) if mine else None,
            "marks": int(mine[-1]["marks"]) if mine else None,
        }
    return {"flows": flows, "links": links}


# ---------------------------------------------------------------- over the seeds

def interval(values):
    """The median and its bootstrap interval of 95 %; (median, None, None) for few values."""
    m = statistics.median(values)
    if len(values) < 5:
        return m, None, None
    draw = random.Random(1)
    medians = sorted(statistics.median(draw.choices(values, k=len(values))) for _ in range(DRAWS))
    return m, medians[int(DRAWS * 0.025)], medians[int(DRAWS * 0.975) - 1]


def human(bits):
    if bits is None:
        return "-"
    for unit, n in (("Gbit/s", 1e9), ("Mbit/s", 1e6), ("kbit/s", 1e3)):
        if bits >= n:
            return "%.2f %s" % (bits / n, unit)
    return "%d bit/s" % bits


def compare(results, base, name, figure):
    """The ratio of two flows' figures, paired by seed, in words."""
    pairs = [(r["flows"][name][figure], r["flows"][base][figure]) for r in results]
    ratios = [a / b for a, b in pairs if a is not None and b]
    if not ratios:
        return "-"
    m, low, high = interval(ratios)
    if low is None:
        return "%.3f" % m
    text = "%.3f [%.3f, %.3f]" % (m, low, high)
    return text + ("  no difference shown" if low <= 1 <= high else
                   "  less" if high < 1 else "  more")


def across(point, groups, key, value):
    """Pairs of results, by seed: of a point of the grid, and of the one where @key is @value."""
    there = tuple((k, value if k == key else v) for k, v in point)
    if there == point or there not in groups:
        return []
    base = {r["seed"]: r for r in groups[there][1]}
    return [(r, base[r["seed"]]) for r in groups[point][1] if r["seed"] in base]


def report_across(s, pairs, what, out):
    """Prints the ratios to another point of the grid."""
    for f in s["flows"]:
        name = f["name"]
        for figure in ("goodput", "answer"):
            both = [{"flows": {"a": a["flows"][name], "b": b["flows"][name]}} for a, b in pairs]
            text = compare(both, "b", "a", figure)
            if text != "-":
                out.write("  %-12s %s / with %s %s\n" % (name, figure, what, text))


def report(s, point, results, base, out):
    """Prints the table of one point of the grid."""
    invalid = [r for r in results if r["invalid"]]
    head = (name_of(point) or "all") + ", %d seed%s" % (len(results), "s" * (len(results) != 1))
    out.write(head + ("  INVALID: %d of them" % len(invalid) if invalid else "") + "\n")
    for why in sorted({w for r in invalid for w in r["invalid"]})[:5]:
        out.write("  INVALID: %s\n" % why)
    bulk = [f["name"] for f in s["flows"] if f["kind"] != "udp-ping"]
    if base is None and bulk:
        base = bulk[0]
    for f in s["flows"]:
        name = f["name"]
        mine = [r["flows"][name] for r in results]

        def mid(key):
            return median([m[key] for m in mine if m[key] is not None])

        cells = []
        if mid("goodput") is not None:
            cells.append("goodput %s" % human(mid("goodput")))
        if mid("rtt") is not None:
            cells.append("rtt %.1f ms" % (mid("rtt") / 1000))
        if mid("answer") is not None:
            cells.append("answer %.1f ms" % (mid("answer") / 1000))
        if mid("resent") is not None and f["kind"] != "udp-ping":
            cells.append("resent %d" % mid("resent"))
        if name in bulk and base in bulk and name != base:
            cells.append("goodput / %s %s" % (base, compare(results, base, name, "goodput")))
        out.write("  %-12s %s\n" % (name, "  ".join(cells)))
    for link in s["links"]:
        mine = [r["links"][link["name"]] for r in results]
        if all(m["queue"] is not None for m in mine):
            out.write("  %-12s queue %.1f packets  waiting %.2f ms  drops %d  marks %d\n" % (
                link["name"], median([m["queue"] for m in mine]),
                median([m["sojourn"] or 0 for m in mine]) / 1000,
                median([m["drops"] for m in mine]), median([m["marks"] for m in mine])))


def expected(s, results, out):
    """Evaluates the expectations with the medians over the seeds. Return: how many fail."""
    failed = 0
    names = {}
    for kind in ("flows", "links"):
        for name in results[0][kind]:
            names[name] = {k: median([r[kind][name][k] for r in results
                                      if r[kind][name][k] is not None])
                           for k in results[0][kind][name]}

    def value(node):
        if isinstance(node, ast.Attribute):
            v = names[node.value.id][node.attr]
            if v is None:
                raise KeyError(ast.unparse(node))
            return v
        if isinstance(node, ast.Constant):
            return node.value
        if isinstance(node, ast.UnaryOp):
            return -value(node.operand)
        if isinstance(node, ast.BinOp):
            a, b = value(node.left), value(node.right)
            return {ast.Add: a.__add__, ast.Sub: a.__sub__, ast.Mult: a.__mul__,
                    ast.Div: a.__truediv__}[type(node.op)](b)
        if isinstance(node, ast.BoolOp):
            all_or_any = all if isinstance(node.op, ast.And) else any
            return all_or_any(value(v) for v in node.values)
        left = value(node.left)
        for op, right in zip(node.ops, node.comparators):
            b = value(right)
            if not {ast.Lt: left < b, ast.LtE: left <= b, ast.Gt: left > b, ast.GtE: left >= b,
                    ast.Eq: left == b, ast.NotEq: left != b}[type(op)]:
                return False
            left = b
        return True

    for text in s["expect"]:
        try:
            ok = value(ast.parse(text, mode="eval").body)
            why = ""
        except (KeyError, ZeroDivisionError) as e:
            ok, why = False, " (%s is not known)" % e
        failed += not ok
        out.write("  %s: %s%s\n" % ("as expected" if ok else "NOT as expected", text, why))
    return failed


class Progress:
    """A bar on a terminal, lines elsewhere."""

    def __init__(self, total):
        self.total, self.n, self.begun = total, 0, time.monotonic()
        self.tty = sys.stderr.isatty()

    def step(self, text):
        self.n += 1
        left = (time.monotonic() - self.begun) / self.n * (self.total - self.n)
        if self.tty:
            full = 30 * self.n // self.total
            sys.stderr.write("\r[%s%s] %d/%d, %d:%02d left \x1b[K" % (
                "#" * full, "." * (30 - full), self.n, self.total, left // 60, left % 60))
            if self.n == self.total:
                sys.stderr.write("\n")
        elif self.total > 1:
            sys.stderr.write("%d/%d, %d:%02d left: %s\n" % (self.n, self.total, left // 60,
                                                           left % 60, text))
        sys.stderr.flush()


def perform(runs, options):
    """Makes the runs that are not there yet. Return: (interrupted, failures)."""
    todo = [r for r in runs if options.again or not r.done()]
    if len(todo) < len(runs):
        sys.stderr.write("%d of %d runs are there already\n" % (len(runs) - len(todo), len(runs)))
    failures = []
    jobs = 1 if options.on == "here" else options.jobs or os.cpu_count() or 1
    progress = Progress(max(len(todo), 1))
    pool = concurrent.futures.ThreadPoolExecutor(jobs)
    waiting = {pool.submit(make, r, options): r for r in todo}
    try:
        for f in concurrent.futures.as_completed(waiting):
            r = waiting[f]
            try:
                f.result()
            except (machine.Failed, OSError) as e:
                failures.append("%s: %s" % (r.folder, e))
            progress.step(r.folder)
    except KeyboardInterrupt:
        pool.shutdown(wait=False, cancel_futures=True)
        machine.stop()
        pool.shutdown()
        return True, failures
    pool.shutdown()
    return False, failures
