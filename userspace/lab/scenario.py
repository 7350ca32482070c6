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
LEAST_QUEUE = 16        # packets, of a queue of so many BDP
WAYS = ("there", "back")


class Wrong(Exception):
    """What is wrong with a scenario: lines for the user."""

    def __init__(self, lines):
        super().__init__("\n".join(lines))
        self.lines = lines


class Odd(Exception):
    """One value that makes no sense; @inside: the path of what is wrong in it."""

    def __init__(self, what, *inside):
        super().__init__(what)
        self.inside = inside


def near(word, known):
    """The end of a message: the nearest right name, or all of them."""
    known = list(map(str, known))
    found = difflib.get_close_matches(str(word), known, 1, 0.5)
    if found:
        return '; the nearest is "%s"' % found[0]
    return "; there is " + ", ".join(known)


# ---------------------------------------------------------------- values

def quantity(units, what):
    """What makes an integer of the smallest unit of a number with a unit."""
    def convert(value):
        if value == 0 or value == "0":
            return 0
        m = re.match(r"([0-9]+(?:\.[0-9]+)?) ?([A-Za-z]+)$", str(value))
        if not m:
            raise Odd('%r is no %s: write it as "10%s"' % (value, what, list(units)[1]))
        if m[2] not in units:
            raise Odd('"%s" is no unit of a %s%s' % (m[2], what, near(m[2], units)))
        return round(float(m[1]) * units[m[2]])
    return convert


time = quantity(TIME, "time")
rate = quantity(RATE, "rate")
size = quantity(SIZE, "size")


def time_between(least, most, what):
    def convert(value):
        t = time(value)
        if not least <= t <= most:
            raise Odd(what)
        return t
    return convert


def number(least, most):
    def convert(value):
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            raise Odd("%r is no number from %d to %d" % (value, least, most))
        return value
    return convert


def one_of(*known):
    def convert(value):
        if value not in known:
            raise Odd("%r is none of its values%s" % (value, near(value, known)))
        return value
    return convert


def list_of(what, *known):
    def convert(value):
        if not isinstance(value, list) or any(known and v not in known for v in value):
            raise Odd(what)
        return value
    return convert


def line(value):
    if not isinstance(value, str) or "\n" in value:
        raise Odd("a command is one line")
    return value


def cc_files(value):
    if not isinstance(value, list) or len(value) > 8 or not all(
            isinstance(f, str) and f.endswith((".so", ".ko")) for f in value):
        raise Odd("a list of up to 8 files: NAME.so for the simulator, NAME.ko for a kernel")
    return value


def name(value):
    if not isinstance(value, str) or not NAME.match(value):
        raise Odd("a name is letters, digits and _")
    return value


def chance(value):
    """Parts per million of "0.1%"."""
    if value == 0 or value == "0":
        return 0
    m = re.match(r"([0-9]+(?:\.[0-9]+)?) ?%$", str(value))
    if not m or float(m[1]) > 100:
        raise Odd('%r is no part of packets: write it as "0.1%%", up to "100%%"' % (value,))
    return round(float(m[1]) * 10000)


def packets(value):
    m = re.match(r"([0-9]+) ?p$", str(value))
    if not m:
        raise Odd('%r is no number of packets: write it as "100p"' % (value,))
    return int(m[1])


def loss(value):
    """The keys of a link's line for "0.1%", "at 17,205-209" or "gilbert 1% 25%"."""
    words = str(value).split()
    if words[:1] == ["gilbert"]:
        if len(words) not in (3, 4):
            raise Odd('%r: "gilbert" takes two chances: good to bad, bad to good; and a third, '
                      "the loss while bad" % value)
        return {"gilbert_ppm": ",".join(str(chance(w)) for w in words[1:])}
    if words[:1] == ["at"]:
        which = "".join(words[1:])
        for part in which.split(","):
            m = re.match(r"([1-9][0-9]*)(?:-([1-9][0-9]*))?$", part)
            if not m:
                raise Odd('%r: "at" takes numbers of packets: "at 17,205-209"' % value)
            if int(m[2] or m[1]) < int(m[1]):
                raise Odd("%r: %s ends before it begins" % (value, part))
        if which.count(",") >= 64:
            raise Odd("at most 64 ranges of packets")
        return {"loss_at": which}
    if words and not words[0][0].isdigit():
        raise Odd('"%s" is no kind of loss%s' % (words[0], near(words[0], ["at", "gilbert"])))
    return {"loss_ppm": chance(value)}


def aqm(value):
    for k in value:
        if k not in ("aqm", "ecn", "limit"):
            raise Odd('a queue has no key "%s"%s' % (k, near(k, ["aqm", "ecn", "limit"])))
    kind = value.get("aqm")
    if kind not in AQMS:
        raise Odd("%r is no queue of the kernel's%s" % (kind, near(kind, AQMS)))
    if not isinstance(value.get("ecn", False), bool):
        raise Odd("ecn is true or false")
    if value.get("ecn") and kind == "cake":
        raise Odd("cake has no such setting; it always marks")
    packets(value.get("limit", "1p"))
    return {"aqm": value}


def queue(value):
    """The keys of a link's line; bdp: so many BDP, which are not known here yet."""
    if isinstance(value, dict):
        return aqm(value)
    text = str(value)
    m = re.match(r"([0-9]+(?:\.[0-9]+)?) ?bdp$", text)
    if m:
        return {"bdp": float(m[1])}
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
    words = str(value).split()
    if len(words) != 2:
        raise Odd('%r: write how many, and how much later they come: "3%% 10ms"' % (value,))
    return {"reorder_ppm": chance(words[0]), "reorder_us": time(words[1])}


def sysctls(table):
    if not isinstance(table, dict):
        raise Odd('this is a table: { "net.ipv4.tcp_sack" = 0 }')
    for key, value in table.items():
        if not re.match(r"net\.[a-z0-9_]+\.[A-Za-z0-9_.-]+$", key):
            raise Odd('a sysctl of a network namespace begins with "net."; '
                      'write its name in quotes: "net.ipv4.tcp_sack" = 0', key)
        if isinstance(value, (dict, list)):
            raise Odd("its value is a number or a text", key)
    return {k: str(int(v) if isinstance(v, bool) else v) for k, v in table.items()}


def options(table):
    if not isinstance(table, dict) or len(table) > 8:
        raise Odd("this is a table of up to 8 options: { TCP_NODELAY = 1 }")
    for key, value in table.items():
        if key not in OPTIONS:
            raise Odd("no such option of a socket" + near(key, OPTIONS), key)
        if not isinstance(value, int):
            raise Odd("its value is a number", key)
    return ["%d:%d:%d" % (OPTIONS[k] + (int(v),)) for k, v in table.items()]


# ---------------------------------------------------------------- keys

# The keys of a table: what each is called once it is read, what reads it, its default.
TOP = {
    "time": ("time_us", time_between(1000, 24 * TIME["h"], 'a run lasts from "1ms" to "24h"'),
             10000000),
    "seeds": ("seeds", number(1, 100000), 1),
    "expect": ("expect", list_of("this is a list of texts"), []),
    "sample": ("sample_us", time_between(100, math.inf, 'the least is "100us"'), 10000),
    "mtu": ("mtu", number(576, 9000), 1500),
    "ip": ("ip", one_of(4, 6), 4),
    "record": ("record", list_of("a list of " + ", ".join(RECORDS), *RECORDS), RECORDS),
    "sysctl": ("sysctl", sysctls, {}),
    "cc_files": ("cc_files", cc_files, []),
}
FLOW = {
    "name": ("name", name, None),
    "stack": ("stack", one_of("atcp", "kernel"), "atcp"),
    "carrier": ("carrier", one_of("tcp", "253"), "tcp"),
    "cc": ("cc", str, None),
    "kind": ("kind", one_of("bulk", "answer", "udp-ping", "command"), None),
    "start": ("start_us", time, 0),
    "stop": ("stop_us", time, None),
    "bytes": ("bytes", size, 0),
    "answer": ("answer_bytes", size, 0),
    "think": ("think_us", time, 0),
    "every": ("every_us", time, 10000),
    "size": ("size", size, 64),
    "command": ("command", line, None),
    "server": ("server", line, None),
    "direction": ("dir", one_of("forward", "back"), "forward"),
    "path": ("path", list_of("this is a list of links"), None),
    "sndbuf": ("sndbuf", size, 0),
    "rcvbuf": ("rcvbuf", size, 0),
    "options": ("options", options, []),
    "sysctl": ("sysctl", sysctls, {}),
}
# What reads a link's key gives the keys of its line in the description.
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


def merged(keys):
    return {k: v for part in keys.values() for k, v in part.items()}


# ---------------------------------------------------------------- the whole

class Reader:
    """Reads one document, and collects what is wrong with it."""

    def __init__(self, doc, file, text, tree):
        self.doc, self.file, self.text, self.tree = doc, file, text, tree
        self.wrong = []

    def place(self, path):
        """The line of a key or an element.

        Each place of the key's name in the text gets a number: the number of the key that is
        then at this path is the number of its place.  A text in a list is found likewise, a
        table in a list by its first key.
        """
        value = tomllib.loads(self.text)
        for p in path:
            value = value[p]
        if isinstance(path[-1], int) and isinstance(value, dict):
            path += (list(value)[0],)
        word = value if isinstance(path[-1], int) else path[-1]
        places = []

        def with_number(m):
            places.append(m.start())
            return "%s__%d" % (word, len(places) - 1)

        value = tomllib.loads(re.sub(r"(?<![\w-])%s(?![\w-])" % re.escape(word), with_number,
                                     self.text))
        for p in path:
            if isinstance(p, str):
                p = [k for k in value if re.fullmatch(re.escape(p) + r"(__\d+)?", k)][0]
            value = value[p]
        n = re.search(r"__(\d+)$", p if isinstance(p, str) else value)[1]
        return self.text.count("\n", 0, places[int(n)]) + 1

    def line(self, path):
        """The line of a key, or of what it is in; None: not in the file."""
        for n in range(len(path), 0, -1):
            try:
                return self.place(path[:n])
            except (LookupError, TypeError, tomllib.TOMLDecodeError):
                pass
        return None

    def say(self, path, what):
        line_of = self.line(path)
        where = ""
        for p in path:
            where += "[%d]" % p if isinstance(p, int) else ("." if where else "") + p
        text = "%s%s: %s%s" % (self.file, ":%d" % line_of if line_of else "",
                               where + ": " if where else "", what)
        if text not in self.wrong:
            self.wrong.append(text)

    def get(self, table, path, key, convert, default):
        try:
            return convert(table[key]) if key in table else default
        except Odd as e:
            self.say(path + (key,) + e.inside, str(e))
            return default

    def known(self, table, path, keys, of):
        if not isinstance(table, dict):
            self.say(path, "this is a table: { ... }")
            return {}
        for k in table:
            if k not in keys:
                self.say(path + (k,), '%s has no key "%s"%s' % (of, k, near(k, keys)))
        return table

    def all_of(self, table, path, keys):
        return {to: self.get(table, path, key, convert, default)
                for key, (to, convert, default) in keys.items()}

    # ------------------------------------------------------------ links

    def link_keys(self, table, path):
        return {k: self.get(table, path, k, convert, {}) for k, convert in LINK.items()
                if k in table}

    def back_keys(self, table, path):
        path += ("back",)
        table = self.known(table.get("back", {}), path, LINK, "the way back")
        return self.link_keys(table, path)

    def change(self, c, path, own):
        """A change: its time, the keys of the way there, and those of the way back."""
        c = self.known(c, path, [*LINK, "t", "back"], "a change")
        if "t" not in c:
            self.say(path, 'a change needs its time: t = "10s"')
        keys = self.link_keys(c, path)
        other = self.back_keys(c, path) if "back" in c else {
            k: v for k, v in keys.items() if k not in own}
        both = merged(keys), merged(other)
        if any(bad in way for bad in ("loss_at", "bdp", "aqm") for way in both):
            self.say(path, "this cannot change while it runs")
        return (self.get(c, path, "t", time, 0), *both)

    def link(self, link, table):
        path = ("link", link)
        if not NAME.match(link):
            self.say(path, "a name is letters, digits and _")
        table = self.known(table, path, [*LINK, "back", "at"], "a link")
        keys, own = self.link_keys(table, path), self.back_keys(table, path)
        back = {k: v for k, v in keys.items() if "loss_at" not in v}
        is_list = list_of('this is a list: [ { t = "10s", rate = "5Mbit" } ]')
        return {"name": link, "there": merged(keys), "back": merged({**back, **own}),
                "at": [self.change(c, path + ("at", n), own)
                       for n, c in enumerate(self.get(table, path, "at", is_list, []))]}

    def queues(self, links, s):
        """Fills in queues of so many BDP: of the whole path's round trip."""
        rtt = sum(link[d].get("delay_us", 0) for link in links for d in WAYS)
        for link, k in ((link, link[d]) for link in links for d in WAYS):
            path = ("link", link["name"], "queue")
            bits = k.get("rate_bps")
            if "aqm" in k and (not bits or s["ip"] == 6 or link["at"]):
                self.say(path, "a queue of the kernel's needs a rate, over IPv4, without changes "
                         "while it runs")
            if "bdp" in k and not bits:
                self.say(path, "a queue of so many BDP needs a rate")
            bdp = k.pop("bdp", 1.0)
            if bits and not {"aqm", "queue_pkts", "queue_bytes"} & set(k):
                k["queue_pkts"] = max(math.ceil(bdp * bits * rtt / 8e6 / s["mtu"]), LEAST_QUEUE)
        return rtt

    # ------------------------------------------------------------ flows

    def atcp_cc(self):
        """What the module of this tree has; None: not known."""
        if not self.tree or self.doc.get("cc_files"):
            return None
        found = set()
        for folder in ("module/core", "module/cc"):
            folder = os.path.join(self.tree, folder)
            for f in os.listdir(folder):
                if f.startswith("cc"):
                    with open(os.path.join(folder, f), encoding="utf-8") as t:
                        found.update(re.findall(r'\.name\s*=\s*"(\w+)"', t.read()))
        return sorted(found)

    def flow(self, n, table, links, until):
        path = ("flow", n)
        table = self.known(table, path, FLOW, "a flow")
        f = self.all_of(table, path, FLOW)
        kinds = [k for key, k in (("every", "udp-ping"), ("command", "command"),
                                  ("answer", "answer")) if key in table]
        f["kind"] = f["kind"] or (kinds or ["bulk"])[0]
        f["name"] = f["name"] or "flow%d" % (n + 1)
        f["stop_us"] = until if f["stop_us"] is None else f["stop_us"]
        kernel, kind = f["stack"] == "kernel", f["kind"]
        cc = KERNEL_CC if kernel else self.atcp_cc()
        for bad, key, what in (
                (kernel and f["carrier"] != "tcp", "carrier",
                 "the kernel's TCP has no carrier but tcp"),
                (f["cc"] and kind == "udp-ping", "cc", "a ping has no congestion control"),
                (f["cc"] and kind != "udp-ping" and cc is not None and f["cc"] not in cc, "cc",
                 "%s has no congestion control %r%s" % ("the kernel" if kernel else "atcp",
                                                        f["cc"], near(f["cc"], cc or []))),
                (f["start_us"] >= until, "start", "it starts when the run is over"),
                (f["stop_us"] <= f["start_us"] < until, "stop", "it stops before it starts"),
                (kind == "answer" and not f["answer_bytes"], None,
                 'a flow of answers needs their size: answer = "100kB"'),
                (kind == "udp-ping" and not (8 <= f["size"] <= 1400 and f["every_us"] >= 100), None,
                 "a ping has 8 to 1400 bytes, at most one in 100us"),
                (kind == "command" and not (f["command"] or "").strip(), None,
                 'a command is needed: command = "curl http://..."'),
                (kind == "command" and (f["options"] or f["cc"]), None,
                 "a command sets options and congestion control by itself")):
            if bad:
                self.say(path + (key,) if key else path, what)
        for p in f["path"] or []:
            if p not in links:
                self.say(path + ("path",), 'there is no link "%s"%s' % (p, near(p, links)))
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
                who, what = node.value.id, node.attr
                if who not in names:
                    self.say(path, 'there is no flow or link "%s"%s' % (who, near(who, names)))
                elif what not in names[who]:
                    self.say(path, '%s has no "%s"%s' % (who, what, near(what, names[who])))
            elif not isinstance(node, ALLOWED) and node not in inside:
                self.say(path, "%r: only names, numbers, + - * /, comparisons, and, or" % text)
                return
        if not isinstance(tree.body, (ast.Compare, ast.BoolOp)):
            self.say(path, "%r compares nothing" % text)

    def whole(self):
        doc = self.known(self.doc, (), [*TOP, "flow", "link", "about"], "a scenario")
        s = self.all_of(doc, (), TOP)
        folder = os.path.dirname(os.path.abspath(self.file))
        s["cc_files"] = [os.path.join(folder, f) for f in s["cc_files"]]
        links, flows = doc.get("link", {}), doc.get("flow", [])
        for bad, key, what in (
                (not isinstance(links, dict) or not links, "link",
                 "a scenario needs a link: [link.bottleneck]"),
                (len(links) > 16, "link", "at most 16 links"),
                (not isinstance(flows, list) or not flows, "flow",
                 'a scenario needs a flow: flow = [ { name = "mine" } ]'),
                (len(flows) > 200, "flow", "at most 200 flows")):
            if bad:
                self.say((key,), what)
        s["links"] = [self.link(*link) for link in table_of(doc, "link", {}).items()]
        s["rtt_us"] = self.queues(s["links"], s)
        names = {link["name"]: LINK_METRICS for link in s["links"]}
        s["flows"] = [self.flow(n, f, list(links), s["time_us"])
                      for n, f in enumerate(table_of(doc, "flow", []))]
        for n, f in enumerate(s["flows"]):
            if f["name"] in names:
                self.say(("flow", n, "name"), 'there are two "%s"' % f["name"])
            names[f["name"]] = FLOW_METRICS
        for n, text in enumerate(s["expect"]):
            self.expect(n, text, names)
        if self.wrong:
            raise Wrong(self.wrong)
        return s


ALLOWED = (ast.Expression, ast.Compare, ast.BoolOp, ast.And, ast.Or, ast.BinOp, ast.UnaryOp,
           ast.USub, ast.Add, ast.Sub, ast.Mult, ast.Div, ast.Constant, ast.Attribute, ast.Load,
           ast.Lt, ast.LtE, ast.Gt, ast.GtE, ast.Eq, ast.NotEq)


def load(file):
    """The document and its text."""
    try:
        with open(file, encoding="utf-8") as f:
            text = f.read()
    except (OSError, UnicodeDecodeError) as e:
        raise Wrong(["%s: %s" % (file, getattr(e, "strerror", None) or "is no text")]) from e
    try:
        return tomllib.loads(text), text
    except tomllib.TOMLDecodeError as e:
        m = re.match(r"(.*) \(at line (\d+), column (\d+)\)$", str(e))
        at = m[2] if m else str(text.count("\n") + 1)
        raise Wrong(["%s:%s: not TOML: %s" % (file, at, m[1] if m else e)]) from e


def read(doc, file="scenario", text="", tree=None):
    """Checks a document, and returns it complete."""
    return Reader(doc, file, text, tree).whole()


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
    flows = {f.get("name", "flow%d" % (n + 1)): f
             for n, f in enumerate(table_of(doc, "flow", [])) if isinstance(f, dict)}
    of, _, last = key.rpartition(".")
    if of:
        if of not in links and of not in flows:
            raise Wrong(['%s: there is no flow or link "%s"%s' % (
                key, of, near(of, [*links, *flows]))])
        found = [links.get(of, flows.get(of))]
    elif key in LINK:
        found = links.values()
    elif key in FLOW:
        found = flows.values()
    elif key in TOP:
        found = [doc]
    else:
        raise Wrong(["%s: there is no such key%s" % (key, near(key, [*LINK, *FLOW, *TOP]))])
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
    out += ["link %s: the kernel's %s" % (link["name"], link["there"]["aqm"]["aqm"])
            for link in s["links"] if "aqm" in link["there"]]
    return out + [k for k in s["sysctl"] if not k.startswith(OURS)]


def pairs(s):
    """The pair of hosts of each flow, and the sysctls of each pair."""
    hosts = [s["sysctl"]]
    of = []
    for f in s["flows"]:
        of.append(len(hosts) if f["sysctl"] else 0)
        if f["sysctl"]:
            hosts.append({**s["sysctl"], **f["sysctl"]})
    return of, hosts


def words(keys):
    return " ".join("%s=%s" % (k, v["aqm"] if k == "aqm" else v) for k, v in keys.items())


def flow_line(s, n, seed, pair, sysctl):
    f = s["flows"][n]
    # Each start is put off by up to a round trip, so that seeds differ without losses.
    shift = random.Random("%d start %d" % (seed, n)).randrange(max(s["rtt_us"], 1))
    keys = {k: f[k] for k in ("stack", "carrier", "dir", "kind")}
    keys.update(start_us=f["start_us"] + shift, stop_us=f["stop_us"], hosts=pair)
    keys.update((k, f[k]) for k in ("cc", "bytes", "answer_bytes", "think_us", "sndbuf", "rcvbuf")
                if f[k])
    if f["kind"] == "udp-ping":
        keys.update(every_us=f["every_us"], size=f["size"])
    if f["path"]:
        keys["path"] = ",".join(f["path"])
    return " ".join(["flow", f["name"], words(keys), *("opt=" + o for o in f["options"]),
                     *("sysctl=%s:%s" % (k[len(OURS):], v) for k, v in sysctl.items())])


def each_packet(s):
    """Packets are recorded one by one for the wire, for events, and where only the wire tells."""
    return bool({"wire", "events"} & set(s["record"])) or \
        any(f["kind"] == "command" for f in s["flows"])


def description(s, seed, sim=False):
    """The lines that lab-link, lab-flow and the simulator read; it alone sets sysctls by them."""
    out = ["version 1", "seed %d" % seed, "wire %d" % each_packet(s)]
    out += ["%s %d" % (k, s[k]) for k in ("time_us", "sample_us", "ip", "mtu")]
    for link in s["links"]:
        out.append("link %s %s" % (link["name"], words(link["there"])))
        out.append("link %s.back %s" % (link["name"], words(link["back"])))
    of, hosts = pairs(s)
    out += [flow_line(s, n, seed, of[n], hosts[of[n]] if sim else {})
            for n in range(len(s["flows"]))]
    for link in s["links"]:
        for t, there, back in link["at"]:
            out += ["at %d %s %s" % (t, name_of, words(keys)) for name_of, keys in (
                (link["name"], there), (link["name"] + ".back", back)) if keys]
    return "\n".join(out) + "\n"
