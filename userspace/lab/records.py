# SPDX-License-Identifier: GPL-2.0
"""From the raw records of lab-link, lab-flow and the kernel to a run's folder, and its check.

atcp-lab(5) describes the files.  A cell that a source does not know is empty, never 0.
"""

import csv
import os
import re
import struct

SAMPLES = ("t_s,flow,src,state,ca_state,cwnd_bytes,cwnd_pkts,ssthresh_bytes,inflight_bytes,"
           "srtt_us,rttvar_us,min_rtt_us,pacing_Bps,delivery_Bps,delivered_bytes,acked_bytes,"
           "sacked_pkts,lost_pkts,retrans_pkts,snd_wnd_bytes,app_limited")
EVENTS = "t_s,flow,end,event,seq,len,detail"
QUEUE = "t_s,link,pkts,bytes,drops,marks,sojourn_us"
LINKS = ("link,offered,passed,dropped_queue,dropped_loss,dropped_police,duplicated,marked,"
         "inside")

# As in lab-link.c and path.h.
RECORD = struct.Struct("=qQIBBH")
TCP = struct.Struct(">HHIIBBH")
MARK, DROP_POLICE, DROP_QUEUE, DROP_LOSS, DUP, REORDER = range(6)
SENT, ARRIVED, QUEUED, TOTAL, SUMS = range(16, 21)
NOTED = {MARK: ("mark", ""), DUP: ("dup", ""), REORDER: ("reorder", ""),
         DROP_POLICE: ("drop", "police"), DROP_QUEUE: ("drop", "queue"),
         DROP_LOSS: ("drop", "loss")}
NEVER = 2 ** 64 - 1
FIN, SYN, ACK = 1, 2, 16

# When the processor was busy for more than this part of the time, it may have been what
# limited the flows; and when so many packets were taken a millisecond too late.
MOST_BUSY = 0.95
MOST_LATE = 0.001


class Packet:
    """A packet as it was sent: @seq is relative to the sender's first, @len its payload."""

    __slots__ = ("t", "right", "head", "size", "flow", "seq", "len", "flags", "data", "notes",
                 "raw", "ack", "ports", "window", "options")

    def __init__(self, t, right, head, size, notes):
        self.t, self.right, self.head, self.size, self.notes = t, right, head, size, notes
        self.flags, self.data = 0, False
        self.seq = self.len = self.raw = self.ack = self.ports = self.window = self.options = None
        if head[0] >> 4 == 4:
            at, proto, total = (head[0] & 15) * 4, head[9], int.from_bytes(head[2:4], "big")
            self.flow = head[15] - 1
        else:
            at, proto, total = 40, head[6], 40 + int.from_bytes(head[4:6], "big")
            self.flow = head[23] - 1
        if proto in (6, 253) and len(head) >= at + 20:
            *ports, self.raw, self.ack, off, self.flags, self.window = TCP.unpack_from(head, at)
            self.ports = tuple(ports)
            self.seq = self.raw
            self.options = head[at + 20:at + (off >> 4) * 4]
            self.len = total - at - (off >> 4) * 4


class Raw:
    """The records of lab-link."""

    def __init__(self, path, scenario):
        self.packets = {}
        self.order = []         # (t, packet, True: it arrives)
        self.noted = []         # (t, link, what, packet)
        self.queue = []
        self.totals = {}
        self.lost_records = self.strays = self.latest = self.late = 0
        self.sent = self.arrived = ()
        with open(path, "rb") as f:
            data = f.read()
        at = 0
        while at < len(data):
            t, pid, size, what, link, more = RECORD.unpack_from(data, at)
            at += RECORD.size + more
            rest = data[at - more:at]
            if what == SENT:
                p = self.packets[pid] = Packet(t, link, rest, size, [])
                self.order.append((t, p, False))
            elif what == ARRIVED:
                self.order.append((t, self.packets[pid], True))
            elif what == QUEUED:
                self.queue.append((t, link, struct.unpack("=5Q", rest)))
            elif what == TOTAL:
                self.totals[link] = struct.unpack("=8Q", rest)
            elif what == SUMS:
                self.lost_records, self.strays = pid, size
                self.latest, self.late, *sums = struct.unpack("=6Q", rest)
                self.sent, self.arrived = sums[:2], sums[2:]
            else:
                self.noted.append((t, link, what, self.packets[pid]))
                if NOTED[what][0] == "drop":
                    self.packets[pid].notes.append("lost at %s: %s" % (
                        link_name(scenario, link), NOTED[what][1]))
        self.order.sort(key=lambda o: o[0])
        self.follow(scenario)

    def follow(self, scenario):
        """Makes sequence numbers relative, and finds what was resent."""
        first = {}
        most = {}
        for _, p, arrives in self.order:
            if arrives or p.seq is None:
                continue
            key = p.flow, p.right, p.ports
            p.data = p.right == (scenario["flows"][p.flow]["dir"] == "back")
            if p.flags & SYN:
                first.setdefault(key, p.seq)
            p.seq = (p.seq - first.get(key, p.seq)) & 0xffffffff
            end = p.seq + p.len + bool(p.flags & SYN) + bool(p.flags & FIN)
            if end > p.seq:
                if p.seq < most.get(key, 0):
                    p.notes.append("resent: bytes %d-%d" % (p.seq, max(end - 1, p.seq)))
                most[key] = max(most.get(key, 0), end)


def link_name(scenario, n):
    return scenario["links"][n // 2]["name"] + (".back" if n % 2 else "")


# ---------------------------------------------------------------- the kernel's events

LINE = re.compile(r"[^#].*?\s(\d+\.\d+): (\w+): (.*)$", re.M)
SOURCE = re.compile(r"\[?(?:::ffff:)?(?:10\.(7[78])\.0\.(\d+)|fd(7[78])::([0-9a-f]+))\]?$")
CA = ["Open", "Disorder", "CWR", "Recovery", "Loss"]
STATES = {"OPEN": "Open", "FAST": "Recovery", "LOSS": "Loss"}
PROBES = ("rto", "tlp", "undo")


def place(fields, flows):
    """(number of the flow, end) that an event is about; None: of none of ours."""
    if "src" in fields:
        src, _, sport = fields["src"].rpartition(":")
        dport = fields["dest"].rpartition(":")[2]
    else:
        sport, dport = fields["sport"], fields["dport"]
        src = fields.get("saddrv6" if fields.get("family") == "AF_INET6" else "saddr", "")
    m = SOURCE.match(src)
    if not int(dport) or (src and not m):
        return None
    if m:
        left = "77" in (m[1], m[3])
        n = int(m[2]) - 1 if m[2] else int(m[4], 16) - 1
    else:
        # A probe tells ports alone: those of flows that lab-flow makes.
        client = int(sport) > 40000
        n = int(sport if client else dport) - 40001
    if not 0 <= n < len(flows):
        return None
    back = flows[n]["dir"] == "back"
    if not m:
        left = client ^ (flows[n]["kind"] == "answer") ^ back
    return n, "snd" if left != back else "rcv"


def trace_events(path, begin, flows):
    """Rows of events.csv with the time in nanoseconds: what the kernel's events tell."""
    rows = []
    state = {}
    retries = {}
    if not os.path.exists(path):
        return rows
    with open(path, encoding="utf-8", errors="replace") as f:
        found = LINE.findall(f.read())
    for at, what, text in found:
        fields = dict(w.split("=", 1) for w in text.replace("(", " ").split() if "=" in w)
        if what in PROBES:
            # The port of the peer is in network order.
            fields["dport"] = int.from_bytes(int(fields["dport"]).to_bytes(2, "little"), "big")
        try:
            where = place(fields, flows)
        except (KeyError, ValueError):
            continue
        # Sockets of atcp tell of their states twice.
        if not where or fields.get("protocol", "IPPROTO_TCP") != "IPPROTO_TCP":
            continue
        told = []       # event, length, detail
        if what in ("inet_sock_set_state", "atcp_state"):
            told = [("state", "", ">".join(fields[k].replace("TCP_", "")
                                           for k in ("oldstate", "newstate")))]
        elif what in ("tcp_cong_state_set", "atcp_recovery"):
            new = STATES.get(fields.get("newstate")) or CA[int(fields["cong_state"])]
            old = state.get(where, "Open")
            state[where] = new
            if new != old:
                told = [("recovery_out", "", old)] * (old in CA[2:]) + \
                    [("recovery_in", "", new)] * (new in CA[2:]) + \
                    [("ecn", "", "")] * (new == "CWR")
        elif what in PROBES:
            told = [(what, "", "")]
        elif what == "atcp_retransmit":
            # After a time-out many are sent again: the first of them tells of it.
            if fields["kind"] == "TAIL":
                told = [("tlp", "", "")]
            elif fields["kind"] in ("TIMEOUT", "SYN"):
                told = [("rto", "", "")] * (fields["retries"] not in ("0", retries.get(where)))
                retries[where] = fields["retries"]
        elif what == "atcp_drop":
            told = [("drop", fields["len"], fields["reason"])]
        rows += [(round(float(at) * 1e9) - begin, flows[where[0]]["name"], where[1], event, "",
                  length, detail) for event, length, detail in told]
    return rows


def resent_events(raw, rows, flows):
    """A row for each segment resent, by the state that its sender was in."""
    changes = [r[:5] + r[6:] for r in rows
               if r[2] == "snd" and r[3] in ("recovery_in", "recovery_out", "tlp")]
    resent = [(t, flows[p.flow]["name"], p) for t, p, arrives in raw.order
              if not arrives and p.data and any(n.startswith("resent") for n in p.notes)]
    out = []
    inside = {}
    probe = {}
    for t, name, *more in sorted(changes + resent, key=lambda r: r[0]):
        if len(more) > 1:
            _, event, _, detail = more
            if event == "tlp":
                probe[name] = t
            else:
                inside[name] = detail if event == "recovery_in" else None
            continue
        kind = "fast_retransmit" if inside.get(name) == "Recovery" else "retransmit"
        # A probe leaves within the same interrupt as the event that tells of it.
        detail = "tlp" if t - probe.get(name, -10 ** 9) < 1000000 else ""
        out.append((t, name, "snd", kind, more[0].seq, more[0].len, detail))
    return out


def wire_samples(raw, scenario):
    """Rows of samples.csv for commands, of which the wire alone tells: what is acknowledged."""
    rows = []
    period = scenario["sample_us"] * 1000
    for n, f in enumerate(scenario["flows"]):
        if f["kind"] != "command":
            continue
        # Connections of the flow, each by its ports at the sender.
        first, acked, total = {}, {}, 0
        at = 0
        back = f["dir"] == "back"
        for t, p, arrives in raw.order:
            if p.flow != n or p.raw is None or t > scenario["time_us"] * 1000:
                continue
            while first and at * period < t:
                rows.append("%s,%s,wire%s%d,%d%s\n" % (seconds(at * period), f["name"], "," * 12,
                                                       total, total, "," * 5))
                at += 1
            if not first:
                at = max(t // period, 0)
            if p.right == back and not arrives and p.flags & SYN:
                first[p.ports] = p.raw
            elif p.right != back and arrives and p.flags & ACK:
                key = p.ports[::-1]
                if key in first:
                    ack = (p.ack - first[key] - 1) & 0xffffffff
                    if ack < 2 ** 31 and ack > acked.get(key, 0):
                        total += ack - acked.get(key, 0)
                        acked[key] = ack
    return "".join(rows)


# ---------------------------------------------------------------- files

def seconds(t):
    return "%.6f" % (t / 1e9)


def write_csv(path, header, rows):
    with open(path, "w", encoding="ascii") as f:
        f.write(header + "\n")
        for r in rows:
            f.write(",".join(map(str, r)) + "\n")


def block(kind, body):
    body += b"\0" * (-len(body) % 4)
    return struct.pack("<II", kind, len(body) + 12) + body + struct.pack("<I", len(body) + 12)


def option(code, value):
    return struct.pack("<HH", code, len(value)) + value + b"\0" * (-len(value) % 4)


END = struct.pack("<HH", 0, 0)


def write_pcapng(path, raw):
    """Each packet as it was sent and as it arrived, by the two hosts' devices."""
    with open(path, "wb") as f:
        f.write(block(0x0a0d0d0a, struct.pack("<IHHq", 0x1a2b3c4d, 1, 0, -1) +
                      option(4, b"atcp-lab") + END))
        for name in (b"left", b"right"):
            # Raw IP, whole packets are not kept, times in nanoseconds.
            f.write(block(1, struct.pack("<HHI", 101, 0, 100) + option(2, name) +
                          option(9, b"\x09") + END))
        for t, p, arrives in raw.order:
            if t < 0:
                continue
            body = struct.pack("<IIIII", p.right ^ arrives, t >> 32, t & 0xffffffff, len(p.head),
                               p.size)
            body += p.head + b"\0" * (-len(p.head) % 4)
            if p.notes and not arrives:
                body += b"".join(option(1, n.encode()) for n in p.notes) + END
            f.write(block(6, body))


def read_pcapng(path):
    """Each packet of such a file, with the interface as its side and its time in seconds."""
    with open(path, "rb") as f:
        data = f.read()
    at = 0
    while at + 12 <= len(data):
        kind, size = struct.unpack_from("<II", data, at)
        if kind == 6:
            side, high, low, kept, whole = struct.unpack_from("<5I", data, at + 8)
            yield Packet((high << 32 | low) / 1e9, side, data[at + 28:at + 28 + kept], whole, [])
        at += size


# ---------------------------------------------------------------- the check

def sections(path):
    """The file of facts: lines by the heading of their section."""
    out = {}
    with open(path, encoding="utf-8", errors="replace") as f:
        for line in f:
            if line.startswith("== "):
                current = out.setdefault(line[3:].strip(), [])
            else:
                current.append(line.rstrip("\n"))
    return out


def counters(lines):
    """The counters of /proc/net/snmp and netstat, and of the device."""
    out = {}
    names = []
    for line in lines:
        head, _, rest = line.partition(":")
        words = rest.split()
        if head.strip() == "lab0":
            keys = ("rx_bytes rx_packets rx_errs rx_drop rx_fifo rx_frame rx_compressed rx_multi "
                    "tx_bytes tx_packets tx_errs tx_drop").split()
            out.update(("lab0." + k, int(v)) for k, v in zip(keys, words))
        elif words and words[0].lstrip("-").isdigit():
            out.update((head + k, int(v)) for k, v in zip(names, words))
        else:
            names = words
    return out


# Losses outside of the links: of the device, of IP, of the hosts' sockets.
ELSEWHERE = ["lab0.rx_drop", "lab0.tx_drop", "lab0.rx_errs", "lab0.tx_errs", "IpInDiscards",
             "IpOutDiscards", "IpInHdrErrors", "IpInAddrErrors", "TcpExtTCPBacklogDrop",
             "TcpExtTCPRcvQDrop", "TcpExtListenDrops", "TcpExtPFMemallocDrop",
             "TcpExtTCPZeroWindowDrop", "TcpInErrs", "UdpRcvbufErrors", "UdpSndbufErrors", "UdpInErrors"]


def busy(facts, seconds_long):
    """The processors' share of work in a run so long; None: not known."""
    try:
        a, b = ([float(w) for w in facts[k + " stat"][0].split()] for k in ("before", "after"))
    except (KeyError, IndexError, ValueError):
        return None
    # Of /proc/uptime, as the counts of /proc/stat are samples at ticks, which the flows are in
    # step with.  The readings are some way before and after the flows, when all is idle.
    processors = len(facts["before stat"][1].split())
    work = (b[0] - a[0]) * processors - (b[1] - a[1])
    span = min(b[0] - a[0], seconds_long) * processors
    return round(min(max(work, 0) / span, 1), 4) if span > 0 else None


def conserved(raw, scenario):
    """What is wrong with the sums of packets, from link to link."""
    wrong = []
    for n, (offered, passed, queue, loss, police, dup, _, inside) in sorted(raw.totals.items()):
        if offered + dup != passed + queue + loss + police + inside:
            wrong.append("%s: %d packets offered and %d copies, but %d passed, %d dropped, "
                         "%d inside" % (link_name(scenario, n), offered, dup, passed,
                                        queue + loss + police, inside))
    if all(f["path"] is None for f in scenario["flows"]):
        for way in (0, 1):
            names = range(way, 2 * len(scenario["links"]), 2)
            names = list(names) if not way else list(names)[::-1]
            handed = raw.sent[way]
            for n in names:
                if raw.totals[n][0] != handed:
                    wrong.append("%s: was offered %d packets of %d" % (
                        link_name(scenario, n), raw.totals[n][0], handed))
                handed = raw.totals[n][1]
            if raw.arrived[1 - way] != handed:
                wrong.append("the %s host took %d of %d packets" % (
                    ("right", "left")[way], raw.arrived[1 - way], handed))
    return wrong


def check(raw, facts, hosts, scenario):
    """Why the run is invalid: a list, empty if it is not; and the processor's share."""
    wrong = conserved(raw, scenario)
    tx = [0, 0]
    rx = [0, 0]
    for h in (h for h in hosts if h[0] != "q"):
        before, after = counters(facts["before " + h]), counters(facts["after " + h])
        for name in ELSEWHERE:
            n = after.get(name, 0) - before.get(name, 0)
            if n:
                wrong.append("%d packets were dropped outside of the links: %s at host %s" % (
                    n, name, h))
        tx[h[0] == "r"] += after.get("lab0.tx_packets", 0)
        rx[h[0] == "r"] += after.get("lab0.rx_packets", 0)
    if sum(tx) != sum(raw.sent) + raw.strays:
        wrong.append("the hosts sent %d packets, the links had %d" % (
            sum(tx), sum(raw.sent) + raw.strays))
    if rx != raw.arrived:
        wrong.append("the links delivered %d packets, the hosts took %d" % (
            sum(raw.arrived), sum(rx)))
    soft = [sum(int(w, 16) for w in facts[k + " stat"][1].split()) for k in ("before", "after")]
    if soft[1] != soft[0]:
        wrong.append("%d packets were dropped before IP (netdev_max_backlog)" % (soft[1] - soft[0]))
    if raw.lost_records:
        wrong.append("%d records did not fit in memory" % raw.lost_records)
    lost = overruns(facts)
    if lost:
        wrong.append("%d events of the kernel were lost" % lost)
    share = busy(facts, scenario["time_us"] / 1e6)
    if share is not None and share > MOST_BUSY:
        wrong.append("the processor was busy for %.1f %% of the time" % (100 * share))
    if raw.late > MOST_LATE * sum(raw.sent):
        wrong.append("%d packets were taken more than 1 ms too late, one of them by %.1f ms" % (
            raw.late, raw.latest / 1e6))
    return wrong, share


def overruns(facts):
    lost = 0
    for line in facts.get("trace", []):
        if line.split(":")[0] in ("overrun", "commit overrun", "dropped events"):
            lost += int(line.split(":")[1])
    return lost


def convert(folder, out, scenario, hosts):
    """Makes the files of a run. Return: what run.json says of it."""
    raw = Raw(os.path.join(folder, "records"), scenario)
    facts = sections(os.path.join(folder, "facts"))
    with open(os.path.join(folder, "begin"), encoding="ascii") as f:
        begin = int(f.read().split()[1])
    with open(os.path.join(folder, "flows"), encoding="ascii") as f:
        samples, _, own = f.read().partition("\n\n")
    flows = scenario["flows"]
    samples = [r.split(",") for r in samples.split() + wire_samples(raw, scenario).split()]
    rows = trace_events(os.path.join(folder, "trace"), begin, flows)
    rows += resent_events(raw, rows, flows)
    rows += [(round(float(t) * 1e9), *rest) for t, *rest in csv.reader(own.splitlines())]
    rows += [(t, flows[p.flow]["name"], link_name(scenario, link), NOTED[what][0],
              "" if p.seq is None else p.seq, "" if p.len is None else p.len, NOTED[what][1])
             for t, link, what, p in raw.noted]
    rows = sorted((r for r in rows if r[0] <= scenario["time_us"] * 1000), key=lambda r: r[0])
    for name, header, lines in (
            ("samples", SAMPLES, sorted(samples, key=lambda r: float(r[0]))),
            ("events", EVENTS, [(seconds(t), *rest) for t, *rest in rows]),
            ("queue", QUEUE, [(seconds(t), link_name(scenario, n), *q[:4],
                               "" if q[4] == NEVER else q[4] // 1000) for t, n, q in raw.queue]),
            ("links", LINKS, [(link_name(scenario, n), *raw.totals[n])
                              for n in sorted(raw.totals)])):
        write_csv(os.path.join(out, name + ".csv"), header, lines)
    write_pcapng(os.path.join(out, "wire.pcapng"), raw)
    wrong, share = check(raw, facts, hosts, scenario)
    versions = facts.get("versions", []) + ["", "", ""]
    return {"invalid": wrong, "processor": share, "overruns": overruns(facts) + raw.lost_records,
            "strays": raw.strays, "latest_us": raw.latest // 1000, "late": raw.late,
            "buffers": dict(line.split(":", 1) for line in facts.get("buffers", [])),
            "kernel": versions[0], "module": versions[1], "srcversion": versions[2]}
