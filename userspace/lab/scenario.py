# SPDX-License-Identifier: GPL-2.0
"""Scenarios: from a TOML file to a checked, complete description, and to what runs it.

A scenario that makes no sense raises Wrong with all that is wrong in it, each with file,
line, the key's path, and the nearest right name.
"""

import ast
import difflib
import math
import os
import random
import re
import tomllib

TIME = {"us": 1, "ms": 1000, "s": 1000000, "min": 60000000, "h": 3600000000}
RATE = {"bit": 1, "kbit": 1000, "Mbit": 1000000, "Gbit": 1000000000}
SIZE = {"B": 1, "kB": 1000, "MB": 1000000, "GB": 1000000000, "KiB": 1024, "MiB": 1048576}
# Congestion controls that Debian's kernels have.
KERNEL_CC = ["reno", "cubic", "bbr", "bic", "cdg", "dctcp", "highspeed", "htcp", "hybla",
             "illinois", "lp", "nv", "scalable", "vegas", "veno", "westwood", "yeah"]
AQMS = ["fq_codel", "codel", "fq_pie", "pie", "cake", "red"]
RECORDS = ["samples", "events", "queue", "wire"]
LINK_METRICS = ["drops", "marks", "queue", "sojourn"]
FLOW_METRICS = ["goodput", "delivered", "resent", "rtt", "min_rtt", "answer", "lost"]
# Socket options by name: level and number; those of TCP are the same for atcp.
OPTIONS = {
    "TCP_NODELAY": (6, 1), "TCP_CORK": (6, 3), "TCP_QUICKACK": (6, 12),
    "TCP_WINDOW_CLAMP": (6, 10), "TCP_NOTSENT_LOWAT": (6, 25), "TCP_MAXSEG": (6, 2),
    "TCP_KEEPIDLE": (6, 4), "TCP_USER_TIMEOUT": (6, 18), "SO_SNDBUF": (1, 7),
    "SO_RCVBUF": (1, 8), "SO_MAX_PACING_RATE": (1, 47), "SO_PRIORITY": (1, 12),
}
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*$")
OURS = "net.atcp."      # sysctls that the simulator has
DEFAULT_TIME = 10000000
LEAST_QUEUE = 16        # packets, of a queue of so many BDP


class Wrong(Exception):
    """What is wrong with a scenario: lines for the user."""

    def __init__(self, lines):
        super().__init__("\n".join(lines))
        self.lines = lines


class Odd(Exception):
    """One value that makes no sense."""


def near(word, known):
    """The end of a message: the nearest right name, or all of them."""
    found = difflib.get_close_matches(str(word), known, 1, 0.5)
    if found:
        return '; the nearest is "%s"' % found[0]
    return "; there is " + ", ".join(known)


# ---------------------------------------------------------------- lines

def lines_of(text):
    """The line of each key and element of a valid TOML text, by its path."""
    at = {}
    end = len(text)

    def line(i):
        return text.count("\n", 0, i) + 1

    def blank(i, marks=" \t"):
        while i < end and (text[i] in marks or text[i] == "#"):
            if text[i] == "#":
                while i < end and text[i] != "\n":
                    i += 1
            else:
                i += 1
        return i

    def string(i):
        for quote in ('"""', "'''", '"', "'"):
            if text.startswith(quote, i):
                i += len(quote)
                while not text.startswith(quote, i):
                    i += 2 if text[i] == "\\" and quote[0] == '"' else 1
                return i + len(quote)
        return i

    def key(i):
        parts = []
        while True:
            i = blank(i)
            begin = i
            if text[i] in "\"'":
                i = string(i)
                parts.append(text[begin + 1:i - 1])
            else:
                while text[i] not in " \t=.]":
                    i += 1
                parts.append(text[begin:i])
            i = blank(i)
            if text[i] != ".":
                return tuple(parts), i
            i += 1

    def pair(i, table):
        parts, j = key(i)
        path = table + parts
        for n in range(len(table), len(path)):
            at.setdefault(path[:n + 1], line(i))
        return value(blank(j + 1), path)

    def value(i, path):
        if text[i] in "\"'":
            return string(i)
        if text[i] == "[":
            n = 0
            i = blank(i + 1, " \t\r\n,")
            while text[i] != "]":
                at[path + (n,)] = line(i)
                i = blank(value(i, path + (n,)), " \t\r\n,")
                n += 1
            return i + 1
        if text[i] == "{":
            i = blank(i + 1, " \t\r\n,")
            while text[i] != "}":
                i = blank(pair(i, path), " \t\r\n,")
            return i + 1
        while i < end and text[i] not in ",]}\n#":
            i += 1
        return i

    table = ()
    counts = {}
    i = blank(0, " \t\r\n")
    while i < end:
        if text[i] == "[":
            many = text.startswith("[[", i)
            table, j = key(i + 1 + many)
            at.setdefault(table, line(i))
            if many:
                n = counts[table] = counts.get(table, -1) + 1
                table += (n,)
                at[table] = line(i)
            i = j + 1 + many
        else:
            i = pair(i, table)
        i = blank(i, " \t\r\n")
    return at


# ---------------------------------------------------------------- values

def quantity(value, units, what):
    """A number with a unit, as an integer of the smallest unit."""
    if value == 0 or value == "0":
        return 0
    m = re.match(r"([0-9]+(?:\.[0-9]+)?) ?([A-Za-z]+)$", value) if isinstance(value, str) else None
    if not m:
        raise Odd('%r is no %s: write it as "10%s"' % (value, what, list(units)[1]))
    if m.group(2) not in units:
        raise Odd('"%s" is no unit of a %s%s' % (m.group(2), what, near(m.group(2), list(units))))
    return round(float(m.group(1)) * units[m.group(2)])


def time(value):
    return quantity(value, TIME, "time")


def rate(value):
    return quantity(value, RATE, "rate")


def size(value):
    return quantity(value, SIZE, "size")


def chance(value):
    """Parts per million of "0.1%"."""
    if value == 0 or value == "0":
        return 0
    m = re.match(r"([0-9]+(?:\.[0-9]+)?) ?%$", value) if isinstance(value, str) else None
    if not m or float(m.group(1)) > 100:
        raise Odd('%r is no part of packets: write it as "0.1%%", up to "100%%"' % (value,))
    return round(float(m.group(1)) * 10000)


def packets(value):
    m = re.match(r"([0-9]+) ?p$", value) if isinstance(value, str) else None
    if not m:
        raise Odd('%r is no number of packets: write it as "100p"' % (value,))
    return int(m.group(1))


def loss(value):
    """The keys of a link's line for "0.1%", "at 17,205-209" or "gilbert 1% 25%"."""
    words = value.split() if isinstance(value, str) else []
    if words[:1] == ["gilbert"]:
        if len(words) not in (3, 4):
            raise Odd('%r: "gilbert" takes two chances: good to bad, bad to good; and a third, '
                      "the loss while bad" % value)
        return {"gilbert_ppm": ",".join(str(chance(w)) for w in words[1:])}
    if words[:1] == ["at"]:
        which = "".join(words[1:])
        if not re.match(r"[1-9][0-9]*(-[1-9][0-9]*)?(,[1-9][0-9]*(-[1-9][0-9]*)?)*$", which):
            raise Odd('%r: "at" takes numbers of packets: "at 17,205-209"' % value)
        for part in which.split(","):
            first, _, last = part.partition("-")
            if last and int(last) < int(first):
                raise Odd("%r: %s ends before it begins" % (value, part))
        if which.count(",") >= 64:
            raise Odd("at most 64 ranges of packets")
        return {"loss_at": which}
    if words and not words[0][0].isdigit():
        raise Odd('"%s" is no kind of loss%s' % (words[0], near(words[0], ["at", "gilbert"])))
    return {"loss_ppm": chance(value)}


def queue(value):
    """The keys of a link's line; bdp: so many BDP, which are not known here yet."""
    if isinstance(value, dict):
        known = ["aqm", "ecn", "limit"]
        for k in value:
            if k not in known:
                raise Odd('a queue has no key "%s"%s' % (k, near(k, known)))
        if value.get("aqm") not in AQMS:
            raise Odd('%r is no queue of the kernel\'s%s' % (value.get("aqm"),
                                                              near(value.get("aqm"), AQMS)))
        if not isinstance(value.get("ecn", False), bool):
            raise Odd("ecn is true or false")
        if value.get("ecn") and value["aqm"] == "cake":
            raise Odd("cake has no such setting; it always marks")
        if "limit" in value:
            packets(value["limit"])
        return {"aqm": value}
    text = value if isinstance(value, str) else ""
    m = re.match(r"([0-9]+(?:\.[0-9]+)?) ?bdp$", text)
    if m:
        return {"bdp": float(m.group(1))}
    if re.match(r"[0-9]+ ?p$", text):
        if not packets(text):
            raise Odd("a queue of no packet is a link that loses what it cannot send at once; "
                      'the least is "1p"')
        return {"queue_pkts": packets(text)}
    if re.match(r"[0-9.]+ ?[kKMG]?i?B$", text):
        return {"queue_bytes": size(text)}
    raise Odd('%r is no queue: write "1bdp", "100p", "64kB" or { aqm = "fq_codel" }' % (value,))


def police(value):
    if not isinstance(value, dict) or set(value) != {"rate", "burst"}:
        raise Odd('a policer is { rate = "5Mbit", burst = "20kB" }')
    return {"police_bps": rate(value["rate"]), "police_bytes": size(value["burst"])}


def reorder(value):
    words = value.split() if isinstance(value, str) else []
    if len(words) != 2:
        raise Odd('%r: write how many, and how much later they come: "3%% 10ms"' % (value,))
    return {"reorder_ppm": chance(words[0]), "reorder_us": time(words[1])}


LINK = {
    "rate": lambda v: {"rate_bps": rate(v)},
    "delay": lambda v: {"delay_us": time(v)},
    "queue": queue,
    "loss": loss,
    "mark": lambda v: {"mark_pkts": packets(v)},
    "police": police,
    "duplicate": lambda v: {"dup_ppm": chance(v)},
    "reorder": reorder,
    "jitter": lambda v: {"jitter_us": time(v)},
}


# ---------------------------------------------------------------- the whole

class Reader:
    """Reads one document, and collects what is wrong with it."""

    def __init__(self, doc, name, text, tree):
        self.doc = doc
        self.name = name
        self.lines = lines_of(text)
        self.tree = tree
        self.wrong = []

    def say(self, path, what):
        line = None
        for n in range(len(path), 0, -1):
            line = self.lines.get(tuple(path[:n]))
            if line:
                break
        where = ""
        for p in path:
            where += "[%d]" % p if isinstance(p, int) else ("." if where else "") + p
        text = "%s%s: %s%s" % (self.name, ":%d" % line if line else "",
                               where + ": " if where else "", what)
        if text not in self.wrong:
            self.wrong.append(text)

    def get(self, table, path, key, convert, default=None):
        if key not in table:
            return default
        try:
            return convert(table[key])
        except Odd as e:
            self.say(path + (key,), str(e))
            return default

    def known(self, table, path, keys, of):
        if not isinstance(table, dict):
            self.say(path, "this is a table: { ... }")
            return {}
        for k in table:
            if k not in keys:
                self.say(path + (k,), '%s has no key "%s"%s' % (of, k, near(k, keys)))
        return table

    # ------------------------------------------------------------ links

    def link_keys(self, table, path):
        out = {}
        for k, convert in LINK.items():
            out.update(self.get(table, path, k, convert, {}))
        return out

    def link(self, name, table):
        path = ("link", name)
        if not NAME.match(name):
            self.say(path, "a name is letters, digits and _")
        table = self.known(table, path, list(LINK) + ["back", "at"], "a link")
        there = self.link_keys(table, path)
        own = self.known(table.get("back", {}), path + ("back",), list(LINK), "the way back")
        back = {k: v for k, v in there.items() if k != "loss_at"}
        if own:
            for k in own:
                # What a key had set is replaced whole.
                if k in table and k in LINK:
                    for old in self.get(table, path, k, LINK[k], {}):
                        back.pop(old, None)
            back.update(self.link_keys(own, path + ("back",)))
        changes = []
        at = table.get("at", [])
        if not isinstance(at, list):
            self.say(path + ("at",), 'this is a list: [ { t = "10s", rate = "5Mbit" } ]')
            at = []
        for n, c in enumerate(at):
            where = path + ("at", n)
            allowed = [k for k in LINK if k != "queue"] + ["queue", "t", "back"]
            c = self.known(c, where, allowed, "a change")
            if "t" not in c:
                self.say(where, 'a change needs its time: t = "10s"')
                continue
            keys = self.link_keys(c, where)
            for bad in ("loss_at", "bdp", "aqm"):
                if bad in keys:
                    self.say(where, "this cannot change while it runs")
                    keys.pop(bad)
            other = {k: v for k, v in keys.items() if not own or k not in self.link_keys(own, path)}
            if "back" in c:
                other = self.link_keys(self.known(c["back"], where + ("back",), list(LINK),
                                                  "the way back"), where + ("back",))
            changes.append((self.get(c, where, "t", time, 0), keys, other))
        return {"name": name, "there": there, "back": back, "at": changes}

    def queues(self, links, mtu):
        """Fills in queues of so many BDP: of the whole path's round trip."""
        rtt = sum(link[d].get("delay_us", 0) for link in links for d in ("there", "back"))
        for link in links:
            for d in ("there", "back"):
                k = link[d]
                if "aqm" in k and (not k.get("rate_bps") or self.doc.get("ip") == 6 or link["at"]):
                    self.say(("link", link["name"], "queue"), "a queue of the kernel's needs a "
                             "rate, over IPv4, without changes while it runs")
                if "aqm" in k or "queue_pkts" in k or "queue_bytes" in k or not k.get("rate_bps"):
                    if "bdp" in k and "rate" not in self.doc["link"][link["name"]]:
                        self.say(("link", link["name"], "queue"),
                                 "a queue of so many BDP needs a rate")
                    continue
                bdp = k.pop("bdp", 1.0)
                k["queue_pkts"] = max(math.ceil(bdp * k["rate_bps"] * rtt / 8e6 / mtu), LEAST_QUEUE)
        return rtt

    # ------------------------------------------------------------ flows

    def one_of(self, table, path, key, known, default):
        value = table.get(key, default)
        if value not in known:
            self.say(path + (key,), "%r is none of its values%s" % (value, near(value, known)))
            return default
        return value

    def atcp_cc(self):
        """What the module of this tree has; None: not known."""
        if not self.tree:
            return None
        found = set()
        core = os.path.join(self.tree, "module/core")
        for f in os.listdir(core):
            if f.startswith("cc"):
                with open(os.path.join(core, f), encoding="utf-8") as t:
                    found.update(re.findall(r'\.name\s*=\s*"(\w+)"', t.read()))
        return sorted(found)

    def sysctls(self, table, path):
        out = {}
        for name, value in (table.items() if isinstance(table, dict) else ()):
            if not re.match(r"net\.[a-z0-9_]+\.[A-Za-z0-9_.-]+$", name):
                self.say(path + (name,), 'a sysctl of a network namespace begins with "net."; '
                         'write its name in quotes: "net.ipv4.tcp_sack" = 0')
            elif isinstance(value, (dict, list)):
                self.say(path + (name,), "its value is a number or a text")
            else:
                out[name] = str(int(value) if isinstance(value, bool) else value)
        if not isinstance(table, dict):
            self.say(path, 'this is a table: { "net.ipv4.tcp_sack" = 0 }')
        return out

    def options(self, table, path):
        out = []
        for name, value in (table.items() if isinstance(table, dict) else ()):
            if name not in OPTIONS:
                self.say(path + (name,), "no such option of a socket" + near(name, list(OPTIONS)))
            elif not isinstance(value, int):
                self.say(path + (name,), "its value is a number")
            else:
                out.append("%d:%d:%d" % (OPTIONS[name] + (int(value),)))
        if not isinstance(table, dict) or len(table) > 8:
            self.say(path, "this is a table of up to 8 options: { TCP_NODELAY = 1 }")
        return out

    KINDS = ["bulk", "answer", "udp-ping", "command"]
    FLOW = ["name", "stack", "carrier", "cc", "kind", "start", "stop", "bytes", "answer", "think",
            "every", "size", "command", "server", "direction", "path", "sndbuf", "rcvbuf", "options",
            "sysctl"]

    def flow(self, n, table, links, until):
        path = ("flow", n)
        table = self.known(table, path, self.FLOW, "a flow")
        kind = "bulk"
        for k, its in (("answer", "answer"), ("command", "command"), ("every", "udp-ping")):
            if k in table:
                kind = its
        f = {
            "name": table.get("name", "flow%d" % (n + 1)),
            "kind": self.one_of(table, path, "kind", self.KINDS, kind),
            "stack": self.one_of(table, path, "stack", ["atcp", "kernel"], "atcp"),
            "carrier": self.one_of(table, path, "carrier", ["tcp", "253"], "tcp"),
            "dir": self.one_of(table, path, "direction", ["forward", "back"], "forward"),
            "cc": table.get("cc"),
            "start_us": self.get(table, path, "start", time, 0),
            "stop_us": self.get(table, path, "stop", time, until),
            "bytes": self.get(table, path, "bytes", size, 0),
            "answer_bytes": self.get(table, path, "answer", size, 0),
            "think_us": self.get(table, path, "think", time, 0),
            "every_us": self.get(table, path, "every", time, 10000),
            "size": self.get(table, path, "size", size, 64),
            "sndbuf": self.get(table, path, "sndbuf", size, 0),
            "rcvbuf": self.get(table, path, "rcvbuf", size, 0),
            "command": table.get("command"),
            "server": table.get("server"),
            "options": self.options(table.get("options", {}), path + ("options",)),
            "sysctl": self.sysctls(table.get("sysctl", {}), path + ("sysctl",)),
            "path": table.get("path"),
        }
        if not isinstance(f["name"], str) or not NAME.match(f["name"]):
            self.say(path + ("name",), "a name is letters, digits and _")
            f["name"] = "flow%d" % (n + 1)
        if f["stack"] == "kernel" and "carrier" in table and f["carrier"] != "tcp":
            self.say(path + ("carrier",), "the kernel's TCP has no carrier but tcp")
        if f["cc"] is not None:
            known = KERNEL_CC if f["stack"] == "kernel" else self.atcp_cc()
            if f["kind"] == "udp-ping":
                self.say(path + ("cc",), "a ping has no congestion control")
            elif known is not None and f["cc"] not in known:
                self.say(path + ("cc",), '%s has no congestion control %r%s' % (
                    f["stack"] if f["stack"] == "atcp" else "the kernel", f["cc"],
                    near(f["cc"], known)))
        if f["start_us"] >= until:
            self.say(path + ("start",), "it starts when the run is over")
        elif f["stop_us"] <= f["start_us"]:
            self.say(path + ("stop",), "it stops before it starts")
        if f["kind"] == "answer" and not f["answer_bytes"]:
            self.say(path, 'a flow of answers needs their size: answer = "100kB"')
        if f["kind"] == "udp-ping" and not (8 <= f["size"] <= 1400 and f["every_us"] >= 100):
            self.say(path, "a ping has 8 to 1400 bytes, at most one in 100us")
        if f["kind"] == "command" and not (isinstance(f["command"], str) and f["command"].strip()):
            self.say(path, 'a command is needed: command = "curl http://..."')
        for k in ("command", "server"):
            if f[k] is not None and (not isinstance(f[k], str) or "\n" in f[k]):
                self.say(path + (k,), "a command is one line")
        if f["kind"] == "command" and (f["options"] or f["cc"]):
            self.say(path, "a command sets options and congestion control by itself")
        if f["path"] is not None:
            names = [link["name"] for link in links]
            if not isinstance(f["path"], list) or not f["path"]:
                self.say(path + ("path",), "this is a list of links")
                f["path"] = None
            for p in f["path"] or []:
                if p not in names:
                    self.say(path + ("path",), 'there is no link "%s"%s' % (p, near(p, names)))
        return f

    # ------------------------------------------------------------ expectations

    def expect(self, n, text, names):
        """Checks the names in an expectation."""
        path = ("expect", n)
        try:
            tree = ast.parse(text, mode="eval")
        except (SyntaxError, TypeError, ValueError):
            self.say(path, '%r cannot be read: write "mine.goodput >= 0.9 * cubic.goodput"' % text)
            return
        inside = set()
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                inside.add(node.value)
                if node.value.id not in names:
                    self.say(path, 'there is no flow or link "%s"%s' % (
                        node.value.id, near(node.value.id, list(names))))
                elif node.attr not in names[node.value.id]:
                    self.say(path, '%s has no "%s"%s' % (
                        node.value.id, node.attr, near(node.attr, names[node.value.id])))
            elif not isinstance(node, ALLOWED) and node not in inside:
                self.say(path, "%r: only names, numbers, + - * /, comparisons, and, or" % text)
                return
        if not isinstance(tree.body, (ast.Compare, ast.BoolOp)):
            self.say(path, "%r compares nothing" % text)

    TOP = ["time", "seeds", "expect", "flow", "link", "sample", "mtu", "ip", "record", "sysctl",
           "about"]

    def count(self, table, key, default, least, most):
        value = table.get(key, default)
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            self.say((key,), "%r is no number from %d to %d" % (value, least, most))
            return default
        return value

    def whole(self):
        doc = self.known(self.doc, (), self.TOP, "a scenario")
        s = {
            "time_us": self.get(doc, (), "time", time, DEFAULT_TIME),
            "seeds": self.count(doc, "seeds", 1, 1, 100000),
            "sample_us": self.get(doc, (), "sample", time, 10000),
            "mtu": self.count(doc, "mtu", 1500, 576, 9000),
            "ip": self.one_of(doc, (), "ip", [4, 6], 4),
            "record": doc.get("record", RECORDS),
            "sysctl": self.sysctls(doc.get("sysctl", {}), ("sysctl",)),
        }
        if not 1000 <= s["time_us"] <= 24 * TIME["h"]:
            self.say(("time",), 'a run lasts from "1ms" to "24h"')
            s["time_us"] = DEFAULT_TIME
        if not 100 <= s["sample_us"]:
            self.say(("sample",), 'the least is "100us"')
            s["sample_us"] = 10000
        if not isinstance(s["record"], list) or [r for r in s["record"] if r not in RECORDS]:
            self.say(("record",), "a list of " + ", ".join(RECORDS))
        links = doc.get("link", {})
        if not isinstance(links, dict) or not links:
            self.say(("link",), "a scenario needs a link: [link.bottleneck]")
            links = {}
        if len(links) > 16:
            self.say(("link",), "at most 16 links")
        s["links"] = [self.link(name, table) for name, table in links.items()]
        s["rtt_us"] = self.queues(s["links"], s["mtu"])
        flows = doc.get("flow", [])
        if not isinstance(flows, list) or not flows:
            self.say(("flow",), 'a scenario needs a flow: flow = [ { name = "mine" } ]')
            flows = []
        if len(flows) > 200:
            self.say(("flow",), "at most 200 flows")
        s["flows"] = [self.flow(n, f, s["links"], s["time_us"]) for n, f in enumerate(flows)]
        names = {link["name"]: LINK_METRICS for link in s["links"]}
        for n, f in enumerate(s["flows"]):
            if f["name"] in names:
                self.say(("flow", n, "name"), 'there are two "%s"' % f["name"])
            names[f["name"]] = FLOW_METRICS
        s["expect"] = doc.get("expect", [])
        if not isinstance(s["expect"], list):
            self.say(("expect",), "this is a list of texts")
            s["expect"] = []
        for n, text in enumerate(s["expect"]):
            self.expect(n, text, names)
        if self.wrong:
            raise Wrong(self.wrong)
        return s


ALLOWED = (ast.Expression, ast.Compare, ast.BoolOp, ast.And, ast.Or, ast.BinOp, ast.UnaryOp,
           ast.USub, ast.Add, ast.Sub, ast.Mult, ast.Div, ast.Constant, ast.Attribute, ast.Load,
           ast.Lt, ast.LtE, ast.Gt, ast.GtE, ast.Eq, ast.NotEq)


def load(name):
    """The document and its text."""
    try:
        with open(name, encoding="utf-8") as f:
            text = f.read()
    except (OSError, UnicodeDecodeError) as e:
        raise Wrong(["%s: %s" % (name, getattr(e, "strerror", None) or "is no text")]) from e
    try:
        return tomllib.loads(text), text
    except tomllib.TOMLDecodeError as e:
        m = re.match(r"(.*) \(at line (\d+), column (\d+)\)$", str(e))
        line = m.group(2) if m else str(text.count("\n") + 1)
        raise Wrong(["%s:%s: not TOML: %s" % (name, line, m.group(1) if m else e)]) from e


def read(doc, name="scenario", text="", tree=None):
    """Checks a document, and returns it complete."""
    return Reader(doc, name, text, tree).whole()


def table_of(doc, key, kind):
    """A part of a document, or an empty one if it is of another kind."""
    return doc[key] if isinstance(doc.get(key), type(kind)) else kind


def change(doc, key, value):
    """Sets a key in a document, as --vary and --set name it: rate, bottleneck.loss, mine.cc."""
    try:
        value = tomllib.loads("x = " + value)["x"]
    except tomllib.TOMLDecodeError:
        pass
    links = {k: v for k, v in table_of(doc, "link", {}).items() if isinstance(v, dict)}
    flows = [f for f in table_of(doc, "flow", []) if isinstance(f, dict)]
    of, _, last = key.rpartition(".")
    found = []
    if of in links:
        found = [links[of]]
    elif of:
        found = [f for n, f in enumerate(flows) if f.get("name", "flow%d" % (n + 1)) == of]
        if not found:
            names = list(links) + [f.get("name", "flow%d" % (n + 1)) for n, f in enumerate(flows)]
            raise Wrong(['%s: there is no flow or link "%s"%s' % (key, of, near(of, names))])
    elif key in LINK:
        found = list(links.values())
    elif key in Reader.FLOW:
        found = flows
    elif key in Reader.TOP:
        found = [doc]
    else:
        raise Wrong(['%s: there is no such key%s' % (
            key, near(key, list(LINK) + Reader.FLOW + Reader.TOP))])
    for table in found:
        table[last] = value


# ---------------------------------------------------------------- for what runs it

def refused_by_sim(s):
    """What the simulator does not have, by name."""
    out = []
    for f in s["flows"]:
        if f["kind"] == "command":
            out.append("flow %s: commands" % f["name"])
        elif f["stack"] == "kernel" and f["kind"] != "udp-ping":
            out.append("flow %s: the kernel's TCP" % f["name"])
        out += ["flow %s: %s" % (f["name"], k) for k in f["sysctl"] if not k.startswith(OURS)]
    for link in s["links"]:
        if "aqm" in link["there"]:
            out.append("link %s: the kernel's %s" % (link["name"], link["there"]["aqm"]["aqm"]))
    return out + [k for k in s["sysctl"] if not k.startswith(OURS)]


def pairs(s):
    """The pair of hosts of each flow, and the sysctls of each pair."""
    hosts = [s["sysctl"]]
    of = []
    for f in s["flows"]:
        if not f["sysctl"]:
            of.append(0)
            continue
        of.append(len(hosts))
        hosts.append({**s["sysctl"], **f["sysctl"]})
    return of, hosts


def description(s, seed, sim=False):
    """The lines that lab-link, lab-flow and the simulator read; it alone sets sysctls by them."""
    out = ["version 1", "seed %d" % seed, "time_us %d" % s["time_us"],
           "sample_us %d" % s["sample_us"], "ip %d" % s["ip"], "mtu %d" % s["mtu"],
           "wire %d" % ("wire" in s["record"])]

    def words(keys):
        return " ".join("%s=%s" % (k, v["aqm"] if k == "aqm" else v) for k, v in keys.items())

    for link in s["links"]:
        out.append("link %s %s" % (link["name"], words(link["there"])))
        out.append("link %s.back %s" % (link["name"], words(link["back"])))
    of, hosts = pairs(s)
    for n, f in enumerate(s["flows"]):
        # Each start is put off by up to a round trip, so that seeds differ without losses.
        shift = random.Random("%d start %d" % (seed, n)).randrange(max(s["rtt_us"], 1))
        keys = {"stack": f["stack"], "carrier": f["carrier"], "dir": f["dir"], "kind": f["kind"],
                "start_us": f["start_us"] + shift, "stop_us": f["stop_us"], "hosts": of[n]}
        if f["cc"]:
            keys["cc"] = f["cc"]
        for k in ("bytes", "answer_bytes", "think_us", "sndbuf", "rcvbuf"):
            if f[k]:
                keys[k] = f[k]
        if f["kind"] == "udp-ping":
            keys.update(every_us=f["every_us"], size=f["size"])
        if f["path"]:
            keys["path"] = ",".join(f["path"])
        out.append("flow %s %s" % (f["name"], " ".join(
            [words(keys)] + ["opt=" + o for o in f["options"]] +
            ["sysctl=%s:%s" % (k[len(OURS):], v) for k, v in hosts[of[n]].items() if sim])))
    for link in s["links"]:
        for at, there, back in link["at"]:
            for name, keys in ((link["name"], there), (link["name"] + ".back", back)):
                if keys:
                    out.append("at %d %s %s" % (at, name, words(keys)))
    return "\n".join(out) + "\n"
