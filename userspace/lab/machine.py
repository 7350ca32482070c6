# SPDX-License-Identifier: GPL-2.0
"""Where a run takes place: in a VM, in namespaces of this machine, or in the simulator.

Each place gets a folder with the same input and leaves the same raw records, of which
records.py makes the run's folder.
"""

import glob
import hashlib
import lzma
import os
import re
import shlex
import shutil
import signal
import subprocess
import tarfile
import tempfile

import scenario

HERE = os.path.dirname(os.path.realpath(__file__))
# Nothing of the host's reaches the VM, neither its clock nor its random numbers: so a run
# repeats to the byte.  A processor without ERMS, as this emulator counts "rep movsb" once a byte.
VM_ARGS = ["-nodefaults", "-no-user-config", "-display", "none", "-no-reboot",
           "-accel", "tcg,thread=single", "-cpu", "qemu64", "-icount", "shift=0,sleep=off",
           "-smp", "1", "-seed", "1", "-rtc", "base=2026-01-01T00:00:00,clock=vm"]
VM_APPEND = "console=ttyS0 loglevel=5 panic=-1 oops=panic mitigations=off nokaslr norandmaps quiet"
LAST_MODULES = ["virtio_pci", "virtio_console"]
VM_TOOLS = {"qemu-system-x86_64": "qemu-system-x86", "busybox": "busybox-static", "cpio": "cpio",
            "ip": "iproute2", "modprobe": "kmod"}
# The addresses of flow N, left and right: 77 and 78.
ADDRESS = {4: "10.%d.0.%d", 6: "fd%d::%x"}
NETWORK = {4: "10.%d.0.0/16", 6: "fd%d::/16"}


class Failed(Exception):
    """A run that could not be made."""


def tree():
    """The top of the source tree that this program is in, or None if it is installed."""
    top = os.path.realpath(os.path.join(HERE, "../.."))
    return top if os.path.exists(os.path.join(top, "module/core/host.h")) else None


def build_dir():
    return os.environ.get("ATCP_BUILD") or os.path.join(tree() or "/nonexistent", "build")


def cache_dir():
    return os.environ.get("ATCP_CACHE") or os.path.join(
        os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "atcp")


def program(name):
    """A helper program: of this build, or as installed beside us."""
    for d in (os.path.join(build_dir(), "bin"), HERE, os.path.join(HERE, ".."),
              os.path.join(HERE, "../../../bin")):
        if os.access(os.path.join(d, name), os.X_OK):
            return os.path.join(d, name)
    how = "make -C selftests/sim lab" if name == "atcp-sim-lab" else "make userspace"
    raise Failed("no %s: `%s` builds it" % (name, how))


def tool(name, package):
    found = shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
    if not found:
        raise Failed("no %s: apt install %s" % (name, package))
    return found


def text_of(path, default=None):
    try:
        with open(path, encoding="utf-8", errors="replace") as f:
            return f.read().strip()
    except OSError:
        if default is None:
            raise
        return default


def kernel(name):
    """(release, vmlinuz, root of its modules) of a kernel: of the cache, or installed."""
    root = os.path.realpath(os.path.join(cache_dir(), "kernel", name))
    rel = text_of(os.path.join(root, ".complete"), "")
    if rel:
        return rel, os.path.join(root, "boot/vmlinuz-" + rel), root
    for image in sorted(glob.glob("/boot/vmlinuz-%s*" % name), reverse=True):
        rel = image[len("/boot/vmlinuz-"):]
        if os.path.isdir("/lib/modules/" + rel):
            return rel, image, "/"
    raise Failed("no kernel %s: neither in %s nor in /boot; apt install linux-image-amd64, or "
                 "selftests/vm/setup %s in the source tree" % (name, cache_dir(), name))


def module(rel, root):
    """The path of atcp.ko for a kernel."""
    variant = os.environ.get("ATCP_VARIANT")
    places = [os.path.join(build_dir(), rel + ("-" + variant if variant else ""), "atcp.ko")]
    for r in (root, "/"):
        places += [os.path.join(r, "lib/modules", rel, "updates", f)
                   for f in ("atcp.ko", "dkms/atcp.ko", "dkms/atcp.ko.xz")]
    for path in places:
        if os.path.exists(path):
            return path
    raise Failed("no atcp.ko for %s: `make KERNEL=6.1 module` builds it; the packages of "
                 "`make deb` build it for an installed kernel" % rel)


def digest(path):
    with open(path, "rb") as f:
        return hashlib.sha256(f.read()).hexdigest()[:16]


def uses_atcp(s):
    return any(f["stack"] == "atcp" and f["kind"] != "udp-ping" for f in s["flows"])


def cc_files(s, on):
    """The files with congestion controls that a place loads."""
    files = [f for f in s["cc_files"] if f.endswith(".so" if on == "sim" else ".ko")]
    for f in files:
        if not os.path.isfile(f):
            raise Failed("cc_files: there is no %s" % f)
    return files


def own_cc(s, ko):
    """The modules beside atcp.ko, of atcp's own, with congestion controls that flows name."""
    names = sorted({f["cc"] for f in s["flows"] if f["stack"] == "atcp" and f["cc"]})
    files = [os.path.join(os.path.dirname(ko), "atcp_cc_%s.ko" % n) for n in names]
    return [f for f in files if os.path.isfile(f)]


def commands_of(s):
    return [f for f in s["flows"] if f["kind"] == "command"]


def aqms_of(s):
    """(number of the direction, keys) of each queue that is one of the kernel's."""
    ways = [link[d] for link in s["links"] for d in scenario.WAYS]
    return [(n, way) for n, way in enumerate(ways) if "aqm" in way]


# ---------------------------------------------------------------- the input of lab-run

def command_lines(s, of):
    """HOST FLOW SECONDS ME PEER COMMAND of each command, servers first."""
    for right, what in ((1, "server"), (0, "command")):
        for n, f in enumerate(s["flows"]):
            if f["kind"] != "command" or not f[what]:
                continue
            me, peer = (ADDRESS[s["ip"]] % (77 + side, n + 1) for side in (right, not right))
            start = 0 if right else f["start_us"] / 1e6
            stack = "" if f["stack"] == "kernel" else "atcp-run -c %s " % f["carrier"]
            yield "%s%d %s-%s %g %s %s %ssh -c %s\n" % (
                "lr"[right], of[n], f["name"], what, start, me, peer, stack, shlex.quote(f[what]))


def programs_of(s):
    """The programs that commands name."""
    out = set()
    for f in commands_of(s):
        for text in (f["command"], f["server"] or ""):
            words = text.split()
            if words and not shutil.which(words[0]):
                raise Failed("flow %s: there is no program %s here" % (f["name"], words[0]))
            out.update(filter(None, map(shutil.which, words)))
        if f["stack"] == "atcp":
            out.update((program("atcp-run"), program("libatcp.so")))
    return {p for p in out if os.path.basename(p) not in ("sh", "busybox", "ip")}


def queue_files(host, keys, mtu, back):
    """The files for the namespace of a queue of the kernel's."""
    q = keys["aqm"]
    words = [q["aqm"]]
    if "limit" in q and q["aqm"] != "cake":
        words += ["limit", str(scenario.packets(q["limit"]) * (mtu if q["aqm"] == "red" else 1))]
    if q.get("ecn"):
        words.append("ecn")
    # tbf sends no two packets at once, so that the queue is where packets wait.
    return {
        "ip-" + host: "link set lab0 up mtu %d\nlink set lab1 up mtu %d\n"
                      "route add %s dev lab1\n" % (mtu, mtu, NETWORK[4] % (77 if back else 78)),
        "sysctls-" + host: "net/ipv6/conf/default/disable_ipv6 1\nnet/ipv4/ip_forward 1\n"
                           "net/ipv4/conf/all/rp_filter 0\nnet/ipv4/conf/default/rp_filter 0\n",
        "tc-" + host: "qdisc add dev lab1 root handle 1: tbf rate %dbit burst %d limit 100000000\n"
                      "qdisc add dev lab1 parent 1: %s\n" % (keys["rate_bps"], mtu + 20,
                                                           " ".join(words)),
    }


def host_files(s, host, right, sysctls, flows):
    """The files for the namespace of a host that has these flows."""
    ip = s["ip"]
    values = {"net.ipv4.tcp_no_metrics_save": 1}
    values.update({"net.ipv6.conf.default.addr_gen_mode": 1} if ip == 6 else
                  {"net.ipv6.conf.%s.disable_ipv6" % k: 1 for k in ("all", "default")})
    lines = ["link set lo up", "link set lab0 txqueuelen 20000 mtu %d up" % s["mtu"]]
    lines += ["addr add %s%s dev lab0" % (ADDRESS[ip] % (77 + right, n + 1),
                                          "/128 nodad" if ip == 6 else "/32") for n in flows]
    lines.append("route add %s dev lab0" % (NETWORK[ip] % (78 - right)))
    return {"ip-" + host: "\n".join(lines) + "\n",
            "sysctls-" + host: "".join("%s %s\n" % (k.replace(".", "/"), v)
                                       for k, v in {**values, **sysctls}.items())}


def inputs(s, seed):
    """The files of the folder that lab-run gets, by name."""
    of, hosts = scenario.pairs(s)
    files = {"run": scenario.description(s, seed),
             "commands": "".join(command_lines(s, of)),
             "events": "yes\n" if "events" in s["record"] else "no\n"}
    for p, sysctls in enumerate(hosts):
        flows = [n for n, pair in enumerate(of) if pair == p]
        for right, side in enumerate("lr"):
            files.update(host_files(s, "%s%d" % (side, p), right, sysctls, flows))
    for n, keys in aqms_of(s):
        files.update(queue_files("q%d" % n, keys, s["mtu"], n % 2))
    files["hosts"] = " ".join(f[3:] for f in files if f.startswith("ip-")) + "\n"
    return files


def write_inputs(s, seed, folder):
    for name, text in inputs(s, seed).items():
        with open(os.path.join(folder, name), "w", encoding="ascii") as f:
            f.write(text)


# ---------------------------------------------------------------- a VM

def with_libraries(path):
    """The places of a program and of the libraries that it is linked to, in the VM."""
    out = subprocess.run(["ldd", path], capture_output=True, text=True, check=False).stdout
    libraries = re.findall(r"(/\S+) \(0x", out)
    return {"bin/" + os.path.basename(path): path, **{lib.lstrip("/"): lib for lib in libraries}}


def modules_of(rel, root, names):
    """The modules that these names take, in order, by their places in the VM."""
    modprobe = tool("modprobe", "kmod")
    places = {}
    for name in names:
        r = subprocess.run([modprobe, "-d", root, "-S", rel, "--show-depends", name],
                           capture_output=True, text=True, check=False)
        if r.returncode:
            raise Failed("the kernel %s has no module %s" % (rel, name))
        for path in re.findall(r"^insmod (\S+)", r.stdout, re.M):
            places["lib/modules/" + os.path.basename(path).removesuffix(".xz")] = path
    return places


def vm_files(s, rel, root):
    """All that the VM needs, by place: modules to load first, those to load last, and the rest."""
    aqms = {keys["aqm"]["aqm"] for _, keys in aqms_of(s)}
    wanted = ["tun"] + ["sch_tbf"] * bool(aqms) + ["sch_" + a for a in sorted(aqms)]
    if uses_atcp(s) and s["ip"] == 6:
        wanted.append("nf_defrag_ipv6")
    wanted += ["tcp_" + f["cc"] for f in s["flows"]
               if f["stack"] == "kernel" and f["cc"] not in (None, "reno", "cubic")]
    first = modules_of(rel, root, wanted)
    if uses_atcp(s):
        first["lib/modules/atcp.ko"] = module(rel, root)
        first.update(("lib/modules/" + os.path.basename(f), f)
                     for f in own_cc(s, first["lib/modules/atcp.ko"]))
        first.update(("lib/modules/" + os.path.basename(f), f) for f in cc_files(s, "vm"))
    rest = {"init": os.path.join(HERE, "guest"), "bin/lab-run": os.path.join(HERE, "lab-run")}
    paths = [tool(name, VM_TOOLS[name]) for name in ("busybox", "ip")]
    paths += [program("lab-link"), program("lab-flow"), *programs_of(s)]
    for path in paths + [tool("tc", "iproute2")] * bool(aqms):
        rest.update(with_libraries(path))
    return first, modules_of(rel, root, LAST_MODULES), rest


def vm_image(s, seed, rel, root, folder):
    """Packs the root of the VM as the kernel takes it for its first one, into the file @initrd."""
    top = os.path.join(folder, "root")
    os.makedirs(os.path.join(top, "lab/in"))
    first, last, rest = vm_files(s, rel, root)
    for place, path in {**rest, **first, **last}.items():
        place = os.path.join(top, place)
        os.makedirs(os.path.dirname(place), exist_ok=True)
        if path.endswith(".xz"):
            with lzma.open(path) as f, open(place, "wb") as to:
                shutil.copyfileobj(f, to)
        else:
            shutil.copy(path, place)
    os.chmod(os.path.join(top, "init"), 0o755)
    os.symlink("busybox", os.path.join(top, "bin/sh"))
    for name, places in (("modules", first), ("modules-last", last)):
        with open(os.path.join(top, name), "w", encoding="ascii") as f:
            f.write("".join("/%s\n" % p for p in places))
    write_inputs(s, seed, os.path.join(top, "lab/in"))
    names = []
    for d, folders, files in os.walk(top):
        names += [os.path.relpath(os.path.join(d, n), top) for n in folders + files]
    # The kernel unpacks the times and numbers of files too: they are the same each time.
    for name in names + ["."]:
        os.utime(os.path.join(top, name), (0, 0), follow_symlinks=False)
    with open(os.path.join(folder, "initrd"), "wb") as f:
        subprocess.run([tool("cpio", "cpio"), "-o", "-H", "newc", "--quiet", "-R", "0:0",
                        "--reproducible"], cwd=top, input="\n".join(sorted(names)).encode(),
                       stdout=f, check=True)


def vm_command(image, initrd, port, console):
    return [tool("qemu-system-x86_64", "qemu-system-x86"), *VM_ARGS, "-m", "1G", "-kernel", image,
            "-initrd", initrd, "-append", VM_APPEND, "-serial", "file:" + console,
            "-device", "virtio-serial-pci",
            "-chardev", "file,id=out,path=" + port, "-device", "virtserialport,chardev=out"]


def in_vm(s, seed, out, options):
    """Runs in a VM, with raw records to the folder @out."""
    rel, image, root = kernel(options.kernel)
    console = os.path.join(out, "console.log")
    with tempfile.TemporaryDirectory(prefix="atcp-lab-") as tmp:
        vm_image(s, seed, rel, root, tmp)
        port = os.path.join(tmp, "port")
        status = wait(vm_command(image, os.path.join(tmp, "initrd"), port, console), options.limit)
        try:
            with tarfile.open(port) as t:
                t.extractall(out)
        except (tarfile.TarError, OSError) as e:
            raise Failed("seed %d: the VM ended without records (status %s); its last words:"
                         "\n%s" % (seed, status, last_words(console))) from e
    if text_of(os.path.join(out, "status")) != "0":
        raise Failed("seed %d: the run failed; its last words:\n%s" % (
            seed, last_words(os.path.join(out, "log"))))
    return {"kernel": rel}


def last_words(console):
    return "\n".join(text_of(console, "(none)").splitlines()[-15:])


running = set()


def stop():
    """Ends what runs: the threads that wait for it see it fail."""
    for p in list(running):
        try:
            os.killpg(p.pid, signal.SIGTERM)
        except ProcessLookupError:
            pass


def wait(command, limit):
    """Runs a command to its end, or to its limit in seconds. Return: how it ended."""
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                          stderr=subprocess.PIPE, start_new_session=True) as p:
        running.add(p)
        try:
            _, err = p.communicate(timeout=limit)
        except subprocess.TimeoutExpired:
            os.killpg(p.pid, signal.SIGTERM)
            p.wait()
            return "not done in %d s" % limit
        finally:
            running.discard(p)
    return ("%d %s" % (p.returncode, err.decode(errors="replace").strip())).strip()


# ---------------------------------------------------------------- this machine, the simulator

def can_run(s, on, options):
    """Fails with what is missing, before anything runs. Return: what the runs depend on."""
    if on == "sim":
        refused = scenario.refused_by_sim(s)
        if refused:
            raise Failed("the simulator does not have:\n  %s\n--on vm does" % "\n  ".join(refused))
        return [digest(f) for f in [program("atcp-sim-lab"), *cc_files(s, on)]]
    programs_of(s)
    parts = [digest(program("lab-link")), digest(program("lab-flow"))]
    if on == "vm":
        rel, _, root = kernel(options.kernel)
        for name, package in VM_TOOLS.items():
            tool(name, package)
        ours = []
        if uses_atcp(s):
            ko = module(rel, root)
            ours = [ko, *own_cc(s, ko), *cc_files(s, on)]
        return parts + [rel] + [digest(f) for f in ours]
    tool("ip", "iproute2")
    if os.geteuid():
        raise Failed("--on here makes network namespaces, which takes root; --on vm does not")
    loaded = text_of("/sys/module/atcp/srcversion", "") if uses_atcp(s) else "none"
    if not loaded:
        raise Failed("atcp is not loaded here: modprobe atcp, or insmod build/RELEASE/atcp.ko; "
                     "--on vm needs nothing of this machine")
    for f in cc_files(s, on) if uses_atcp(s) else []:
        name = os.path.basename(f).removesuffix(".ko").replace("-", "_")
        parts.append(text_of("/sys/module/%s/srcversion" % name, ""))
        if not parts[-1]:
            raise Failed("%s is not loaded here: insmod %s" % (name, f))
    return parts + [os.uname().release, loaded]


def in_here(s, seed, out, options):
    """Runs in namespaces of this machine, in real time."""
    write_inputs(s, seed, out)
    path = "%s:%s:%s" % (os.path.dirname(program("lab-link")), os.environ.get("PATH", ""),
                         "/usr/sbin:/sbin")
    status = wait(["env", "PATH=" + path, "sh", os.path.join(HERE, "lab-run"), out,
                   "lab%d" % os.getpid()], s["time_us"] / 1e6 + options.limit)
    if status.split()[0] != "0":
        raise Failed("seed %d: the run failed: %s" % (seed, status))
    return {}


def sim_command(s, out):
    return [program("atcp-sim-lab"), "-o", out,
            *(word for f in cc_files(s, "sim") for word in ("-l", f)), "-"]


def in_sim(s, seed, out, options):
    """Runs in the simulator, which writes the files of a run itself."""
    r = subprocess.run(sim_command(s, out), capture_output=True, text=True,
                       input=scenario.description(s, seed, True), check=False,
                       timeout=options.limit)
    if r.returncode:
        raise Failed("seed %d: the simulator failed (status %d):\n%s" % (
            seed, r.returncode, r.stderr.strip()))
    return {}


PLACES = {"vm": in_vm, "here": in_here, "sim": in_sim}
