# SPDX-License-Identifier: GPL-2.0
"""
drill.py 4|6 PROTOCOL: a peer's segments by hand, through a TUN device, as packetdrill
does it.  PROTOCOL is socket()'s third argument.  Prints each segment that the stack
sends, and what its sockets say; atcp_run_drill.sh runs it over both stacks and compares.

Not printed, for each stack may decide it: windows, PSH, timestamps' values.
"""
import errno, fcntl, os, select, socket, struct, subprocess, sys, time

V6 = sys.argv[1] == "6"
PROTO = int(sys.argv[2])
FAMILY = socket.AF_INET6 if V6 else socket.AF_INET
HERE, THERE = ("fd3d:a0b::1", "2001:db8::1") if V6 else ("192.168.0.1", "192.0.2.1")
FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16
PATIENCE = 10
PATH = 0.5          # seconds to the peer and back; shorter than any time-out


def say(*words):
    print(*words, flush=True)


def open_tun():
    """The device, with HERE on this side of it and THERE behind it."""
    fd = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(fd, 0x400454CA, struct.pack("16sH22x", b"tun0", 0x1001))
    ip = ["ip", "-6"] if V6 else ["ip"]
    add = [HERE + ("/128" if V6 else "/32"), "dev", "tun0"] + (["nodad"] if V6 else [])
    for command in (["link", "set", "tun0", "up"], ["addr", "add"] + add,
                    ["route", "add", THERE, "dev", "tun0"]):
        subprocess.run(ip + command, check=True)
    # The kernel adds the route of an IPv6 address a little later; the first SYN needs it.
    until = time.monotonic() + PATIENCE
    while not subprocess.run(ip + ["route", "show", "table", "local", HERE], check=True,
                             stdout=subprocess.PIPE).stdout:
        if time.monotonic() > until:
            sys.exit("drill.py: %s is not there" % HERE)
        time.sleep(0.01)
    return fd


def pack(address):
    return socket.inet_pton(FAMILY, address)


def checksum(data):
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack("!%dH" % (len(data) // 2), data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total ^ 0xFFFF


class Option:
    NOP = b"\1"
    SACK_OK = b"\4\2"

    @staticmethod
    def mss(n):
        return struct.pack("!BBH", 2, 4, n)

    @staticmethod
    def wscale(n):
        return struct.pack("!BBB", 3, 3, n)

    @staticmethod
    def ts(val, ecr):
        return struct.pack("!BBII", 8, 10, val, ecr)


def names_of(options):
    """The options in the order in which they come; and TSval, or None."""
    names, tsval, i = [], None, 0
    while i < len(options):
        kind = options[i]
        if kind == 0:
            names.append("eol")
            break
        if kind == 1:
            names.append("nop")
            i += 1
            continue
        body = options[i + 2:i + options[i + 1]]
        if kind == 2:
            names.append("mss %d" % struct.unpack("!H", body))
        elif kind == 3:
            names.append("wscale %d" % body[0])
        elif kind == 4:
            names.append("sackOK")
        elif kind == 5:
            names.append("sack %d" % (len(body) // 8))
        elif kind == 8:
            names.append("TS")
            tsval = struct.unpack("!I", body[:4])[0]
        else:
            names.append("%d" % kind)
        i += options[i + 1]
    return names, tsval


class Wire:
    """Numbers are relative to each side's first."""

    def __init__(self, tun):
        self.tun = tun

    def begin(self, here, there):
        self.ports = here, there
        self.isn = None
        self.ts = None
        self.mine = 0x10000000

    def send(self, flags, seq, ack=0, data=b"", options=b"", win=1000, ts=False):
        if ts:
            options = Option.NOP * 2 + Option.ts(5000 + seq, self.ts or 0)
        seq += self.mine
        ack = ack + self.isn if flags & ACK else 0
        head = struct.pack("!HHIIBBHHH", self.ports[1], self.ports[0], seq & 0xFFFFFFFF,
                           ack & 0xFFFFFFFF, (20 + len(options)) // 4 << 4, flags, win, 0, 0)
        segment = head + options + data
        pseudo = pack(THERE) + pack(HERE) + struct.pack("!II", len(segment), 6)
        segment = segment[:16] + struct.pack("!H", checksum(pseudo + segment)) + segment[18:]
        if V6:
            ip = struct.pack("!IHBB", 6 << 28, len(segment), 6, 64) + pack(THERE) + pack(HERE)
        else:
            ip = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(segment), 0, 0, 64, 6, 0)
            ip += pack(THERE) + pack(HERE)
            ip = ip[:10] + struct.pack("!H", checksum(ip)) + ip[12:]
        os.write(self.tun, ip + segment)

    def receive(self, patience):
        """The next segment as words, or None."""
        until = time.monotonic() + patience
        while True:
            left = until - time.monotonic()
            if left <= 0 or not select.select([self.tun], [], [], left)[0]:
                return None
            packet = os.read(self.tun, 65536)
            if packet[0] >> 4 != (6 if V6 else 4):
                continue
            if packet[6 if V6 else 9] != 6:
                continue
            segment = packet[40 if V6 else (packet[0] & 15) * 4:]
            sport, dport, seq, ack, off, flags = struct.unpack("!HHIIBB", segment[:14])
            if (sport, dport) != self.ports:
                continue
            return self.words(seq, ack, flags, segment, off >> 2)

    def words(self, seq, ack, flags, segment, hlen):
        if self.isn is None:
            self.isn = seq
        names, tsval = names_of(segment[20:hlen])
        self.ts = tsval or self.ts
        letters = "".join(c for bit, c in ((SYN, "S"), (FIN, "F"), (RST, "R")) if flags & bit)
        seq = (seq - self.isn) & 0xFFFFFFFF
        words = "%s. " % letters if flags & ACK else letters + " "
        words += "%d:%d(%d)" % (seq, seq + len(segment) - hlen, len(segment) - hlen)
        if flags & ACK:
            words += " ack %d" % ((ack - self.mine) & 0xFFFFFFFF)
        return words + (" <%s>" % ",".join(names) if names else "")

    def expect(self, segments=1):
        for _ in range(segments):
            say(" >", self.receive(PATIENCE) or "nothing")


def tcp_socket():
    s = socket.socket(FAMILY, socket.SOCK_STREAM, PROTO)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    return s


def info(s):
    """struct tcp_info; what packetdrill's scripts ask for most."""
    i = s.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1024)
    u32 = struct.unpack_from("24I", i, 8)
    say("   length at least 232:", len(i) >= 232)
    say("   state", i[0], "ca_state", i[1], "retransmits", i[2], "options", i[5] & 7,
        "scales", i[6] & 15, i[6] >> 4, "snd_mss", u32[2], "unacked", u32[4], "sacked",
        u32[5], "lost", u32[6], "retrans", u32[7], "pmtu", u32[13], "snd_cwnd", u32[18],
        "advmss", u32[19])


def listener(port):
    l = tcp_socket()
    l.bind((HERE, port))
    l.listen(1)
    return l


def finish(w, c, mine, theirs):
    """They close; the peer acknowledges and closes, too."""
    c.close()
    w.expect()
    w.send(ACK, mine, theirs + 1)
    w.send(FIN | ACK, mine, theirs + 1)
    w.expect()


def passive(w):
    w.begin(8080, 40000)
    l = listener(8080)
    w.send(SYN, 0, win=32792, options=Option.mss(1000) + Option.SACK_OK + Option.NOP * 3 +
           Option.wscale(7))
    w.expect()
    w.send(ACK, 1, 1, win=257)
    c, peer = l.accept()
    say("   from", peer[:2])
    info(c)
    c.sendall(b"x" * 1000)
    w.expect()
    info(c)
    w.send(ACK, 1, 1001, win=257)
    w.send(PSH | ACK, 1, 1001, data=b"y" * 1000, win=257)
    w.expect()
    say("   read", len(c.recv(5000)))
    # One segment is missing.
    w.send(ACK, 2001, 1001, data=b"z" * 1000, win=257)
    w.expect()
    w.send(ACK, 1001, 1001, data=b"z" * 1000, win=257)
    w.expect()
    say("   read", len(c.recv(5000)))
    finish(w, c, 3001, 1001)
    l.close()


def initial_window(w):
    w.begin(8081, 40001)
    l = listener(8081)
    w.send(SYN, 0, win=65535, options=Option.mss(1000) + Option.SACK_OK +
           Option.ts(5000, 0) + Option.NOP + Option.wscale(7))
    w.expect()
    time.sleep(PATH)
    w.send(ACK, 1, 1, win=5000, ts=True)
    c, _ = l.accept()
    c.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
    c.sendall(b"x" * 40000)
    w.expect(10)
    info(c)
    c.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    c.close()
    w.expect()
    l.close()


def active(w):
    w.begin(40002, 8082)
    c = tcp_socket()
    c.setblocking(False)
    c.bind((HERE, 40002))
    say("   connect", errno.errorcode[c.connect_ex((THERE, 8082))])
    w.expect()
    w.send(SYN | ACK, 0, 1, win=5840, options=Option.mss(1460) + Option.NOP * 2 +
           Option.SACK_OK + Option.NOP + Option.wscale(6))
    w.expect()
    say("   SO_ERROR", c.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR))
    info(c)
    c.send(b"GET / HTTP/1.0\r\n\r\n")
    w.expect()
    w.send(FIN | ACK, 1, 19, win=257)
    w.expect()
    say("   read", len(c.recv(100)))
    c.close()
    w.expect()
    w.send(ACK, 2, 20)


def refused(w):
    """Connects to a closed port, from either side."""
    w.begin(8083, 40003)
    w.send(SYN, 0, options=Option.mss(1000))
    w.isn = 0
    w.expect()
    w.begin(40004, 8084)
    c = tcp_socket()
    c.setblocking(False)
    c.bind((HERE, 40004))
    c.connect_ex((THERE, 8084))
    w.expect()
    w.send(RST | ACK, 0, 1)
    select.select([], [c], [], PATIENCE)
    say("   SO_ERROR", errno.errorcode[c.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)])


def main():
    w = Wire(open_tun())
    for script in (passive, initial_window, active, refused):
        say(script.__name__)
        script(w)


main()
