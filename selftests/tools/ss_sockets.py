#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
#
# ss_sockets.py CGROUP LOCK: opens sockets in many states, over whichever stack this runs on, and
# keeps them until it is ended.  CGROUP is a folder of cgroup2 for one of them.  All ports are
# given, so that two stacks have the same sockets.  Prints "ready".  The TIME-WAIT is made again
# from time to time, with the file LOCK locked.

import fcntl
import os
import socket
import sys
import time

HOUR = 3600
TCP_CLOSE = 7
kept = []


def make(addr, port, device=None, mark=0):
    s = socket.socket(socket.AF_INET6 if ":" in addr else socket.AF_INET)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if device:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, device.encode())
    if mark:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_MARK, mark)
    if ":" in addr and addr != "::":
        s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    s.bind((addr, port))
    kept.append(s)
    return s


def listener(addr, port, **how):
    s = make(addr, port, **how)
    s.listen(7)
    return s


def connection(server, addr, port, to, **how):
    c = make(addr, port, **how)
    c.connect(to)
    d, _ = server.accept()
    kept.append(d)
    return c, d


def move(cgroup):
    with open(cgroup + "/cgroup.procs", "w") as f:
        f.write(str(os.getpid()))


home = "/sys/fs/cgroup"
move(sys.argv[1])
listener("10.1.0.2", 8006)
move(home)

web = listener("10.1.0.1", 8001)
tls = listener("0.0.0.0", 443)
six = listener("fd01::1", 8003)
shell = listener("::", 22)
mail = listener("127.0.0.1", 25, device="lo")
late = make("10.1.0.1", 8007)
late.setsockopt(socket.IPPROTO_TCP, socket.TCP_DEFER_ACCEPT, HOUR)
late.listen(7)
marked = listener("10.1.0.1", 8008, mark=0x12)

connection(web, "10.1.0.2", 5001, ("10.1.0.1", 8001))
connection(web, "10.1.0.2", 40001, ("10.1.0.1", 8001))
connection(six, "fd01::2", 5003, ("fd01::1", 8003))
connection(shell, "127.0.0.1", 5004, ("127.0.0.1", 22))
connection(tls, "10.1.0.2", 5005, ("10.1.0.1", 443))
connection(mail, "127.0.0.1", 5006, ("127.0.0.1", 25), device="lo")
connection(marked, "10.1.0.2", 5008, ("10.1.0.1", 8008), mark=0x12)

# FIN-WAIT-2 and CLOSE-WAIT; SYN-SENT; the server's SYN-RECEIVED, which waits for data.
c, d = connection(web, "10.1.0.2", 5011, ("10.1.0.1", 8001))
c.shutdown(socket.SHUT_WR)
c = make("10.1.0.1", 5013)
c.setsockopt(socket.IPPROTO_TCP, socket.TCP_SYNCNT, 100)
c.setblocking(False)
c.connect_ex(("10.2.0.9", 80))
make("10.1.0.2", 5014).connect(("10.1.0.1", 8007))

# The server's end is in TIME-WAIT, so that a SYN from the same port may follow (RFC 6191).
lock = open(sys.argv[2], "w")
while True:
    fcntl.flock(lock, fcntl.LOCK_EX)
    c, d = connection(web, "10.1.0.2", 5012, ("10.1.0.1", 8001))
    del kept[-2:]
    d.close()
    c.recv(1)
    c.shutdown(socket.SHUT_WR)
    while c.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0] != TCP_CLOSE:
        time.sleep(0.01)
    c.close()
    print("ready", flush=True)
    fcntl.flock(lock, fcntl.LOCK_UN)
    time.sleep(15)
