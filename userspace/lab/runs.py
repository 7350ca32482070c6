# SPDX-License-Identifier: GPL-2.0
"""Runs: one, or a grid of them over seeds and varied keys; what they came to, as a table."""

import concurrent.futures
import copy
import csv
import dataclasses
import hashlib
import itertools
import json
import math
import os
import random
import re
import shlex
import shutil
import statistics
import sys
import tempfile
import time
import tomllib
import types

import machine
import records
import scenario

FILES = {"samples": "samples.csv", "events": "events.csv", "queue": "queue.csv",
         "wire": "wire.pcapng"}
RESENT = ("retransmit", "fast_retransmit", "rto", "tlp")
DRAWS = 2000            # of a bootstrap


@dataclasses.dataclass
class Run:
    """One run: a scenario at one point of the grid, in one place, with one seed."""

    doc: dict
    s: dict
    on: str
    seed: int
    point: tuple
    folder: str
    key: str = ""

    def json(self):
        """What its folder has of it; None: of nothing, or of another run."""
        try:
            with open(os.path.join(self.folder, "run.json"), encoding="utf-8") as f:
                found = json.load(f)
            return found if found.get("key") == self.key else None
        except (OSError, ValueError):
            return None


def name_of(point):
    return ",".join("%s=%s" % p for p in point)


def values_of(text):
    """The values of --vary: elements of a TOML array, or texts between commas."""
    try:
        tomllib.loads("x = [%s]" % text)
    except tomllib.TOMLDecodeError:
        return text.split(",")
    return re.findall(r"""(?:\[[^]]*\]|\{[^}]*\}|"[^"]*"|'[^']*'|[^,\s])+""", text)


def plan(options, doc, text):
    """All runs that a command asks for; raises Wrong before any begins."""
    settings = [("--" + what, *v.partition("=")) for what in ("set", "vary")
                for v in getattr(options, what)]
    for what, key, _, value in settings:
        if not value:
            raise scenario.Wrong(["%s %s: write KEY=VALUE%s" % (
                what, key, ",VALUE..." * (what == "--vary"))])
        if what == "--set":
            scenario.change(doc, key, value)
    varied = [[(key, value) for value in values_of(values)]
              for what, key, _, values in settings if what == "--vary"]
    runs = []
    top = options.output or re.sub(r"\.toml$", "", os.path.basename(options.scenario)) + ".lab"
    for point in itertools.product(*varied):
        d = copy.deepcopy(doc)
        on = dict(point).get("on", options.on)
        if on not in machine.PLACES:
            raise scenario.Wrong(["--vary on=%s: no such place%s" % (
                on, scenario.near(on, machine.PLACES))])
        for key, value in point:
            if key != "on":
                scenario.change(d, key, value)
        s = scenario.read(d, options.scenario, text, machine.tree())
        depends = machine.can_run(s, on, options)
        seeds = [options.seed] if options.seed is not None else range(
            1, (options.seeds or s["seeds"]) + 1)
        many = math.prod(map(len, varied)) > 1
        for seed in seeds:
            folder = os.path.join(top, *[re.sub(r"[^\w.,=%+-]", "_", name_of(point))] * many,
                                  *["seed-%d" % seed] * (len(seeds) > 1))
            whole = json.dumps([s, seed, on, depends], sort_keys=True)
            runs.append(Run(d, s, on, seed, point, folder,
                            hashlib.sha256(whole.encode()).hexdigest()))
    return runs


def repeat(r, options):
    """The command that repeats a run."""
    words = ["atcp-lab", "run", "--on", r.on, "--seed", str(r.seed)]
    if r.on == "vm":
        words += ["--kernel", options.kernel]
    for v in options.set + ["%s=%s" % p for p in r.point if p[0] != "on"]:
        words += ["--set", v]
    return shlex.join(words + [os.path.abspath(options.scenario)])


def make(r, options):
    """Makes one run. Its folder appears when it is whole."""
    parent = os.path.dirname(os.path.abspath(r.folder))
    os.makedirs(parent, exist_ok=True)
    if os.path.isdir(r.folder) and os.listdir(r.folder) and \
            not os.path.exists(os.path.join(r.folder, "run.json")):
        raise machine.Failed("%s is there, and is no folder of a run" % r.folder)
    begun = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="atcp-lab-raw-") as raw, \
            tempfile.TemporaryDirectory(prefix=".new-", dir=parent) as new:
        facts = machine.PLACES[r.on](r.s, r.seed, new if r.on == "sim" else raw, options)
        if r.on == "sim":
            facts.update(of_sim(new))
        else:
            facts.update(records.convert(raw, new, r.s, machine.text_of(
                os.path.join(raw, "hosts")).split()))
            logs = [f["name"] + end for f in r.s["flows"] for end in ("-command", "-server")]
            for name in ["console.log"] + [log + ".log" for log in logs]:
                if os.path.exists(os.path.join(raw, name)):
                    shutil.copy(os.path.join(raw, name), new)
            if options.raw:
                shutil.copytree(raw, os.path.join(new, "raw"))
        out = {"key": r.key, "scenario": r.doc, "effective": r.s, "seed": r.seed,
               "point": dict(r.point), "on": r.on, "repeat": repeat(r, options),
               "took_s": round(time.monotonic() - begun, 1), "tool": version(), **facts,
               "sysctls": scenario.pairs(r.s)[1], **summary(new, r.s)}
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


def version():
    """The version of the source tree, if there is one."""
    main = machine.text_of(os.path.join(machine.tree() or "/nonexistent", "module/main.c"), "")
    m = re.search(r'MODULE_VERSION\("(.*)"\)', main)
    return m[1] if m else None


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
    counted = events and scenario.each_packet(s)
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
            "delivered": int(read[-1][1]) if read else
                         0 if mine and f["kind"] != "udp-ping" else None,
            "resent": sum(r["event"] in RESENT and r["end"] == "snd" and r["len"] not in ("", "0")
                          for r in own) if counted else None,
            "lost": sum(r["event"] == "drop" and r["end"] not in ("snd", "rcv")
                        for r in own) if counted else None,
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
    for unit, n in (("Gbit/s", 1e9), ("Mbit/s", 1e6), ("kbit/s", 1e3)):
        if bits >= n:
            return "%.2f %s" % (bits / n, unit)
    return "%d bit/s" % bits


def ratio(pairs):
    """The ratio of pairs of figures, in words."""
    ratios = [a / b for a, b in pairs if a is not None and b]
    if not ratios:
        return "-"
    m, low, high = interval(ratios)
    if low is None:
        return "%.3f" % m
    return "%.3f [%.3f, %.3f]  %s" % (m, low, high, "no difference shown" if low <= 1 <= high else
                                      "less" if high < 1 else "more")


def compare(results, base, name, figure):
    """The ratio of two flows' figures, paired by seed, in words."""
    return ratio([(r["flows"][name][figure], r["flows"][base][figure]) for r in results])


def across(point, groups, key, value):
    """Pairs of results, by seed: of a point of the grid, and of the one where @key is @value."""
    there = tuple((k, value if k == key else v) for k, v in point)
    if there == point or there not in groups:
        return []
    base = {r["seed"]: r for r in groups[there][1]}
    return [(r, base[r["seed"]]) for r in groups[point][1] if r["seed"] in base]


def report_across(pairs, what, out):
    """Prints the ratios to another point of the grid."""
    for kind, figures in (("flows", ("goodput", "answer", "resent")), ("links", ("queue",))):
        for name, figure in itertools.product(pairs[0][0][kind] if pairs else (), figures):
            text = ratio([(a[kind][name][figure], b[kind][name][figure]) for a, b in pairs])
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
    base = base or (bulk or [None])[0]
    mid = medians(results)
    for name in (f["name"] for f in s["flows"]):
        m = mid[name]
        cells = ["goodput " + human(m["goodput"])] if m["goodput"] is not None else []
        cells += [text % (m[key] / unit) for key, text, unit in (
            ("rtt", "rtt %.1f ms", 1000), ("answer", "answer %.1f ms", 1000),
            ("resent", "resent %d", 1)) if m[key] is not None and (key != "resent" or name in bulk)]
        if name in bulk and base in bulk and name != base:
            cells.append("goodput / %s %s" % (base, compare(results, base, name, "goodput")))
        out.write("  %-12s %s\n" % (name, "  ".join(cells)))
    for name in (link["name"] for link in s["links"]):
        m = mid[name]
        if m["queue"] is not None:
            out.write("  %-12s queue %.1f packets  waiting %.2f ms  drops %d  marks %d\n" % (
                name, m["queue"], (m["sojourn"] or 0) / 1000, m["drops"], m["marks"]))


def medians(results):
    """The medians over the seeds, by name of a flow or link, and figure."""
    return {name: {k: median([r[kind][name][k] for r in results if r[kind][name][k] is not None])
                   for k in figures}
            for kind in ("flows", "links") for name, figures in results[0][kind].items()}


class Known(types.SimpleNamespace):
    """Figures by their names; those that are None are not known."""

    def __getattribute__(self, name):
        value = super().__getattribute__(name)
        if value is None:
            raise KeyError(name)
        return value


def expected(s, results, out):
    """Evaluates the expectations with the medians over the seeds. Return: how many fail."""
    failed = 0
    names = {name: Known(**figures) for name, figures in medians(results).items()}
    for text in s["expect"]:
        why = ""
        try:
            # Only names, numbers and comparisons: scenario.py has looked.
            ok = eval(text, {"__builtins__": {}}, names)  # pylint: disable=eval-used
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
    todo = [r for r in runs if options.again or not r.json()]
    if len(todo) < len(runs):
        sys.stderr.write("%d of %d runs are there already\n" % (len(runs) - len(todo), len(runs)))
    failures = []
    here = any(r.on == "here" for r in runs)
    jobs = 1 if here else options.jobs or os.cpu_count() or 1
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
