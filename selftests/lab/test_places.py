#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Runs of atcp-lab in each place: physics that must hold, a grid, and what makes INVALID.

Takes the module for 6.1, the programs, and QEMU.  Prints KTAP.
"""

import contextlib
import csv
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
import ktap

TOP = os.path.realpath(os.path.join(os.path.dirname(__file__), "../.."))
sys.path.insert(0, os.path.join(TOP, "userspace/lab"))

import machine
import runs

BUILD = os.environ.get("ATCP_BUILD") or os.path.join(TOP, "build")
LAB = os.path.join(TOP, "userspace/lab/atcp-lab")
LINK = '[link.x]\nrate = "10Mbit"\ndelay = "20ms"\nqueue = "50p"\n'
KERNEL = 'flow = [ { name = "k", stack = "kernel", cc = "cubic" } ]\n'
ATCP = 'flow = [ { name = "a" } ]\n'
FRAME, PAYLOAD = 1500, 1448     # timestamps are on


class Places(unittest.TestCase):
    def setUp(self):
        self.dir = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.dir)

    def lab(self, text, *words, status=0, env=None):
        """Runs a scenario, and returns what is printed and what run.json has."""
        name = os.path.join(self.dir, "x.toml")
        with open(name, "w", encoding="utf-8") as f:
            f.write(text)
        r = subprocess.run(["/usr/bin/python3", LAB, "run", name, "-o", self.path("out"), *words],
                           capture_output=True, text=True, check=False, env=env)
        self.assertEqual(r.returncode, status, r.stdout + r.stderr)
        return r.stdout + r.stderr

    def path(self, *names):
        return os.path.join(self.dir, *names)

    def tables(self):
        """The bytes of each table of a run."""
        out = {}
        for name in ("samples", "events", "queue", "links"):
            with open(self.path("out", name + ".csv"), "rb") as f:
                out[name] = f.read()
        return out

    def json(self, folder="out"):
        with open(self.path(folder, "run.json"), encoding="utf-8") as f:
            return json.load(f)

    def rows(self, name):
        with open(self.path("out", name), encoding="ascii") as f:
            return list(csv.DictReader(f))

    def test_vm_physics(self):
        """Goodput without loss is the rate's part of payload; a full queue's wait; the same again."""
        text = 'time = "8s"\n' + KERNEL + LINK
        self.lab(text)
        run = self.json()
        self.assertEqual(run["invalid"], [])
        goodput = run["flows"]["k"]["goodput"]
        self.assertAlmostEqual(goodput / (1e7 * PAYLOAD / FRAME), 1, delta=0.01)
        line = FRAME * 8 / 10        # us of a packet
        waits = [int(r["sojourn_us"]) for r in self.rows("queue.csv")
                 if r["link"] == "x" and r["sojourn_us"] and int(r["pkts"]) >= 49]
        self.assertTrue(waits)
        self.assertAlmostEqual(max(waits), 50 * line, delta=line)
        before = self.tables()
        with contextlib.ExitStack() as loops:
            for _ in range(2):
                p = subprocess.Popen(["sh", "-c", "while :; do :; done"])
                loops.callback(p.wait)
                loops.callback(p.kill)
            self.lab(text, "--again")
        self.assertEqual(self.tables(), before)

    def test_vm_beside(self):
        """Both stacks at once over IPv6, a lost packet by its number, a picture."""
        out = self.lab('ip = 6\ntime = "3s"\nflow = [ { name = "a" }, { name = "k", '
                       'stack = "kernel" }, { name = "p", kind = "udp-ping" } ]\n' + LINK +
                       'loss = "at 40"\n', "--plot")
        self.assertNotIn("INVALID", out)
        run = self.json()
        for name in ("a", "k"):
            self.assertGreater(run["flows"][name]["goodput"], 1e6)
        drops = [r for r in self.rows("events.csv") if r["event"] == "drop" and
                 r["detail"] == "loss"]
        self.assertEqual([r["end"] for r in drops], ["x"])
        resent = [r for r in self.rows("events.csv") if r["seq"] == drops[0]["seq"] and
                  r["flow"] == drops[0]["flow"] and r["end"] == "snd"]
        self.assertTrue(resent or drops[0]["len"] in ("", "0"), drops)
        self.assertTrue(os.path.getsize(self.path("out", "seq.svg")))

    def test_vm_what_the_kernel_says(self):
        """A lost tail, a lost window and a late packet: TLP, time-out and undo by name."""
        self.lab('time = "6s"\nflow = [ { name = "tail", stack = "kernel", bytes = "100kB", '
                 'path = ["t"] }, { name = "all", stack = "kernel", bytes = "100kB", '
                 'path = ["r"] }, { name = "late", stack = "kernel", path = ["u"] } ]\n' +
                 "".join('[link.%s]\nrate = "10Mbit"\ndelay = "20ms"\n%s\n' % link for link in (
                     ("t", 'loss = "at 72"'), ("r", 'loss = "at 40-90"'),
                     ("u", 'reorder = "1% 60ms"'))))
        self.assertEqual(self.json()["invalid"], [])
        found = {(r["flow"], r["event"]) for r in self.rows("events.csv") if r["end"] == "snd"}
        for what in (("tail", "tlp"), ("all", "rto"), ("late", "undo")):
            self.assertIn(what, found)
        resent = [r["detail"] for r in self.rows("events.csv") if r["flow"] == "tail" and
                  "retransmit" in r["event"]]
        self.assertEqual(resent, ["tlp"])

    def test_vm_grid(self):
        """Four cells; the second time none of them runs."""
        grid = ("--vary", "flow1.stack=atcp,kernel", "--vary", "x.loss=0,1%")
        text = 'time = "1s"\nflow = [ {} ]\n' + LINK
        out = self.lab(text, *grid)
        self.assertEqual(out.count("goodput"), 4, out)
        self.assertIn("4 of 4 runs are there already", self.lab(text, *grid))

    def test_vm_queue_of_the_kernel(self):
        """fq_codel with ECN, marks instead of losses, and packets are conserved."""
        self.lab('time = "4s"\nsysctl = { "net.ipv4.tcp_ecn" = 1 }\n' + KERNEL +
                 LINK.replace('"50p"', '{ aqm = "fq_codel", ecn = true }'))
        run = self.json()
        self.assertEqual(run["invalid"], [])
        self.assertGreater(run["links"]["x"]["marks"], 0)
        self.assertEqual(run["links"]["x"]["drops"], 0)
        self.assertAlmostEqual(run["flows"]["k"]["goodput"] / (1e7 * PAYLOAD / FRAME), 1, delta=0.1)

    def test_vm_command(self):
        """A program of this machine in the VM; its own figure agrees within a percent."""
        if not shutil.which("iperf3"):
            self.skipTest("no iperf3")
        self.lab('time = "9s"\nflow = [ { name = "i", stack = "kernel", start = "500ms", '
                 'command = "iperf3 -J -c $PEER -t 5", server = "iperf3 -s -1" } ]\n' + LINK)
        with open(self.path("out", "i-command.log"), encoding="utf-8") as f:
            said = json.load(f)["end"]["sum_received"]["bytes"]
        run = self.json()
        self.assertEqual(run["invalid"], [])
        self.assertAlmostEqual(run["flows"]["i"]["delivered"] / said, 1, delta=0.01)

    def test_vm_dies(self):
        """A VM that does not end leaves the seed and its last words."""
        out = self.lab('time = "20min"\n' + KERNEL + LINK, "--limit", "8", "--seed", "7", status=1)
        self.assertRegex(out, "seed 7: the VM ended without records .*not done in 8 s.*last words")

    def test_vm_too_fast(self):
        """Above what the processor can do a run is INVALID."""
        out = self.lab('time = "1s"\nflow = [ %s ]\n[link.x]\ndelay = "100us"\n' % (
            '{ stack = "kernel" }, ' * 8))
        self.assertIn("INVALID: ", out)

    def simulator(self, top, build):
        r = subprocess.run(["make", "-s", "-C", os.path.join(top, "selftests/sim"),
                            "BUILD=" + build, "lab"], capture_output=True, text=True, check=False)
        self.assertEqual(r.returncode, 0, r.stderr)

    def seeds(self, folder, names):
        """The goodput of each seed, with flows by their names in a table of ratios."""
        out = []
        for n in range(1, 21):
            run = self.json(os.path.join(folder, "seed-%d" % n))
            out.append({"flows": {new: run["flows"][old] for old, new in names.items()}})
        return out

    def test_sim_same_and_less(self):
        """The same under two names is no difference; a window that is a tenth smaller is one."""
        self.simulator(TOP, BUILD)
        text = 'time = "20s"\nseeds = 20\nflow = [ { name = "a" }, { name = "b" } ]\n' + \
            LINK + 'loss = "0.5%"\n'
        self.lab(text, "--on", "sim", "--against", "a")
        self.assertIn("no difference shown",
                      runs.compare(self.seeds("out", {"a": "a", "b": "b"}), "a", "b", "goodput"))
        text = text.replace(', { name = "b" }', "")
        self.lab(text, "--on", "sim")
        before = self.seeds("out", {"a": "before"})
        for folder in ("module", "userspace", "selftests/sim"):
            shutil.copytree(os.path.join(TOP, folder), self.path("tree", folder))
        core = self.path("tree/module/core/output.c")
        with open(core, encoding="utf-8") as f:
            whole = f.read()
        found = re.search(r"\nstatic u32 cwnd_room\(.*?\n}\n", whole, re.S)[0]
        self.assertIn("c->cc.cwnd", found)
        with open(core, "w", encoding="utf-8") as f:
            f.write(whole.replace(found, found.replace("c->cc.cwnd", "(c->cc.cwnd / 10 * 9)")))
        self.simulator(self.path("tree"), self.path("build"))
        self.lab(text, "--on", "sim", env={**os.environ, "ATCP_BUILD": self.path("build")})
        both = [{"flows": {**a["flows"], **b["flows"]}}
                for a, b in zip(before, self.seeds("out", {"a": "after"}))]
        self.assertRegex(runs.compare(both, "before", "after", "goodput"), "  less$")

    def test_sim(self):
        self.simulator(TOP, BUILD)
        text = 'time = "8s"\n' + ATCP + LINK
        self.lab(text, "--on", "sim")
        run = self.json()
        self.assertEqual(run["invalid"], [])
        self.assertGreater(run["flows"]["a"]["goodput"], 1e6)
        self.assertIn("the kernel's TCP", self.lab('time = "1s"\n' + KERNEL + LINK, "--on", "sim",
                                                   "--again", status=1))

    def cc_files(self):
        """Builds the example of a congestion control with the headers as they are installed."""
        rel, _, root = machine.kernel("6.1")
        shutil.copytree(os.path.join(TOP, "selftests/cc"), self.path("cc"))
        env = {**os.environ, "ATCP_BUILD": BUILD, "DESTDIR": self.path("to"), "PREFIX": "/usr"}
        for words in ([os.path.join(TOP, "userspace/install"), "--programs"],
                      ["make", "-C", self.path("cc"),
                       "KDIR=%s/usr/src/linux-headers-%s" % (root, rel),
                       "ATCP_INCLUDE=" + self.path("to/usr/include"), "ATCP_SYMVERS=" + os.path.join(
                           os.path.dirname(machine.module(rel, root)), "Module.symvers")]):
            r = subprocess.run(words, capture_output=True, text=True, check=False, env=env)
            self.assertEqual(r.returncode, 0, r.stdout + r.stderr)

    def grown(self, flow):
        """By how many segments cwnd has grown from 3 s to 5 s."""
        rows = [r for r in self.rows("samples.csv") if r["flow"] == flow]
        pkts = [next(float(r["cwnd_pkts"]) for r in rows if float(r["t_s"]) >= t) for t in (3, 5)]
        return pkts[1] - pkts[0]

    def test_cc_files(self):
        """One file in the simulator and in a kernel: two segments a round trip, beside Reno's one."""
        self.simulator(TOP, BUILD)
        self.cc_files()
        text = 'time = "6s"\ncc_files = ["cc/aimd.so", "cc/aimd.ko"]\nflow = [ ' \
            '{ name = "mine", cc = "aimd", path = ["a"] }, ' \
            '{ name = "reno", cc = "reno", path = ["b"] } ]\n' + \
            "".join('[link.%s]\ndelay = "50ms"\nloss = "at 200"\n' % link for link in "ab")
        for on in ("sim", "vm"):
            with self.subTest(on):
                self.lab(text, "--on", on, "--again")
                self.assertAlmostEqual(self.grown("mine"), 40, delta=2)
                self.assertAlmostEqual(self.grown("reno"), 20, delta=1)
        out = self.lab(text.replace("aimd.so", "none.so"), "--on", "sim", status=1)
        self.assertIn("cc_files: there is no ", out)
        with open(self.path("cc/none.so"), "w", encoding="ascii") as f:
            f.write("no object\n")
        out = self.lab(text.replace("aimd.so", "none.so"), "--on", "sim", status=1)
        self.assertIn("cc/none.so: file too short", out)

    def test_sim_and_vm(self):
        """The same flow in both: goodput, segments sent again and the mean queue agree."""
        self.simulator(TOP, BUILD)
        out = self.lab('time = "6s"\n' + ATCP + LINK + 'loss = "0.5%"\n', "--vary", "on=sim,vm",
                       "--against", "on=sim")
        ratios = dict(re.findall(r"(\w+) / with on=sim ([0-9.]+)", out))
        for what, most in (("goodput", 0.1), ("resent", 0.15), ("queue", 0.2)):
            self.assertAlmostEqual(float(ratios[what]), 1, delta=most, msg=out)

    def test_here(self):
        """In real time, as root of a VM; no namespace and no probe is left."""
        name = self.path("x.toml")
        with open(name, "w", encoding="utf-8") as f:
            f.write('time = "3s"\nflow = [ { name = "a" }, { name = "k", stack = "kernel" } ]\n' +
                    LINK.replace("10Mbit", "2Mbit"))
        script = "modprobe tun && %s run --on here %s -o $ATCP_OUT/run && ip netns && " \
                 "cat /sys/kernel/tracing/kprobe_events && ls /sys/kernel/tracing/instances" % (
                     LAB, name)
        variant = os.environ.get("ATCP_VARIANT")
        module = "atcp"
        if variant:
            found = [d for d in os.listdir(BUILD) if d.startswith("6.1.") and
                     d.endswith("-" + variant)]
            module = os.path.join(BUILD, found[0], "atcp.ko")
        r = subprocess.run([os.path.join(TOP, "selftests/vm/vm"), "-s", "-t", "300", "-o",
                            self.path("vm"), "-m", module, "sh", "-c", script],
                           capture_output=True, text=True, check=False)
        self.assertEqual(r.returncode, 0, r.stdout + r.stderr)
        with open(self.path("vm", "run", "run.json"), encoding="utf-8") as f:
            run = json.load(f)
        for name in ("a", "k"):
            self.assertGreater(run["flows"][name]["delivered"], 0)
        self.assertEqual([w for w in run["invalid"] if "conserved" in w or "outside" in w], [])
        # Nothing is printed behind the table.
        self.assertRegex(r.stdout.splitlines()[-1], "^  x  ")


if __name__ == "__main__":
    ktap.main()
