#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Tests of atcp-lab that need neither a VM nor root: scenarios, errors, records, tables.

Prints KTAP.  Run alone, or by `make check`.
"""

import copy
import io
import json
import os
import shutil
import struct
import subprocess
import sys
import tempfile
import unittest

HERE = os.path.realpath(os.path.join(os.path.dirname(__file__), "../../userspace/lab"))
sys.dont_write_bytecode = True
sys.path.insert(0, HERE)

import ktap
import machine
import records
import runs
import scenario

GOOD = """# the issue's own
time = "30s"
seeds = 20
expect = ["mine.goodput >= 0.9 * cubic.goodput"]
flow = [
  { name = "mine",  cc = "reno" },
  { name = "cubic", stack = "kernel", cc = "cubic", start = "2s" },
  { name = "page",  stack = "kernel", answer = "100kB", think = "200ms" },
  { name = "probe", kind = "udp-ping", every = "10ms" },
]
[link.bottleneck]
rate  = "10Mbit"
delay = "20ms"
queue = "1bdp"
loss  = "0.1%"
at    = [ { t = "10s", rate = "5Mbit" }, { t = "20s", delay = "80ms" } ]
"""


def read(text):
    import tomllib
    return scenario.read(tomllib.loads(text), "x.toml", text, machine.tree())


def wrong(text):
    """What is wrong with a scenario, as one text."""
    try:
        read(text)
    except scenario.Wrong as e:
        return str(e)
    return ""


class Scenarios(unittest.TestCase):
    def test_good(self):
        s = read(GOOD)
        there = s["links"][0]["there"]
        self.assertEqual(there, {"rate_bps": 10000000, "delay_us": 20000, "queue_pkts": 34,
                                 "loss_ppm": 1000})
        self.assertEqual(s["links"][0]["back"], there)
        self.assertEqual([f["kind"] for f in s["flows"]], ["bulk", "bulk", "answer", "udp-ping"])

    def test_defaults(self):
        s = read('flow = [ { name = "a" } ]\n[link.x]\nrate = "1Mbit"\n')
        self.assertEqual(s["seeds"], 1)
        f = s["flows"][0]
        self.assertEqual((f["stack"], f["carrier"], f["kind"], f["stop_us"]),
                         ("atcp", "tcp", "bulk", s["time_us"]))
        self.assertEqual(s["record"], scenario.RECORDS)

    def test_description(self):
        text = scenario.description(read(GOOD), 3)
        self.assertIn("link bottleneck.back rate_bps=10000000", text)
        self.assertIn("at 10000000 bottleneck rate_bps=5000000\n", text)
        self.assertIn("every_us=10000", text)
        self.assertEqual(text, scenario.description(read(GOOD), 3))
        self.assertNotEqual(text, scenario.description(read(GOOD), 4))

    def test_back(self):
        base = 'flow = [ { name = "a" } ]\n[link.x]\nrate = "8Mbit"\ndelay = "10ms"\n'
        s = read(base + 'loss = "at 3,5-7"\nback = { rate = "1Mbit", queue = "9p" }\n')
        self.assertEqual(s["links"][0]["there"]["loss_at"], "3,5-7")
        self.assertEqual(s["links"][0]["back"], {"rate_bps": 1000000, "delay_us": 10000,
                                                 "queue_pkts": 9})

    def test_losses(self):
        self.assertEqual(scenario.loss("gilbert 1% 25%"), {"gilbert_ppm": "10000,250000"})
        self.assertEqual(scenario.loss(0), {"loss_ppm": 0})

    def test_own_sysctls_own_hosts(self):
        text = GOOD.replace('start = "2s"', 'sysctl = { "net.ipv4.tcp_sack" = 0 }')
        of, hosts = scenario.pairs(read(text))
        self.assertEqual(of, [0, 1, 0, 0])
        self.assertEqual(hosts[1], {"net.ipv4.tcp_sack": "0"})

    def test_commands(self):
        s = read('flow = [ { name = "c", command = "sleep $PEER", server = "true", start = "1s" } ]'
                 '\n[link.x]\nrate = "1Mbit"\n')
        self.assertEqual(list(machine.command_lines(s, [0])), [
            "r0 c-server 0 10.78.0.1 10.77.0.1 atcp-run -c tcp sh -c true\n",
            "l0 c-command 1 10.77.0.1 10.78.0.1 atcp-run -c tcp sh -c 'sleep $PEER'\n"])
        self.assertIn(shutil.which("sleep"), machine.programs_of(s))

    def test_cc_files(self):
        """What they have is not known; a file is looked for from the scenario's folder."""
        s = read(GOOD.replace("seeds = 20", 'cc_files = ["cc/a.so", "/b.ko"]').replace(
            'cc = "reno"', 'cc = "a"'))
        here = os.getcwd()
        self.assertEqual(s["cc_files"], [os.path.join(here, "cc/a.so"), "/b.ko"])
        for on, missing in (("sim", os.path.join(here, "cc/a.so")), ("vm", "/b.ko"),
                            ("here", "/b.ko")):
            with self.assertRaisesRegex(machine.Failed, "there is no " + missing):
                machine.cc_files(s, on)

    def test_change(self):
        s = copy.deepcopy({"link": {"x": {}}, "flow": [{"name": "a"}, {}]})
        scenario.change(s, "rate", "5Mbit")
        scenario.change(s, "x.loss", "0.1%")
        scenario.change(s, "flow2.cc", "reno")
        scenario.change(s, "seeds", "4")
        self.assertEqual(s, {"link": {"x": {"rate": "5Mbit", "loss": "0.1%"}}, "seeds": 4,
                             "flow": [{"name": "a"}, {"cc": "reno"}]})
        with self.assertRaisesRegex(scenario.Wrong, 'nearest is "rate"'):
            scenario.change(s, "rat", "1")

    def test_values_of_vary(self):
        for text, values in (("10Mbit,50Mbit", ["10Mbit", "50Mbit"]), ("0,0.1%", ["0", "0.1%"]),
                             ('[],["samples","wire"]', ["[]", '["samples","wire"]']),
                             ('"at 3,5","1%"', ['"at 3,5"', '"1%"']), ("1,2", ["1", "2"])):
            self.assertEqual(runs.values_of(text), values)


# One bad scenario of each kind: what replaces what, and what has to be said.
BAD = [
    ("key", "start =", "strt =", ':7: flow[1].strt: a flow has no key "strt"; '
     'the nearest is "start"'),
    ("top key", "seeds =", "seed =", ':3: seed: a scenario has no key "seed"; '
     'the nearest is "seeds"'),
    ("link key", "delay = \"20ms\"", "dealy = \"20ms\"", ":13: link.bottleneck.dealy"),
    ("change's key", "delay = \"80ms\"", "dely = \"80ms\"", ':16: link.bottleneck.at[1].dely'),
    ("unit", '"10Mbit"', '"10Mbits"', 'link.bottleneck.rate: "Mbits" is no unit of a rate; the '
     'nearest is "Mbit"'),
    ("no unit", '"20ms"', "20", "link.bottleneck.delay: 20 is no time"),
    ("loss", '"0.1%"', '"0.1"', "link.bottleneck.loss: '0.1' is no part"),
    ("kind of loss", '"0.1%"', '"gilbret 1% 2%"', 'the nearest is "gilbert"'),
    ("loss twice 100", '"0.1%"', '"101%"', "up to"),
    ("queue", '"1bdp"', '"1dbp"', "link.bottleneck.queue: '1dbp' is no queue"),
    ("aqm", '"1bdp"', '{ aqm = "fq_coddel" }', 'the nearest is "fq_codel"'),
    ("cc of the kernel", '"cubic", start', '"cubik", start', 'flow[1].cc: the kernel has no '
     'congestion control \'cubik\'; the nearest is "cubic"'),
    ("cc of atcp", 'cc = "reno"', 'cc = "renoo"', "flow[0].cc: atcp has no congestion control"),
    ("files of cc", "seeds = 20", 'cc_files = ["x.c"]', "cc_files: a list of up to 8 files"),
    ("stack", '"kernel", cc', '"kernl", cc', 'flow[1].stack: \'kernl\' is none of its values; the '
     'nearest is "kernel"'),
    ("carrier of the kernel", 'start = "2s"', 'carrier = "253"', "flow[1].carrier: the kernel"),
    ("kind", '"udp-ping"', '"udp-pong"', 'flow[3].kind: \'udp-pong\' is none of its values; the '
     'nearest is "udp-ping"'),
    ("late start", '"2s"', '"31s"', "flow[1].start: it starts when the run is over"),
    ("two of a name", '"page"', '"mine"', 'flow[2].name: there are two "mine"'),
    ("expectation's name", "cubic.goodput\"", "cubci.goodput\"", 'expect[0]: there is no flow or '
     'link "cubci"; the nearest is "cubic"'),
    ("expectation's figure", "cubic.goodput\"", "cubic.goodputt\"", 'has no "goodputt"; the '
     'nearest is "goodput"'),
    ("expectation's form", "mine.goodput >= 0.9 * cubic.goodput", "mine.goodput >=",
     "cannot be read"),
    ("expectation's call", "mine.goodput >= 0.9 * cubic.goodput", "exit(1) > 0", "only names"),
    ("no link", "[link.bottleneck]", "[links.bottleneck]", 'the nearest is "link"'),
    ("not TOML", "seeds = 20", "seeds = ", None),
    ("seeds", "seeds = 20", "seeds = 0", "seeds: 0 is no number from 1"),
    ("command", 'answer = "100kB", think = "200ms"', 'kind = "command"', "a command is needed"),
    ("time", '"30s"', '"30 parsecs"', "no unit of a time"),
]


class Bad(unittest.TestCase):
    def test_each(self):
        for what, old, new, said in BAD:
            with self.subTest(what):
                self.assertIn(old, GOOD)
                text = GOOD.replace(old, new)
                if said:
                    self.assertIn(said, wrong(text))

    def test_command(self):
        """The program's own exit status and message, before anything is booted."""
        for what, old, new, said in BAD:
            with self.subTest(what), tempfile.TemporaryDirectory() as d:
                name = os.path.join(d, "x.toml")
                with open(name, "w", encoding="utf-8") as f:
                    f.write(GOOD.replace(old, new))
                if what not in ("not TOML", "key"):
                    continue
                r = lab("run", name)
                self.assertEqual(r.returncode, 2, r.stderr)
                self.assertIn(said or "x.toml:3: not TOML", r.stderr)
                self.assertEqual(os.listdir(d), ["x.toml"])

    def test_lines(self):
        """Of keys that stand more than once, of texts in lists, of what --set has made."""
        self.assertIn("x.toml:4: expect[0]", wrong(GOOD.replace("cubic.goodput", "cubci.goodput")))
        self.assertIn("x.toml:8: flow[2].stack", wrong(GOOD.replace(
            '"page",  stack = "kernel"', '"page",  stack = "kernl"')))
        self.assertIn('x.toml:16: link.bottleneck.at[0].rate', wrong(GOOD.replace("5Mbit", "5bits")))
        text = GOOD.replace('"20ms"', '"20ms"\nback = { delay = "3 weeks" }')
        self.assertIn("x.toml:14: link.bottleneck.back.delay", wrong(text))

    def test_lines_of_arrays_of_tables(self):
        text = 'time = "1s"\n[[flow]]\nname = "a"\n\n[[flow]]\nname = "b"\nstrt = "1s"\n' \
               '[link.x]\nrate = "1Mbit"\n'
        self.assertIn("x.toml:7: flow[1].strt", wrong(text))

    def test_sim_refuses_by_name(self):
        said = scenario.refused_by_sim(read(GOOD))
        self.assertIn("flow cubic: the kernel's TCP", said)
        self.assertEqual(len(said), 2)
        text = GOOD.replace('start = "2s"', 'sysctl = { "net.ipv4.tcp_sack" = 0, "net.atcp.sack" = 0 }')
        self.assertIn("flow cubic: net.ipv4.tcp_sack", scenario.refused_by_sim(read(text)))

    def test_no_such_file(self):
        r = lab("run", "/nonexistent.toml")
        self.assertEqual(r.returncode, 2)
        self.assertIn("/nonexistent.toml: No such file", r.stderr)


def lab(*words, **more):
    return subprocess.run([sys.executable, os.path.join(HERE, "atcp-lab"), *words],
                          capture_output=True, text=True, check=False, **more)


# ---------------------------------------------------------------- records

def ip(src, dst, seq, flags, payload, options=b"", ack=0):
    """A packet of IPv4 and TCP of flow 1; only the headers are there."""
    off = (20 + len(options)) // 4
    head = struct.pack(">BBHHHBBH4s4s", 0x45, 2, 20 + 4 * off + payload, 0, 0, 64, 6, 0,
                       bytes([10, src, 0, 1]), bytes([10, dst, 0, 1]))
    ports = (40001, 5001) if src == 77 else (5001, 40001)
    return head + struct.pack(">HHIIBBHHH", *ports, seq, ack, off << 4, flags, 100, 0, 0) + \
        options


class Raw:
    """Writes raw records as lab-link does."""

    def __init__(self):
        self.data = b""
        self.n = 0
        self.hosts = [0] * 4    # packets sent left and right, that arrived left and right

    def add(self, t, pid, size, what, link, more=b""):
        self.data += records.RECORD.pack(t, pid, size, what, link, len(more)) + more
        if what in (records.SENT, records.ARRIVED):
            self.hosts[link + 2 * (what == records.ARRIVED)] += 1

    def sent(self, t, right, packet, size):
        self.n += 1
        self.add(t, self.n, size, records.SENT, right, packet)
        return self.n

    def totals(self, there, back):
        for n, t in enumerate((there, back)):
            self.add(9 * 10 ** 9, 0, 0, records.TOTAL, n, struct.pack("=8Q", *t))
        self.add(9 * 10 ** 9, 0, 0, records.SUMS, 0, struct.pack("=6Q", 0, 0, *self.hosts))


FACTS = """== before stat
1.00 0.50
0

== before l0
  lab0: 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0
Tcp: InErrs
Tcp: 0

== before r0
  lab0: 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0
== after stat
2.10 1.50
0

== after l0
  lab0: 0 0 0 0 0 0 0 0 0 3 0 %d 0 0 0 0
Tcp: InErrs
Tcp: 0

== after r0
  lab0: 0 2 0 0 0 0 0 0 0 0 0 0 0 0 0 0
== trace
overrun: %d
== versions
6.1.0
"""


class Folder(unittest.TestCase):
    """A run's raw records, made by hand."""

    def setUp(self):
        self.dir = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.dir)
        self.s = read('time = "5s"\nflow = [ { name = "a", stack = "kernel" } ]\n'
                      '[link.x]\nrate = "1Mbit"\n')

    def write(self, name, data):
        with open(os.path.join(self.dir, name), "wb") as f:
            f.write(data if isinstance(data, bytes) else data.encode())

    def make(self, there=(3, 2, 0, 1, 0, 0, 0, 0), dropped=0, overrun=0, trace=""):
        raw = Raw()
        syn = raw.sent(1000000, 0, ip(77, 78, 99, 2, 0), 40)
        raw.add(2000000, syn, 40, records.ARRIVED, 1)
        data = raw.sent(3000000, 0, ip(77, 78, 100, 16, 1000), 1040)
        raw.add(4000000, data, 1040, records.DROP_LOSS, 0)
        again = raw.sent(1000000000, 0, ip(77, 78, 100, 16, 1000), 1040)
        raw.add(1100000000, again, 1040, records.ARRIVED, 1)
        raw.add(10000000, 0, 0, records.QUEUED, 0, struct.pack("=5Q", 3, 4500, 1, 0, 36000000))
        raw.add(10000000, 0, 0, records.QUEUED, 1, struct.pack("=5Q", 0, 0, 0, 0, records.NEVER))
        raw.totals(there, (0,) * 8)
        self.write("records", raw.data)
        self.write("facts", FACTS % (dropped, overrun))
        self.write("begin", "ready\n500\ndone\n")
        self.write("trace", trace)
        self.write("flows", "0.000000,a,info,ESTABLISHED,Open" + "," * 16 + "\n\n"
                   "0.001000,a,snd,start,,,\n")
        return records.convert(self.dir, self.dir, self.s, ["l0", "r0"])

    def rows(self, name):
        return runs.table(os.path.join(self.dir, name))


class Records(Folder):
    def test_valid(self):
        found = self.make()
        self.assertEqual(found["invalid"], [])
        self.assertAlmostEqual(found["processor"], 10 / 110, 3)

    def test_columns(self):
        self.make()
        for name, columns in (("samples", records.SAMPLES), ("events", records.EVENTS),
                              ("queue", records.QUEUE)):
            with open(os.path.join(self.dir, name + ".csv"), encoding="ascii") as f:
                lines = f.read().splitlines()
            self.assertEqual(lines[0], columns)
            for line in lines:
                self.assertEqual(line.count(","), columns.count(","), line)

    def test_drop_and_resend(self):
        self.make()
        found = [(r["event"], r["seq"], r["len"], r["detail"]) for r in self.rows("events.csv")]
        self.assertEqual(found, [("start", "", "", ""), ("drop", "1", "1000", "loss"),
                                 ("retransmit", "1", "1000", "")])

    def test_unknown_is_empty(self):
        self.make()
        self.assertEqual([r["sojourn_us"] for r in self.rows("queue.csv")], ["36000", ""])

    def test_states(self):
        trace = """# tracer: nop
     lab-flow-9 [000] ..s1. 0.900000: tcp_cong_state_set: family=AF_INET sport=40001 dport=5001 saddr=10.77.0.1 daddr=10.78.0.1 saddrv6=:: daddrv6=:: cong_state=3
     lab-flow-9 [000] ..s1. 2.000000: tcp_cong_state_set: family=AF_INET sport=40001 dport=5001 saddr=10.77.0.1 daddr=10.78.0.1 saddrv6=:: daddrv6=:: cong_state=0
     sshd-9 [000] ..s1. 2.000000: tcp_cong_state_set: family=AF_INET sport=40001 dport=5001 saddr=192.0.2.1 daddr=10.78.0.1 saddrv6=:: daddrv6=:: cong_state=4
     atcp-9 [000] ..s1. 2.100000: atcp_state: src=10.77.0.1:40001 dest=10.78.0.1:5001 oldstate=SYN_SENT newstate=ESTABLISHED sock_cookie=1
     atcp-9 [000] ..s1. 2.150000: atcp_retransmit: src=10.77.0.1:40001 dest=10.78.0.1:5001 kind=TIMEOUT seq=7 len=9 retries=1
     atcp-9 [000] ..s1. 2.160000: atcp_retransmit: src=10.77.0.1:40001 dest=10.78.0.1:5001 kind=TIMEOUT seq=16 len=9 retries=0
     atcp-9 [000] ..s1. 2.170000: atcp_retransmit: src=10.77.0.1:40001 dest=10.78.0.1:5001 kind=TAIL seq=16 len=9 retries=0
     <idle>-0 [000] ..s1. 2.200000: rto: (tcp_enter_loss+0x0/0x3b0) dport=35091 sport=40001
"""
        self.make(trace=trace)
        found = [(r["event"], r["detail"]) for r in self.rows("events.csv") if r["end"] == "snd"]
        self.assertEqual(found, [("start", ""), ("recovery_in", "Recovery"),
                                 ("fast_retransmit", ""), ("recovery_out", "Recovery"),
                                 ("state", "SYN_SENT>ESTABLISHED"), ("rto", ""), ("tlp", ""),
                                 ("rto", "")])

    def test_commands_by_the_wire(self):
        self.s["flows"][0]["kind"] = "command"
        raw = Raw()
        raw.sent(1000000, 0, ip(77, 78, 99, 2, 0), 40)
        n = raw.sent(2000000, 1, ip(78, 77, 7, 16, 0, ack=1100), 40)
        raw.add(15000000, n, 40, records.ARRIVED, 0)
        raw.sent(25000000, 0, ip(77, 78, 1100, 16, 10), 50)
        raw.totals((0,) * 8, (0,) * 8)
        self.write("records", raw.data)
        found = records.wire_samples(records.Raw(os.path.join(self.dir, "records"), self.s), self.s)
        self.assertEqual(found.splitlines(), [
            t + ",a,wire" + "," * 12 + n + "," + n + "," * 5
            for t, n in (("0.000000", "0"), ("0.010000", "0"), ("0.020000", "1000"))])

    def test_not_conserved(self):
        self.assertIn("x: 3 packets offered", self.make((3, 1, 0, 1, 0, 0, 0, 0))["invalid"][0])

    def test_dropped_elsewhere(self):
        self.assertIn("4 packets were dropped outside of the links: lab0.tx_drop at host l0",
                      self.make(dropped=4)["invalid"])

    def test_records_lost(self):
        self.assertIn("7 events of the kernel were lost", self.make(overrun=7)["invalid"])

    def test_wireshark_reads_it(self):
        if not shutil.which("tshark"):
            self.skipTest("no tshark")
        self.make()
        out = subprocess.run(["tshark", "-r", os.path.join(self.dir, "wire.pcapng"), "-T", "fields",
                              "-e", "frame.interface_name", "-e", "tcp.seq_raw", "-e",
                              "frame.comment"], capture_output=True, text=True, check=True).stdout
        self.assertEqual(out.splitlines()[2].split("\t"), ["left", "100", "lost at x: loss"])
        self.assertEqual(out.splitlines()[3].split("\t"), ["left", "100", "resent: bytes 1-1000"])
        self.assertEqual(len(out.splitlines()), 5)


class Tables(unittest.TestCase):
    def results(self, ratio):
        import random
        draw = random.Random(7)
        out = []
        for _ in range(20):
            base = draw.uniform(1, 3)
            out.append({"flows": {"a": {"goodput": base},
                                  "b": {"goodput": base * ratio * draw.gauss(1, 0.05)}}})
        return out

    def test_no_difference(self):
        self.assertIn("no difference shown", runs.compare(self.results(1), "a", "b", "goodput"))

    def test_less(self):
        self.assertTrue(runs.compare(self.results(0.9), "a", "b", "goodput").endswith("less"))

    def test_same_bytes(self):
        self.assertEqual(runs.compare(self.results(1), "a", "b", "goodput"),
                         runs.compare(self.results(1), "a", "b", "goodput"))

    def test_expectations(self):
        s = {"expect": ["a.goodput > 0.9 * b.goodput", "a.goodput > 2 * b.goodput and 1 < 2"]}
        results = [{"flows": {"a": {"goodput": 10}, "b": {"goodput": 11}}, "links": {}}]
        out = io.StringIO()
        self.assertEqual(runs.expected(s, results, out), 1)
        self.assertEqual(out.getvalue().splitlines()[1],
                         "  NOT as expected: a.goodput > 2 * b.goodput and 1 < 2")


class Pictures(Folder):
    def test_same_bytes(self):
        try:
            import plot
        except ImportError:
            self.skipTest("no matplotlib")
        facts = self.make()
        with open(os.path.join(self.dir, "run.json"), "w", encoding="utf-8") as f:
            json.dump({"effective": self.s, **facts, "invalid": ["a reason"]}, f)
        seen = []
        for _ in range(2):
            for suffix in ("svg", "pdf"):
                name = os.path.join(self.dir, "x." + suffix)
                plot.draw(self.dir, ["cwnd", "rtt", "rate", "queue", "seq"], name)
                with open(name, "rb") as f:
                    seen.append(f.read())
        self.assertEqual(seen[:2], seen[2:])
        self.assertIn(b"INVALID: a reason", seen[0])
        self.assertNotIn(b"<script", seen[0])


if __name__ == "__main__":
    ktap.main()
