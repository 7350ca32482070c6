# SPDX-License-Identifier: GPL-2.0
"""Where a run takes place: in a VM, in namespaces of this machine, or in the simulator.

Each place gets a folder with the same input and leaves the same raw records, of which
records.py makes the run's folder.
"""

import glob
import hashlib
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
QEMU = "qemu-system-x86_64"
# Nothing of the host's reaches the VM, neither its clock nor its random numbers: so a run
# repeats to the byte.  A processor without ERMS, as this emulator counts "rep movsb" once a byte.
VM_ARGS = ["-nodefaults", "-no-user-config", "-display", "none", "-no-reboot",
           "-accel", "tcg,thread=single", "-cpu", "qemu64", "-icount", "shift=0,sleep=off",
           "-smp", "1", "-seed", "1", "-rtc", "base=2026-01-01T00:00:00,clock=vm"]
VM_APPEND = "console=ttyS0 loglevel=5 panic=-1 oops=panic mitigations=off nokaslr norandmaps quiet"
VM_MODULES = ["tun"]
LAST_MODULES = ["virtio_pci", "virtio_console"]


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


def kernel(name):
    """(release, vmlinuz, root of its modules) of a kernel: of the cache, or installed."""
    done = os.path.join(cache_dir(), "kernel", name, ".complete")
    if os.path.exists(done):
        with open(done, encoding="ascii") as f:
            rel = f.read().strip()
        root = os.path.realpath(os.path.dirname(done))
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
    built = os.path.join(build_dir(), rel + ("-" + variant if variant else ""), "atcp.ko")
    if os.path.exists(built):
        return built
    for r in (root, "/"):
        for f in ("updates/atcp.ko", "updates/dkms/atcp.ko", "updates/dkms/atcp.ko.xz"):
            if os.path.exists(os.path.join(r, "lib/modules", rel, f)):
                return os.path.join(r, "lib/modules", rel, f)
    raise Failed("no atcp.ko for %s: `make KERNEL=6.1 module` builds it; the packages of `make deb` "
                 "build it for an installed kernel" % rel)


def digest(path):
    with open(path, "rb") as f:
        return hashlib.sha256(f.read()).hexdigest()[:16]


def uses_atcp(s):
    return any(f["stack"] == "atcp" and f["kind"] != "udp-ping" for f in s["flows"])


# ---------------------------------------------------------------- the input of lab-run

def command_lines(s, of):
    """HOST FLOW SECONDS ME PEER COMMAND of each command, servers first."""
    net = ("fd77::%x", "fd78::%x") if s["ip"] == 6 else ("10.77.0.%d", "10.78.0.%d")
    for what in ("server", "command"):
        for n, f in enumerate(s["flows"]):
            if f["kind"] != "command" or not f[what]:
                continue
            right = what == "server"
            me, peer = net[right] % (n + 1), net[not right] % (n + 1)
            start = 0 if right else f["start_us"] / 1e6
            stack = "" if f["stack"] == "kernel" else "atcp-run -c %s " % f["carrier"]
            yield "%s%d %s-%s %g %s %s %ssh -c %s\n" % (
                "lr"[right], of[n], f["name"], what, start, me, peer, stack, shlex.quote(f[what]))


def programs_of(s):
    """The programs that commands name."""
    out = set()
    for f in s["flows"]:
        if f["kind"] == "command":
            first = []
            for text in (f["command"], f["server"] or ""):
                words = text.split()
                first += words[:1]
                out.update(w for w in map(shutil.which, words) if w)
            for w in first:
                if not shutil.which(w):
                    raise Failed("flow %s: there is no program %s here" % (f["name"], w))
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
        "ip-" + host: "link set lab0 up mtu %d\nlink set lab1 up mtu %d\nroute add 10.%d.0.0/16 "
                      "dev lab1\n" % (mtu, mtu, 77 if back else 78),
        "sysctls-" + host: "net/ipv6/conf/default/disable_ipv6 1\nnet/ipv4/ip_forward 1\nnet/ipv4/conf/all/rp_filter 0\n"
                           "net/ipv4/conf/default/rp_filter 0\n",
        "tc-" + host: "qdisc add dev lab1 root handle 1: tbf rate %dbit burst %d limit 100000000\n"
                      "qdisc add dev lab1 parent 1: %s\n" % (keys["rate_bps"], mtu + 20,
                                                           " ".join(words)),
    }


def inputs(s, seed):
    """The files of the folder that lab-run gets, by name."""
    of, hosts = scenario.pairs(s)
    files = {"run": scenario.description(s, seed)}
    names = []
    for p, sysctls in enumerate(hosts):
        for right, side in enumerate("lr"):
            host = side + str(p)
            names.append(host)
            lines = []
            values = {"net.ipv4.tcp_no_metrics_save": "1"}
            if s["ip"] == 4:
                values["net.ipv6.conf.all.disable_ipv6"] = "1"
                values["net.ipv6.conf.default.disable_ipv6"] = "1"
            else:
                values["net.ipv6.conf.default.addr_gen_mode"] = "1"
            values.update(sysctls)
            for n in range(len(s["flows"])):
                if of[n] != p:
                    continue
                if s["ip"] == 6:
                    lines.append("addr add fd7%d::%x/128 dev lab0 nodad" % (7 + right, n + 1))
                else:
                    lines.append("addr add 10.%d.0.%d/32 dev lab0" % (77 + right, n + 1))
            lines = ["link set lo up",
                     "link set lab0 txqueuelen 20000 mtu %d up" % s["mtu"]] + lines
            there = "fd7%d::/16" % (8 - right) if s["ip"] == 6 else "10.%d.0.0/16" % (78 - right)
            lines.append("route add %s dev lab0" % there)
            files["ip-" + host] = "\n".join(lines) + "\n"
            files["sysctls-" + host] = "".join(
                "%s %s\n" % (k.replace(".", "/"), v) for k, v in values.items())
    for n, link in enumerate(s["links"]):
        for back, d in enumerate(("there", "back")):
            if "aqm" in link[d]:
                names.append("q%d" % (2 * n + back))
                files.update(queue_files(names[-1], link[d], s["mtu"], back))
    files["commands"] = "".join(command_lines(s, of))
    files["events"] = "yes\n" if "events" in s["record"] else "no\n"
    files["hosts"] = " ".join(names) + "\n"
    return files


# ---------------------------------------------------------------- a VM

def archive(folder, to):
    """Packs a folder as the kernel takes it for its first root."""
    names = []
    for d, folders, files in os.walk(folder):
        names += [os.path.relpath(os.path.join(d, n), folder) for n in folders + files]
    subprocess.run([tool("cpio", "cpio"), "-o", "-H", "newc", "--quiet", "-R", "0:0"],
                   cwd=folder, input="\n".join(sorted(names)).encode(), stdout=to, check=True)


def add_program(folder, path, to="bin"):
    """Copies a program with the libraries that it is linked to."""
    os.makedirs(os.path.join(folder, to), exist_ok=True)
    shutil.copy(path, os.path.join(folder, to))
    out = subprocess.run(["ldd", path], capture_output=True, text=True, check=False).stdout
    for lib in re.findall(r"(/\S+) \(0x", out):
        place = os.path.join(folder, lib.lstrip("/"))
        os.makedirs(os.path.dirname(place), exist_ok=True)
        shutil.copy(os.path.realpath(lib), place)


def add_modules(folder, rel, root, names):
    """Copies modules with all that they need. Return: their paths there, in order."""
    modprobe = tool("modprobe", "kmod")
    paths = []
    os.makedirs(os.path.join(folder, "lib/modules"), exist_ok=True)
    for name in names:
        r = subprocess.run([modprobe, "-d", root, "-S", rel, "--show-depends", name],
                           capture_output=True, text=True, check=False)
        if r.returncode:
            raise Failed("the kernel %s has no module %s" % (rel, name))
        for line in r.stdout.splitlines():
            if not line.startswith("insmod "):
                continue
            path = line.split()[1]
            place = "/lib/modules/" + re.sub(r"\.xz$", "", os.path.basename(path))
            if place in paths:
                continue
            copy_module(path, folder + place)
            paths.append(place)
    return paths


def copy_module(path, to):
    if path.endswith(".xz"):
        with open(to, "wb") as f:
            subprocess.run(["xz", "-dc", path], stdout=f, check=True)
    else:
        shutil.copy(path, to)


def vm_image(s, rel, root, folder):
    """Makes the root of the VM: all that the run needs."""
    for name, package in (("busybox", "busybox-static"), ("ip", "iproute2")):
        add_program(folder, tool(name, package))
    os.symlink("busybox", os.path.join(folder, "bin/sh"))
    for name in ("lab-link", "lab-flow"):
        add_program(folder, program(name))
    for path in programs_of(s):
        add_program(folder, path)
    aqms = {link[d]["aqm"]["aqm"] for link in s["links"] for d in ("there", "back")
            if "aqm" in link[d]}
    if aqms:
        add_program(folder, tool("tc", "iproute2"))
    shutil.copy(os.path.join(HERE, "lab-run"), os.path.join(folder, "bin"))
    shutil.copy(os.path.join(HERE, "guest"), os.path.join(folder, "init"))
    os.chmod(os.path.join(folder, "init"), 0o755)
    wanted = VM_MODULES + ["sch_tbf"] * bool(aqms) + ["sch_" + a for a in sorted(aqms)]
    if uses_atcp(s) and s["ip"] == 6:
        wanted.append("nf_defrag_ipv6")
    for f in s["flows"]:
        if f["stack"] == "kernel" and f["cc"] not in (None, "reno", "cubic"):
            wanted.append("tcp_" + f["cc"])
    modules = add_modules(folder, rel, root, wanted)
    if uses_atcp(s):
        copy_module(module(rel, root), os.path.join(folder, "lib/modules/atcp.ko"))
        modules.append("/lib/modules/atcp.ko")
    last = add_modules(folder, rel, root, LAST_MODULES)
    for name, paths in (("modules", modules), ("modules-last", last)):
        with open(os.path.join(folder, name), "w", encoding="ascii") as f:
            f.write("\n".join(paths) + "\n")


def vm_command(image, initrd, port, console):
    return [tool(QEMU, "qemu-system-x86"), *VM_ARGS, "-m", "1G", "-kernel", image,
            "-initrd", initrd, "-append", VM_APPEND, "-serial", "file:" + console,
            "-device", "virtio-serial-pci",
            "-chardev", "file,id=out,path=" + port, "-device", "virtserialport,chardev=out"]


def in_vm(s, seed, out, options):
    """Runs in a VM, with raw records to the folder @out."""
    rel, image, root = kernel(options.kernel)
    tool(QEMU, "qemu-system-x86")
    console = os.path.join(out, "console.log")
    with tempfile.TemporaryDirectory(prefix="atcp-lab-") as tmp:
        folder = os.path.join(tmp, "root")
        os.makedirs(os.path.join(folder, "lab/in"))
        vm_image(s, rel, root, folder)
        for name, text in inputs(s, seed).items():
            with open(os.path.join(folder, "lab/in", name), "w", encoding="ascii") as f:
                f.write(text)
        with open(os.path.join(tmp, "initrd"), "wb") as f:
            archive(folder, f)
        port = os.path.join(tmp, "port")
        command = vm_command(image, os.path.join(tmp, "initrd"), port, console)
        status = wait(command, options.limit)
        try:
            with tarfile.open(port) as t:
                t.extractall(out)
        except (tarfile.TarError, OSError) as e:
            raise Failed("seed %d: the VM ended without records (status %s); its last words:\n%s" % (
                seed, status, last_words(console))) from e
    with open(os.path.join(out, "status"), encoding="ascii") as f:
        if f.read().strip() != "0":
            raise Failed("seed %d: the run failed; its last words:\n%s" % (
                seed, last_words(os.path.join(out, "log"))))
    return {"kernel": rel}


def last_words(console):
    try:
        with open(console, encoding="utf-8", errors="replace") as f:
            return "".join(f.readlines()[-15:]).rstrip()
    except OSError:
        return "(none)"


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
        return [digest(program("atcp-sim-lab"))]
    programs_of(s)
    parts = [digest(program("lab-link")), digest(program("lab-flow"))]
    if on == "vm":
        rel, _, root = kernel(options.kernel)
        for name, package in ((QEMU, "qemu-system-x86"), ("busybox", "busybox-static"),
                              ("cpio", "cpio"), ("ip", "iproute2"), ("modprobe", "kmod")):
            tool(name, package)
        return parts + [rel] + ([digest(module(rel, root))] if uses_atcp(s) else [])
    tool("ip", "iproute2")
    if os.geteuid():
        raise Failed("--on here makes network namespaces, which takes root; --on vm does not")
    if uses_atcp(s) and not os.path.isdir("/sys/module/atcp"):
        raise Failed("atcp is not loaded here: modprobe atcp, or insmod build/RELEASE/atcp.ko; "
                     "--on vm needs nothing of this machine")
    loaded = ""
    if uses_atcp(s):
        with open("/sys/module/atcp/srcversion", encoding="ascii") as f:
            loaded = f.read().strip()
    return parts + [os.uname().release, loaded]


def in_here(s, seed, out, options):
    """Runs in namespaces of this machine, in real time."""
    for name, text in inputs(s, seed).items():
        with open(os.path.join(out, name), "w", encoding="ascii") as f:
            f.write(text)
    path = "%s:%s:%s" % (os.path.dirname(program("lab-link")), os.environ.get("PATH", ""),
                         "/usr/sbin:/sbin")
    command = ["env", "PATH=" + path, "sh", os.path.join(HERE, "lab-run"), out,
               "lab%d" % os.getpid()]
    status = wait(command, s["time_us"] / 1e6 + options.limit)
    if not status.startswith("0 ") and status != "0":
        raise Failed("seed %d: the run failed: %s" % (seed, status))
    return {}


def in_sim(s, seed, out, options):
    """Runs in the simulator, which writes the files of a run itself."""
    r = subprocess.run([program("atcp-sim-lab"), "-o", out, "-"], capture_output=True, text=True,
                       input=scenario.description(s, seed, True), check=False, timeout=options.limit)
    if r.returncode:
        raise Failed("seed %d: the simulator failed (status %d):\n%s" % (
            seed, r.returncode, r.stderr.strip()))
    return {}


PLACES = {"vm": in_vm, "here": in_here, "sim": in_sim}
