# SPDX-License-Identifier: GPL-2.0
"""Pictures of a run: static SVG, or PDF by the suffix.  The same records give the same bytes."""

import json
import os
import struct

import matplotlib
matplotlib.use("Agg")
import matplotlib.collections
import matplotlib.figure

import machine
import records
import runs

STYLE = {"svg.hashsalt": "atcp-lab", "svg.fonttype": "none", "font.size": 9,
         "axes.spines.top": False, "axes.spines.right": False, "axes.grid": True,
         "grid.alpha": 0.3, "lines.linewidth": 1.1, "path.simplify": True}
# Told apart by most eyes (Okabe and Ito).
COLOURS = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000"]
BAD = "#c00000"
WINDOW = 0.1            # seconds, over which a rate is taken
WIDTH, HEIGHT = 9, 3.2  # inches of a picture


class Records:
    """What pictures need of a run's folder."""

    def __init__(self, folder):
        self.folder = folder
        try:
            with open(os.path.join(folder, "run.json"), encoding="utf-8") as f:
                self.run = json.load(f)
        except (OSError, ValueError) as e:
            raise machine.Failed("%s is no run's folder: no run.json" % folder) from e
        self.s = self.run["effective"]
        self.flows = self.s["flows"]
        self.colour = {f["name"]: COLOURS[n % len(COLOURS)] for n, f in enumerate(self.flows)}
        self.until = self.s["time_us"] / 1e6

    def table(self, name):
        return runs.table(os.path.join(self.folder, name))

    def samples(self, pings=True):
        """The name, the colour and the rows of samples of each flow."""
        rows = self.table("samples.csv")
        return [(f["name"], self.colour[f["name"]], [r for r in rows if r["flow"] == f["name"]])
                for f in self.flows if pings or f["kind"] != "udp-ping"]


def series(rows, column, scale):
    """Times and values; unknown cells are gaps."""
    return ([float(r["t_s"]) for r in rows],
            [float(r[column]) / scale if r[column] else float("nan") for r in rows])


def draw_cwnd(axes, folder):
    for name, colour, rows in folder.samples(pings=False):
        axes.plot(*series(rows, "cwnd_bytes", 1000), color=colour, label=name + " cwnd")
        for column, style, label in (("ssthresh_bytes", "--", "ssthresh"),
                                     ("inflight_bytes", ":", "in flight")):
            axes.plot(*series(rows, column, 1000), color=colour, linestyle=style, linewidth=0.8,
                      label=label)
    return "kB", "congestion window"


def draw_rtt(axes, folder):
    for name, colour, rows in folder.samples():
        axes.plot(*series(rows, "srtt_us", 1000), color=colour, label=name)
    return "ms", "round-trip time: smoothed; of pings, each"


def draw_rate(axes, folder):
    for name, colour, rows in folder.samples(pings=False):
        points = list(zip(*series(rows, "delivered_bytes", 125000)))
        rates = []
        last = points[0] if points else None
        for t, v in points:
            if t - last[0] >= WINDOW - 1e-9:
                rates.append((t, (v - last[1]) / (t - last[0])))
                last = t, v
        axes.plot(*(zip(*rates) if rates else ([], [])), color=colour, label=name)
    return "Mbit/s", "goodput, over %g s" % WINDOW


def draw_queue(axes, folder):
    rows = folder.table("queue.csv")
    for n, link in enumerate(folder.s["links"]):
        for way, style in (("", "-"), (".back", ":")):
            mine = [r for r in rows if r["link"] == link["name"] + way]
            if not way or any(r["pkts"] != "0" for r in mine):
                axes.plot(*series(mine, "pkts", 1), color=COLOURS[n % len(COLOURS)],
                          linestyle=style, label=link["name"] + way)
    drops = [float(r["t_s"]) for r in folder.table("events.csv")
             if r["event"] == "drop" and r["end"] not in ("snd", "rcv")]
    if drops:
        axes.plot(drops, [0] * len(drops), "|", color=BAD, markersize=6, label="drop")
    return "packets", "waiting for the line"


# ---------------------------------------------------------------- time and sequence

def options(data):
    """(shift of the window, SACK blocks)."""
    shift, blocks = 0, []
    at = 0
    while at < len(data) and data[at]:
        if data[at] == 1:
            at += 1
            continue
        size = data[at + 1] if at + 1 < len(data) else 0
        if size < 2:
            break
        if data[at] == 3:
            shift = data[at + 2]
        elif data[at] == 5:
            blocks = [struct.unpack(">II", data[i:i + 8]) for i in range(at + 2, at + size - 7, 8)]
        at += size
    return shift, blocks


class Sequence:
    """What one flow's sender sent and heard, relative to its first sequence number, in kB."""

    def __init__(self):
        self.first = None
        self.shift = self.most = 0
        self.sent, self.again, self.sacks = [], [], []
        self.acks, self.window = [], []

    def relative(self, seq):
        return ((seq - self.first) & 0xffffffff) / 1000

    def take(self, p, sender):
        """A packet at the sender's host."""
        syn = p.flags & records.SYN
        if sender:
            self.first = p.seq if syn else self.first
            if self.first is not None and p.len:
                low = self.relative(p.seq)
                high = low + p.len / 1000
                (self.again if low < self.most else self.sent).append([(p.t, low), (p.t, high)])
                self.most = max(self.most, high)
            return
        shift, blocks = options(p.options)
        self.shift = shift if syn else self.shift
        if p.flags & records.ACK and self.first is not None:
            at = self.relative(p.ack)
            self.acks.append((p.t, at))
            self.window.append((p.t, at + (p.window << (0 if syn else self.shift)) / 1000))
            self.sacks += [[(p.t, self.relative(a)), (p.t, self.relative(b))] for a, b in blocks]


def sequences(folder):
    """The Sequence of each TCP flow, by number."""
    path = os.path.join(folder.folder, "wire.pcapng")
    found = {n: Sequence() for n, f in enumerate(folder.flows) if f["kind"] != "udp-ping"}
    if not os.path.exists(path):
        raise machine.Failed("%s has no wire.pcapng, which this picture takes" % folder.folder)
    for p in records.read_pcapng(path):
        if p.seq is None or p.flow not in found:
            continue
        back = folder.flows[p.flow]["dir"] == "back"
        if p.right == back:
            # A packet of the sender's own has its address as the source.
            source = p.head[13] == 78 if p.head[0] >> 4 == 4 else p.head[9] == 0x78
            found[p.flow].take(p, source == back)
    return found


def draw_seq(axes, folder, n, q):
    name = folder.flows[n]["name"]
    for lines, colour, width, label in ((q.sent, "#0072b2", 1.2, "sent"),
                                        (q.again, BAD, 2, "sent again"),
                                        (q.sacks, "#cc79a7", 1, "SACK")):
        axes.add_collection(matplotlib.collections.LineCollection(
            lines, colors=colour, linewidths=width))
        if lines:
            axes.plot([], [], color=colour, label=label)
    for points, colour, width, label in ((q.acks, "#009e73", 0.9, "acknowledged"),
                                         (q.window, "#e69f00", 0.7, "window")):
        axes.step(*(zip(*points) if points else ([], [])), where="post", color=colour,
                  linewidth=width, label=label)
    begun = None
    ends = [(r["event"], float(r["t_s"])) for r in folder.table("events.csv") if r["flow"] == name]
    for event, t in ends + [("recovery_out", folder.until)]:
        if event == "recovery_in" and begun is None:
            begun = t
        elif event == "recovery_out" and begun is not None:
            axes.axvspan(begun, t, color="#e69f00", alpha=0.15, linewidth=0)
            begun = None
        elif event in ("rto", "tlp", "undo"):
            axes.axvline(t, color=BAD, linewidth=0.6, linestyle=":")
            axes.annotate(event, (t, 1), xycoords=("data", "axes fraction"), fontsize=6, va="top")
    axes.set_ylim(0, max(q.most * 1.05, 1))
    return "kB", "time and sequence: %s (shaded: recovery)" % name


PICTURES = {"cwnd": draw_cwnd, "rtt": draw_rtt, "rate": draw_rate, "queue": draw_queue}


def panels(folder, what):
    """(function, arguments) of each panel."""
    out = []
    for w in what:
        if w == "seq":
            out += [(draw_seq, item) for item in sequences(folder).items()]
        else:
            out.append((PICTURES[w], ()))
    return out


def draw_one(folder, what, path):
    with matplotlib.rc_context(STYLE):
        parts = panels(folder, what)
        figure = matplotlib.figure.Figure(figsize=(WIDTH, HEIGHT * max(len(parts), 1)))
        for n, (function, rest) in enumerate(parts):
            axes = figure.add_subplot(len(parts), 1, n + 1)
            unit, title = function(axes, folder, *rest)
            axes.set_ylabel(unit)
            axes.set_title(title, loc="left")
            axes.set_xlim(0, folder.until)
            axes.set_ylim(bottom=0)
            axes.set_xlabel("seconds")
            if axes.get_legend_handles_labels()[0]:
                axes.legend(loc="upper right", fontsize=7, ncol=3, framealpha=0.7)
        invalid = folder.run["invalid"]
        if invalid:
            figure.text(0.5, 0.995, "INVALID: " + "; ".join(invalid[:2]), color=BAD,
                        ha="center", va="top", fontsize=9, weight="bold", wrap=True)
        figure.tight_layout(rect=(0, 0, 1, 1 - 0.4 * bool(invalid) / figure.get_figheight()))
        kind = "pdf" if path.endswith(".pdf") else "svg"
        undated = {"CreationDate": None} if kind == "pdf" else {"Date": None}
        figure.savefig(path, format=kind, metadata=undated)


def draw(path, what, output):
    """Draws the pictures named by @what, each to a file, or all to one. Return: the files."""
    folder = Records(path)
    if output:
        if not output.endswith((".svg", ".pdf")):
            raise machine.Failed("%s: a picture is .svg or .pdf" % output)
        draw_one(folder, what, output)
        return [output]
    files = []
    for w in what:
        files.append(os.path.join(path, w + ".svg"))
        draw_one(folder, [w], files[-1])
    return files
