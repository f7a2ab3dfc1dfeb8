"""Several hosts on one machine: namespaces with an sshd each, and a network that leads nowhere else.

    testbed.enter()                               # this process goes on in namespaces of its own
    with testbed.Testbed(hosts=4) as bed:         # h1 is 10.77.0.11, and so on
        subprocess.run(["ssh", "-F", bed.ssh_config, "h2", "hostname"], check=True)
        bed.cut("h2")

Each has fd00:77::11 and so on too, and by a second interface, eth1, 10.78.0.11 and so on; this machine ends in 1.
A host has its own network, processes, name, /tmp, /run and /root, and its own copy-on-write view of this machine's
files, without this project's and without the libraries that wisp brings along. Its sshd lets root in by a key of the
testbed; ssh knows h2 as node2 and n2, too. Nothing outlives the process that called enter(): all is in its
namespaces. There is no route elsewhere.
"""
import ctypes
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import delay_relay

SOURCE = Path(__file__).resolve().parents[2]
NETWORK = "10.77.0"
NETWORK6 = "fd00:77::"
SECOND = "10.78.0"  # all hosts and this machine have it too, by another interface
ENTERED = "WISP_TESTBED_ENTERED"
PR_SET_PDEATHSIG = 1
TOOLS = ["unshare", "nsenter", "ip", "nft", "ssh", "ssh-keygen"]
LIBRARIES = "/usr/lib/x86_64-linux-gnu"
PROBE = """set -e
mount -t tmpfs probe /mnt
cd /mnt
mkdir upper work root
mount -t overlay probe -o lowerdir=/,upperdir=upper,workdir=work root
ip link add br0 type bridge
ip link add one type veth peer name two
"""
BROUGHT = ["libzmq.so*", "libsodium.so*", "libyaml-cpp.so*", "libfmt.so*", "libpgm*.so*", "libnorm.so*"]


def brought():
    """Those libraries that wisp brings along, and the hosts lack."""
    return [path for pattern in BROUGHT for path in Path(LIBRARIES).glob(pattern)]


def why_not():
    """Why there can be none here, or None."""
    if os.geteuid() != 0:
        return "only root can make hosts out of namespaces"
    if not os.access("/usr/sbin/sshd", os.X_OK):
        return "there is no /usr/sbin/sshd (package openssh-server)"
    for tool in TOOLS:
        if not shutil.which(tool):
            return f"there is no {tool} (packages util-linux, iproute2, nftables, openssh-client)"
    probe = subprocess.run(["unshare", "--net", "--mount", "--uts", "--ipc", "--pid", "--fork", "--propagation",
                            "private", "sh", "-c", PROBE], stderr=subprocess.PIPE, text=True)
    return f"this kernel makes no hosts: {probe.stderr.strip()}" if probe.returncode else None


def enter():
    """Runs this program again in namespaces of its own, unless it is in them already. What it leaves behind ends with
    it, even if it is killed."""
    if os.environ.get(ENTERED) or why_not():
        return
    os.environ[ENTERED] = "1"
    os.execvp("unshare", ["unshare", "--net", "--mount", "--pid", "--fork", "--kill-child=KILL", "--mount-proc",
                          "--propagation", "private", sys.executable, "-B", *sys.argv])


def _run(*command):
    subprocess.run(list(map(str, command)), check=True)


def _end_with_parent():
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


class Host:
    def __init__(self, bed, index, disk):
        self.bed, self.disk, self.number = bed, disk, index + 1
        self.name = f"h{index + 1}"
        self.address = f"{NETWORK}.{11 + index}"
        self.address6 = f"{NETWORK6}{11 + index}"
        self.second = f"{SECOND}.{11 + index}"
        self.folder = bed.folder / self.name
        self.process = None

    def prepare(self):
        (self.folder / "disk").mkdir(parents=True)
        etc = self.folder / "etc"
        etc.mkdir()
        self.bed.make_key(etc / "host_key")
        shutil.copy(self.bed.folder / "client_key.pub", etc / "authorized_keys")
        (etc / "sshd_config").write_text("\n".join([  # of a word that comes twice sshd takes the first
            *self.bed.sshd_lines(self), f"ListenAddress {self.address}", f"ListenAddress {self.address6}",
            "HostKey /run/testbed/host_key", "PidFile /run/sshd.pid",
            "AuthorizedKeysFile /run/testbed/authorized_keys", "UsePAM no", "StrictModes no",
            "PasswordAuthentication no", "KbdInteractiveAuthentication no", "PermitRootLogin yes", "UseDNS no",
            "MaxStartups 200", "MaxSessions 200", "Subsystem sftp internal-sftp", ""]))

    def boot(self):
        if self.process:
            self.process.stdin.close()
            self.process.stdout.close()
        hidden = [str(SOURCE), *map(str, brought())]
        self.process = subprocess.Popen(
            ["unshare", "--net", "--mount", "--uts", "--ipc", "--pid", "--fork", "--kill-child=KILL",
             "--propagation", "private", "bash", Path(__file__).with_name("host_init.sh"), self.name,
             f"{self.address}/24 {self.address6}/64", f"{self.second}/24", self.folder, self.disk, *hidden],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, preexec_fn=_end_with_parent)
        self.init = self._wait_for_child()
        for link, bridge, interface in [(f"v-{self.name}", "br0", "eth0"), (f"w-{self.name}", "br1", "eth1")]:
            hardware = f"02:00:00:00:{interface[-1]}:{self.number:02x}"  # the same again after it was off
            _run("ip", "link", "add", link, "type", "veth", "peer", "name", interface, "address", hardware, "netns",
                 self.init)
            _run("ip", "link", "set", link, "master", bridge, "up")
        self.process.stdin.write("go\n")
        self.process.stdin.flush()

    def _wait_for_child(self):
        """The host's first process, as seen from here. It is in its namespaces when unshare has forked it."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        while self.process.poll() is None:
            if pids := children.read_text().split():
                return int(pids[0])
            time.sleep(0.005)
        raise RuntimeError(f"{self.name} did not start")

    def wait_until_up(self):
        if self.process.stdout.readline().strip() != "up":
            raise RuntimeError(f"{self.name} did not come up")

    def is_on(self):
        return self.process is not None and self.process.poll() is None

    def switch_on(self):
        """After it went down, with an empty disk. Whoever has sought it in vain within the last second would say for
        another one that there is no route to it; here they seek it anew."""
        self.boot()
        self.wait_until_up()
        for enter in [[], *(host.enter_command() for host in self.bed.hosts.values() if host.is_on())]:
            for address in [self.address, self.address6, self.second]:
                _run(*enter, "ip", "neigh", "flush", "to", address)

    def enter_command(self):
        """The begin of a command line that runs what follows in the host."""
        return ["nsenter", "-t", str(self.init), "-m", "-u", "-i", "-n", "-p", "-r", "-w", "--"]

    def run(self, *command):
        """What the command says, run as root in the host."""
        done = subprocess.run(self.enter_command() + list(map(str, command)), stdout=subprocess.PIPE, text=True,
                              check=True)
        return done.stdout

    def kill(self, pattern):
        """Those processes of the host whose command lines match."""
        for line in self.run("ps", "-eo", "pid,args").splitlines():
            pid, _, command = line.strip().partition(" ")
            if re.search(pattern, command.strip()):
                self.run("kill", "-9", pid)

    def freeze(self):
        """All that runs in it stops, but for its first process."""
        self.run("sh", "-c", "kill -STOP -1")

    def thaw(self):
        self.run("sh", "-c", "kill -CONT -1")

    def crash(self):
        """All that runs in it ends while its network lasts: whoever is connected hears of it. Then it goes down."""
        subprocess.run(self.enter_command() + ["sh", "-c", "kill -KILL -1"])  # which may hit what sends it, too
        self.go_down()

    def fill_disk(self):
        """With /tmp/filling, until nothing fits any more."""
        self.run("sh", "-c", "dd if=/dev/zero of=/tmp/filling bs=64k 2>/dev/null; true")

    def go_down(self):
        """Everything in it is gone, its disk too. Who is connected hears of it, unless it was cut off before."""
        if self.is_on():
            self.process.kill()
            self.process.wait()
            for link in ["v", "w"]:
                subprocess.run(["ip", "link", "del", f"{link}-{self.name}"], stderr=subprocess.DEVNULL)


class Testbed:
    """`sshd` is what its hosts' sshd_config has beside the usual, by the name of the host. With `shared` there is one
    folder that is the same on all hosts."""

    def __init__(self, hosts=4, disk="512m", sshd=None, shared=False):
        self.folder = Path(tempfile.mkdtemp(prefix="wisp-test-"))
        self.sshd = sshd or {}
        self.relays = []
        self.shared = self.folder / "shared"
        if shared:
            self.shared.mkdir()
        self.hosts = {host.name: host for host in (Host(self, index, disk) for index in range(hosts))}

    @property
    def ssh_config(self):
        return str(self.folder / "ssh_config")

    def __getitem__(self, name):
        return self.hosts[name]

    def __enter__(self):
        if not os.environ.get(ENTERED):
            raise RuntimeError("a testbed is made in namespaces of its own: call enter() first")
        try:
            self._start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def sshd_lines(self, host):
        return self.sshd.get(host.name, [])

    def _start(self):
        _run("ip", "link", "set", "lo", "up")
        for bridge, addresses in [("br0", [f"{NETWORK}.1/24", f"{NETWORK6}1/64"]), ("br1", [f"{SECOND}.1/24"])]:
            _run("ip", "link", "add", bridge, "type", "bridge")
            for address in addresses:
                _run("ip", "addr", "add", address, "dev", bridge, *(["nodad"] if ":" in address else []))
            _run("ip", "link", "set", bridge, "up")
        self.make_key(self.folder / "client_key")
        for host in self.hosts.values():
            host.prepare()
        self._write_client_files()
        for host in self.hosts.values():
            host.boot()
        for host in self.hosts.values():
            host.wait_until_up()

    def __exit__(self, *_):
        for relay in self.relays:
            relay.kill()
            relay.wait()
        for host in self.hosts.values():
            host.go_down()
        for bridge in ["br0", "br1"]:
            subprocess.run(["ip", "link", "del", bridge], stderr=subprocess.DEVNULL)
        shutil.rmtree(self.folder, ignore_errors=True)

    def make_key(self, path):
        _run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "wisp-testbed", "-f", path)

    def _write_client_files(self):
        lines = []
        known = []
        for host in self.hosts.values():
            lines += [f"Host {host.name} node{host.number} n{host.number}", f"  HostName {host.address}"]
            key = (host.folder / "etc/host_key.pub").read_text()
            known.append(f"{host.address},{host.address6} {key}")
        lines += ["Host *", "  User root", f"  IdentityFile {self.folder}/client_key", "  IdentitiesOnly yes",
                  "  IdentityAgent none", f"  UserKnownHostsFile {self.folder}/known_hosts",
                  "  GlobalKnownHostsFile /dev/null", "  StrictHostKeyChecking yes",
                  "  KexAlgorithms curve25519-sha256", ""]
        (self.folder / "ssh_config").write_text("\n".join(lines))
        (self.folder / "known_hosts").write_text("".join(known))

    def allow_only_ssh(self, name):
        """A firewall in the host that drops what anybody else begins, but for ssh from this machine."""
        rules = (f"table inet filter {{ chain input {{ type filter hook input priority 0; policy drop;"
                 f" iif lo accept; ct state established,related accept; icmpv6 type nd-neighbor-solicit accept;"
                 f" icmpv6 type nd-neighbor-advert accept; ip saddr {NETWORK}.1 tcp dport 22 accept; }}; }}")
        self[name].run("nft", rules)

    def allow_all(self, name):
        self[name].run("nft", "flush ruleset")

    def cut(self, name):
        """No packet reaches the host any more, and none leaves it."""
        _run("ip", "link", "set", f"v-{name}", "down")

    def heal(self, name):
        _run("ip", "link", "set", f"v-{name}", "up")

    def limit(self, name, rate, burst="64kb", latency="100ms"):
        """The host receives and sends no more than `rate`, such as 100mbit, but `burst` at once after a rest. What
        would wait for longer than `latency` is lost."""
        shape = ["root", "tbf", "rate", rate, "burst", burst, "latency", latency]
        _run("tc", "qdisc", "replace", "dev", f"v-{name}", *shape)
        self[name].run("tc", "qdisc", "replace", "dev", "eth0", *shape)

    def delay(self, name, milliseconds):
        """Every frame to the host and from it takes so long. Its link is another one from now on."""
        host = self[name]
        _run("ip", "link", "del", f"v-{name}")
        inner = f"d-{name}"
        relay = subprocess.Popen([sys.executable, "-B", delay_relay.__file__, inner,
                                  f"v-{name}", str(milliseconds)], stdout=subprocess.PIPE, text=True,
                                 preexec_fn=_end_with_parent)
        self.relays.append(relay)
        if relay.stdout.readline().strip() != "up":
            raise RuntimeError(f"no relay for {name}")
        _run("ip", "link", "set", inner, "netns", host.init, "name", "eth0")
        host.run("ip", "addr", "add", f"{host.address}/24", "dev", "eth0")
        host.run("ip", "link", "set", "eth0", "up")
        _run("ip", "link", "set", f"v-{name}", "master", "br0", "up")

    def unlimit(self, name):
        """Undoes limit()."""
        for command in [["tc"], self[name].enter_command() + ["tc"]]:
            link = f"v-{name}" if command == ["tc"] else "eth0"
            subprocess.run([*command, "qdisc", "del", "dev", link, "root"], stderr=subprocess.DEVNULL)

    def traffic(self, name, network="v"):
        """(bytes that the host has received, bytes that it has sent), frames of its network included. `w`: of the
        second one."""
        link = f"{network}-{name}"
        said = subprocess.run(["ip", "-j", "-s", "link", "show", link], stdout=subprocess.PIPE, check=True)
        counters = json.loads(said.stdout)[0]["stats64"]
        return counters["tx"]["bytes"], counters["rx"]["bytes"]
