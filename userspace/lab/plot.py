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
        self.flows = [f for f in self.s["flows"]]
        self.colour = {f["name"]: COLOURS[n % len(COLOURS)] for n, f in enumerate(self.flows)}
        self.until = self.s["time_us"] / 1e6

    def table(self, name):
        return runs.table(os.path.join(self.folder, name))

    def of(self, rows, flow):
        return [r for r in rows if r["flow"] == flow]


def series(rows, column, scale):
    """Times and values; unknown cells are gaps."""
    return ([float(r["t_s"]) for r in rows],
            [float(r[column]) / scale if r[column] else float("nan") for r in rows])


def tcp(folder):
    return [f for f in folder.flows if f["kind"] != "udp-ping"]


def draw_cwnd(axes, folder):
    rows = folder.table("samples.csv")
    for f in tcp(folder):
        mine = folder.of(rows, f["name"])
        colour = folder.colour[f["name"]]
        axes.plot(*series(mine, "cwnd_bytes", 1000), color=colour, label=f["name"] + " cwnd")
        axes.plot(*series(mine, "ssthresh_bytes", 1000), color=colour, linestyle="--",
                  linewidth=0.8, label="ssthresh")
        axes.plot(*series(mine, "inflight_bytes", 1000), color=colour, linestyle=":",
                  linewidth=0.8, label="in flight")
    axes.set_ylabel("kB")
    axes.set_title("congestion window", loc="left")


def draw_rtt(axes, folder):
    rows = folder.table("samples.csv")
    for f in folder.flows:
        mine = folder.of(rows, f["name"])
        axes.plot(*series(mine, "srtt_us", 1000), color=folder.colour[f["name"]], label=f["name"])
    axes.set_ylabel("ms")
    axes.set_title("round-trip time: smoothed; of pings, each", loc="left")


def draw_rate(axes, folder):
    rows = folder.table("samples.csv")
    for f in tcp(folder):
        times, values = series(folder.of(rows, f["name"]), "delivered_bytes", 1)
        t, v = [], []
        last = 0
        for n, at in enumerate(times):
            if at - times[last] >= WINDOW - 1e-9:
                t.append(at)
                v.append(8e-6 * (values[n] - values[last]) / (at - times[last]))
                last = n
        axes.plot(t, v, color=folder.colour[f["name"]], label=f["name"])
    axes.set_ylabel("Mbit/s")
    axes.set_title("goodput, over %g s" % WINDOW, loc="left")


def draw_queue(axes, folder):
    rows = folder.table("queue.csv")
    for n, link in enumerate(folder.s["links"]):
        for way in ("", ".back"):
            mine = [r for r in rows if r["link"] == link["name"] + way]
            if way and not any(r["pkts"] != "0" for r in mine):
                continue
            axes.plot(*series(mine, "pkts", 1), color=COLOURS[n % len(COLOURS)],
                      linestyle=":" if way else "-", label=link["name"] + way)
    drops = [r for r in folder.table("events.csv")
             if r["event"] == "drop" and r["end"] not in ("snd", "rcv")]
    if drops:
        axes.plot([float(r["t_s"]) for r in drops], [0] * len(drops), "|", color="#c00000",
                  markersize=6, label="drop")
    axes.set_ylabel("packets")
    axes.set_title("waiting for the line", loc="left")


# ---------------------------------------------------------------- time and sequence

def packets(path):
    """Each packet of a capture of ours, with the interface as its side."""
    with open(path, "rb") as f:
        data = f.read()
    at = 0
    while at + 12 <= len(data):
        kind, size = struct.unpack_from("<II", data, at)
        if kind == 6:
            iface, high, low, kept, whole = struct.unpack_from("<5I", data, at + 8)
            yield records.Packet((high << 32 | low) / 1e9, iface, data[at + 28:at + 28 + kept],
                                 whole, [])
        at += size


def options(data):
    """(shift of the window or None, SACK blocks)."""
    shift, blocks = None, []
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
    """What one flow's sender sent and heard, relative to its first sequence number."""

    def __init__(self):
        self.first = None
        self.shift = 0
        self.most = 0
        self.sent, self.again, self.sacks = [], [], []
        self.acks, self.window = ([], []), ([], [])


def sequences(folder):
    """The Sequence of each TCP flow, by number."""
    path = os.path.join(folder.folder, "wire.pcapng")
    found = {n: Sequence() for n, f in enumerate(folder.flows) if f["kind"] != "udp-ping"}
    if not os.path.exists(path):
        raise machine.Failed("%s has no wire.pcapng, which this picture takes" % folder.folder)
    for p in packets(path):
        if p.seq is None or p.flow not in found:
            continue
        q = found[p.flow]
        back = folder.flows[p.flow]["dir"] == "back"
        if p.right != back:
            continue
        # A packet of the sender's own has its address as the source.
        source = p.head[13] == 78 if p.head[0] >> 4 == 4 else p.head[9] == 0x78
        if source == back:
            if p.flags & records.SYN:
                q.first = p.seq
            if q.first is None or not p.len:
                continue
            low = (p.seq - q.first) & 0xffffffff
            line = [(p.t, low / 1000), (p.t, (low + p.len) / 1000)]
            (q.again if low < q.most else q.sent).append(line)
            q.most = max(q.most, low + p.len)
            continue
        shift, blocks = options(p.options)
        if p.flags & records.SYN:
            q.shift = shift or 0
        if p.flags & 16 and q.first is not None:
            at = (p.ack - q.first) & 0xffffffff
            window = p.window << (0 if p.flags & records.SYN else q.shift)
            q.acks[0].append(p.t)
            q.acks[1].append(at / 1000)
            q.window[0].append(p.t)
            q.window[1].append((at + window) / 1000)
            for a, b in blocks:
                q.sacks.append([(p.t, ((a - q.first) & 0xffffffff) / 1000),
                                (p.t, ((b - q.first) & 0xffffffff) / 1000)])
    return found


def draw_seq(axes, folder, n, q):
    f = folder.flows[n]
    for lines, colour, width, label in ((q.sent, "#0072b2", 1.2, "sent"),
                                        (q.again, "#c00000", 2, "sent again"),
                                        (q.sacks, "#cc79a7", 1, "SACK")):
        axes.add_collection(matplotlib.collections.LineCollection(
            lines, colors=colour, linewidths=width))
        if lines:
            axes.plot([], [], color=colour, label=label)
    axes.step(*q.acks, where="post", color="#009e73", linewidth=0.9, label="acknowledged")
    axes.step(*q.window, where="post", color="#e69f00", linewidth=0.7, label="window")
    begun = None
    for r in folder.of(folder.table("events.csv"), f["name"]):
        t = float(r["t_s"])
        if r["event"] == "recovery_in" and begun is None:
            begun = t
        elif r["event"] == "recovery_out" and begun is not None:
            axes.axvspan(begun, t, color="#e69f00", alpha=0.15, linewidth=0)
            begun = None
        elif r["event"] in ("rto", "tlp", "undo"):
            axes.axvline(t, color="#c00000", linewidth=0.6, linestyle=":")
            axes.annotate(r["event"], (t, 1), xycoords=("data", "axes fraction"), fontsize=6,
                          va="top")
    if begun is not None:
        axes.axvspan(begun, folder.until, color="#e69f00", alpha=0.15, linewidth=0)
    axes.set_ylim(0, max(q.most / 1000 * 1.05, 1))
    axes.set_ylabel("kB")
    axes.set_title("time and sequence: %s (shaded: recovery)" % f["name"], loc="left")


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
            function(axes, folder, *rest)
            axes.set_xlim(0, folder.until)
            axes.set_ylim(bottom=0)
            axes.set_xlabel("seconds")
            if axes.get_legend_handles_labels()[0]:
                axes.legend(loc="upper right", fontsize=7, ncol=3, framealpha=0.7)
        invalid = folder.run["invalid"]
        if invalid:
            figure.text(0.5, 0.995, "INVALID: " + "; ".join(invalid[:2]), color="#c00000",
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
