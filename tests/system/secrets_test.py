"""The secret keys of a run are seen by nobody: in no process's arguments or environment, in no file, in no output."""
import base64
import ctypes
import os
import re
import signal
import stat
from pathlib import Path

import ssh_test
import wisp_test

Z85 = rb"[0-9a-zA-Z.\-:+=^!/*?&<>()\[\]{}@%$#]"
PACKED_PAIR = re.compile(rb"\xd9\x28(" + Z85 + rb"{40})\xd9\x28(" + Z85 + rb"{40})", re.S)
PACKED_KEY = re.compile(rb"\xd9\x28(" + Z85 + rb"{40})", re.S)
STRING = re.compile(rb"(?<=\0)" + Z85 + rb"{40}(?=\0)", re.S)  # as std::string keeps it
# Keeps what the driver tells the agents, then is ssh.
KEEPING_SSH = """#!/bin/sh
mkfifo {folder}/$$.pipe
exec 3<&0
tee {folder}/$$.told <&3 >{folder}/$$.pipe 2>/dev/null &
exec ssh "$@" <{folder}/$$.pipe 3<&-
"""


class Curve:
    """What libzmq makes of keys."""

    def __init__(self):
        self.library = ctypes.CDLL("libzmq.so.5")

    def public(self, secret):
        text = ctypes.create_string_buffer(41)
        return text.value if self.library.zmq_curve_public(text, secret) == 0 else None

    def raw(self, text):
        key = ctypes.create_string_buffer(32)
        self.library.zmq_z85_decode(key, text)
        return key.raw

    def forms(self, secret):
        raw = self.raw(secret)
        return [secret, raw, raw.hex().encode(), raw.hex().upper().encode(), base64.b64encode(raw).rstrip(b"=")]


def memory_of(pid):
    """What a process has written to, piece by piece."""
    with open(f"/proc/{pid}/maps") as maps, open(f"/proc/{pid}/mem", "rb", 0) as memory:
        for line in maps:
            span, mode, *_ = line.split()
            if not mode.startswith("rw") or line.rstrip().endswith(("[vvar]", "[vsyscall]")):
                continue
            begin, end = (int(each, 16) for each in span.split("-"))
            memory.seek(begin)
            try:
                yield memory.read(end - begin).replace(bytes(4096), b"\0")  # most of it is empty
            except OSError:
                pass  # a mapping that can't be read, or is gone by now


def processes():
    """What everybody may read of every process, by where it was read."""
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            for name in ["cmdline", "environ"]:
                try:
                    yield entry / name, (entry / name).read_bytes()
                except OSError:
                    pass  # another user's, or gone by now


class Secrets(ssh_test.OnHosts):
    def setUp(self):
        self.addCleanup(os.umask, os.umask(0))
        super().setUp()
        self.kept = self.wisp.folder / "kept"
        self.kept.mkdir()
        script = self.wisp.write("keeping-ssh", KEEPING_SSH.format(folder=self.kept))
        script.chmod(0o700)
        # One address off loopback makes all of them speak CURVE.
        address = ssh_test.TwoHosts.own_address(self)
        self.text = ssh_test.ENDLESS.replace("slots: 2", f"slots: 2, address: {address}")
        self.curve = Curve()

    def settings(self):
        return super().settings() + ["--set", f"ssh.program=[{self.wisp.folder}/keeping-ssh]"]

    def secrets_of_nodes(self, told):
        pairs = {pair.groups() for pair in PACKED_PAIR.finditer(told)}
        return {secret for public, secret in pairs if self.curve.public(secret) == public}

    def secrets_in_memory(self, pid, public_keys):
        """Of those keys; found as gdb would."""
        candidates = set()
        for piece in memory_of(pid):
            candidates.update(STRING.findall(piece))
        return {text for text in candidates if self.curve.public(text) in public_keys}

    def assert_absent(self, secrets, where, content):
        for secret in secrets:
            for form in self.curve.forms(secret):
                self.assertFalse(form in content, f"a secret key can be read in {where}")

    def files(self):
        for folder in [self.wisp.state, self.wisp.runtime, self.workdir]:
            yield folder
            yield from folder.rglob("*")

    def assert_private(self):
        seen = set()
        for path in self.files():
            status = path.lstat()
            if stat.S_ISLNK(status.st_mode):
                continue
            self.assertEqual(status.st_mode & 0o077, 0, f"{path} is open to others")
            if stat.S_ISREG(status.st_mode):
                seen.add(path.name)
        return seen

    def test_nobody_sees_them(self):
        running = self.start(self.text)
        told = b"".join(path.read_bytes() for path in self.kept.glob("*.told"))
        secrets = self.secrets_of_nodes(told)
        self.assertEqual(len(secrets), 4, "a master and three workers")
        public_keys = set(PACKED_KEY.findall(told)) - secrets
        self.assertEqual(len(public_keys), 5, "theirs and the driver's")
        secrets |= self.secrets_in_memory(running.pid, public_keys)
        self.assertEqual(len(secrets), 5, "the driver tells its own to nobody, but has it")
        with self.assertRaises(AssertionError):
            self.assert_absent(secrets, "what the agents were told", told)

        for where, content in processes():
            self.assert_absent(secrets, where, content)
        self.assert_private()
        for words in [["config", "endless.yaml"], ["plan", "endless.yaml"], ["ps"], ["ps", "--json"],
                      ["inspect", "master"], ["inspect", "worker-1", "--json"], ["logs"], ["logs", "--json"]]:
            more = self.settings() if words[0] in ("config", "plan") else []
            done = self.wisp.run(*words, *more)
            self.assertEqual(done.status, 0, done)
            self.assert_absent(secrets, f"wisp {' '.join(words)}", (done.stdout + done.stderr).encode())
        running.send(signal.SIGINT)
        done = running.wait(12)
        self.assertEqual(done.status, 130, done)
        self.assert_absent(secrets, "wisp run", (done.stdout + done.stderr).encode())
        seen = self.assert_private()
        expected = {"job.yaml", "result.json", "provenance.json", "events.jsonl", "state.json", "1.log"}
        self.assertLessEqual(expected, seen)
        for path in self.files():
            if path.is_file():
                self.assert_absent(secrets, path, path.read_bytes())


if __name__ == "__main__":
    wisp_test.main()
