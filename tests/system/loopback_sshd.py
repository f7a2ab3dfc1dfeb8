"""Hosts for tests of ssh that need no root: sshd's of one's own on loopback addresses.

    with LoopbackSshd() as sshd:                  # hosts n1 and n2 on 127.0.0.11 and 127.0.0.12
        subprocess.run(["ssh", "-F", sshd.ssh_config, "n1", "true"], check=True)

They let only this user in, by a key of their own, and share this machine's files and processes. Further names, all for
the sshd of n1 but the last: nokey (login refused), wronghost (host key is not the known one), newhost (host key not
known), closed (nobody listens there).
"""
import ctypes
import os
import shutil
import signal
import subprocess
import tempfile
import threading
from pathlib import Path

SSHD = "/usr/sbin/sshd"
SANITIZER_OPTIONS = ["ASAN_OPTIONS", "TSAN_OPTIONS", "UBSAN_OPTIONS"]
PORT_TRIES = 50
PR_SET_PDEATHSIG = 1


def why_not():
    """Why there can be none here, or None."""
    if not os.access(SSHD, os.X_OK):
        return "there is no /usr/sbin/sshd (package openssh-server)"
    if not shutil.which("ssh") or not shutil.which("ssh-keygen"):
        return "there is no ssh client"
    return None


def _end_with_parent():
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


class LoopbackSshd:
    def __init__(self, hosts=2, more=""):
        self.names = [f"n{i + 1}" for i in range(hosts)]
        self.addresses = [f"127.0.0.{11 + i}" for i in range(hosts)]
        self.more = more
        self.ports = []
        self.processes = []
        self.logs = [[] for _ in range(hosts)]  # what each sshd has said
        self.folder = None

    @property
    def ssh_config(self):
        return str(self.folder / "ssh_config")

    def __enter__(self):
        self.folder = Path(tempfile.mkdtemp(prefix="wisp-test-"))
        try:
            if os.geteuid() == 0:
                os.makedirs("/run/sshd", mode=0o755, exist_ok=True)  # sshd wants it of root
            for name in ["client_key", "other_key"] + [f"{each}_host_key" for each in self.names]:
                self._make_key(name)
            self._write("authorized_keys", self._public_key("client_key"))
            for index in range(len(self.names)):
                self._start(index)
            self._write_client_files()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        for process in self.processes:
            process.terminate()
        for process in self.processes:
            process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _write(self, name, text):
        path = self.folder / name
        path.write_text(text)
        path.chmod(0o600)

    def _make_key(self, name):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "wisp-test", "-f", self.folder / name],
                       check=True)

    def _public_key(self, name):
        return (self.folder / f"{name}.pub").read_text()

    def _start(self, index):
        for attempt in range(PORT_TRIES):  # below the kernel's own ports, others for tests that run at once
            port = 20000 + (os.getpid() * 7 + attempt * 97) % 10000
            process = self._try_start(index, port)
            if process:
                self.processes.append(process)
                self.ports.append(port)
                return
        raise RuntimeError(f"sshd does not start on {self.addresses[index]}: {''.join(self.logs[index])}")

    @staticmethod
    def _set_env():
        """What programs on the hosts are to know of the sanitizers that they were built with."""
        options = [f'"{name}={os.environ[name]}"' for name in SANITIZER_OPTIONS if name in os.environ]
        return ["SetEnv " + " ".join(options)] if options else []

    def _try_start(self, index, port):
        name = self.names[index]
        self._write(f"{name}.conf", "\n".join([
            f"ListenAddress {self.addresses[index]}", f"Port {port}", f"HostKey {self.folder}/{name}_host_key",
            "PidFile none", f"AuthorizedKeysFile {self.folder}/authorized_keys", "UsePAM no", "StrictModes no",
            "PasswordAuthentication no", "KbdInteractiveAuthentication no", "PermitRootLogin yes", "UseDNS no",
            "MaxStartups 200", "MaxSessions 200", "LogLevel INFO", *self._set_env(), self.more, ""]))
        process = subprocess.Popen([SSHD, "-D", "-e", "-f", self.folder / f"{name}.conf"], stdin=subprocess.DEVNULL,
                                   stderr=subprocess.PIPE, text=True, preexec_fn=_end_with_parent)
        for line in process.stderr:
            self.logs[index].append(line)
            if "Server listening on" in line:
                threading.Thread(target=self._collect, args=(index, process.stderr), daemon=True).start()
                return process
        process.wait()
        return None

    def _collect(self, index, stream):
        with stream:
            self.logs[index].extend(stream)

    def _write_client_files(self):
        lines = []
        for name, index, port, known, key in (
                [(name, i, self.ports[i], "known_hosts", "client_key") for i, name in enumerate(self.names)] +
                [("nokey", 0, self.ports[0], "known_hosts", "other_key"),
                 ("wronghost", 0, self.ports[0], "wrong_hosts", "client_key"),
                 ("newhost", 0, self.ports[0], "no_hosts", "client_key"),
                 ("closed", 0, 1, "known_hosts", "client_key")]):
            lines += [f"Host {name}", f"  HostName {self.addresses[index]}", f"  Port {port}",
                      f"  UserKnownHostsFile {self.folder}/{known}", f"  IdentityFile {self.folder}/{key}"]
        lines += ["Host *", "  IdentitiesOnly yes", "  IdentityAgent none", "  GlobalKnownHostsFile /dev/null",
                  "  StrictHostKeyChecking yes", "  KexAlgorithms curve25519-sha256", ""]
        places = [f"[{address}]:{port} " for address, port in zip(self.addresses, self.ports)]
        self._write("ssh_config", "\n".join(lines))
        self._write("known_hosts", "".join(place + self._public_key(f"{name}_host_key")
                                           for place, name in zip(places, self.names)))
        self._write("wrong_hosts", places[0] + self._public_key("other_key"))
        self._write("no_hosts", "")
