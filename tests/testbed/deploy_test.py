"""What reaches a host, and what runs there, on a testbed of hosts that share nothing. Needs root; skips without."""
import gzip
import hashlib
import json
import os
import random
import re
import shutil
import signal
import subprocess
import time
from pathlib import Path

import job_files
import plugin_test
import testbed
import wisp_test
from on_testbed import OnTestbed

WORKDIR = "/root/.local/state/wisp"
HOSTS = """
hosts: { h1: { slots: 1 }, h2: { slots: 2, labels: { disk: ssd } } }
actors:
  master: { host: h1, restart: never }
  worker: { replicas: 2, restart: never, placement: { kind: label, match: { disk: ssd } } }
"""
ENDLESS = job_files.ENDLESS.replace(job_files.ACTORS, HOSTS)
SHORT = ENDLESS.replace("1000000000", "20")
MIB = 1 << 20


class OnHosts(OnTestbed):
    HOSTS = 2

    def random_file(self, name, size):
        path = self.wisp.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(random.Random(size).randbytes(size))
        return path

    def run_well(self, text, *args):
        done = self.run_on(text, *args)
        self.assertEqual(done.status, 0, done)
        return done

    def refusal(self, text, *args):
        done = self.run_on(text, *args)
        self.assertEqual(done.status, 4, done)
        self.assert_nothing_runs(2)
        return done.stderr

    def received(self, *names):
        """Bytes that these hosts have received so far by ssh, headers and handshakes included: what the launcher
        brings, and not what the nodes say to each other."""
        if not shutil.which("nft"):
            self.skipTest("there is no nft (package nftables)")
        return sum(self.counted(self.bed[name]) for name in names)

    def counted(self, host):
        rule = "add table ip wisp; add chain ip wisp in { type filter hook input priority 0; }; "
        if "wisp" not in host.run("nft", "list", "tables"):
            host.run("nft", rule + "add rule ip wisp in tcp dport 22 counter")
        return int(re.search(r"bytes (\d+)", host.run("nft", "list", "chain", "ip", "wisp", "in"))[1])

    def there(self, host, folder):
        return self.bed[host].run("sh", "-c", f"ls -A {WORKDIR}/{folder} 2>/dev/null; true").split()

    def replace_tool(self, host, name, script):
        """A program that is found before the real one."""
        path = f"/usr/local/bin/{name}"
        self.bed[host].run("sh", "-c", f"printf '#!/bin/sh\\n%s\\n' '{script}' > {path}; chmod 755 {path}")
        self.addCleanup(self.bed[host].run, "rm", path)


class Files(OnHosts):
    def setUp(self):
        super().setUp()
        for host in self.bed.hosts.values():
            host.run("rm", "-rf", f"{WORKDIR}/work")

    def job(self, *more):
        self.wisp.write("conf/a.txt", "one\n")
        self.wisp.write("conf/deep/b.sh", "two\n").chmod(0o755)
        return ", ".join(["conf/", *more])

    def deploy(self, text, more):
        return text + f"deploy: {{ {more} }}\n"

    def folders(self, host):
        return self.there(host, "work")

    def test_are_in_the_working_folder_of_the_actors_until_cleanup_removes_them(self):
        files = self.job()
        running = self.start(self.deploy(ENDLESS, f"files: [ {files} ]"))
        (folder,) = self.folders("h2")
        host = self.bed["h2"]
        for line in host.run("pgrep", "-f", "/bin/wisp node").split():
            self.assertEqual(host.run("readlink", f"/proc/{line}/cwd").strip(), f"{WORKDIR}/work/{folder}")
        self.assertEqual(host.run("cat", f"{WORKDIR}/work/{folder}/conf/a.txt"), "one\n")
        self.assertEqual(host.run("stat", "-c", "%a", f"{WORKDIR}/work/{folder}/conf/deep/b.sh").strip(), "700")
        running.send(signal.SIGINT)
        self.assertEqual(running.wait(12).status, 130)
        self.assertEqual(self.folders("h2"), [folder], "the job did not succeed")
        host.run("rm", "-r", f"{WORKDIR}/work/{folder}")
        self.run_well(self.deploy(SHORT, f"files: [ {files} ]"))
        self.assertEqual(self.folders("h2"), [])
        self.run_well(self.deploy(SHORT, f"files: [ {files} ], cleanup: never"))
        self.assertEqual(len(self.folders("h2")), 1)
        host.run("sh", "-c", f"rm -r {WORKDIR}/work/*")
        running = self.start(self.deploy(ENDLESS, f"files: [ {files} ], cleanup: always"))
        self.assertEqual(len(self.folders("h2")), 1)
        running.send(signal.SIGKILL)
        running.wait(5)
        self.assert_nothing_runs(15)
        self.assertEqual(self.folders("h2"), [], "whatever becomes of the driver")

    def test_are_sent_once(self):
        self.random_file("big.bin", MIB)
        text = self.deploy(SHORT, "kind: tar, files: [ big.bin ]")
        self.run_well(text)
        before = self.received("h2")
        self.run_well(text)
        self.assertLess(self.received("h2") - before, 64 * 1024)

    def test_of_which_a_copy_was_interrupted_are_not_taken_for_whole(self):
        self.run_well(SHORT)  # brings the program
        self.random_file("big.bin", 24 * MIB)  # more than all buffers on the way
        digest = hashlib.sha256((self.wisp.folder / "big.bin").read_bytes()).hexdigest()
        self.bed.limit("h1", "20mbit")
        self.addCleanup(self.bed.unlimit, "h1")
        self.wisp.write("endless.yaml", self.deploy(ENDLESS, "kind: tar, files: [ big.bin ]"))
        running = self.wisp.start("run", "endless.yaml", *self.settings())
        end = time.monotonic() + 30
        while not any(name.startswith(".") for name in self.there("h1", "data")):
            self.assertLess(time.monotonic(), end, "the copy has not begun")
        running.send(signal.SIGKILL)
        running.wait(5)
        self.assert_nothing_runs(20)
        left = [name for name in self.there("h1", "data") if name == digest or name.startswith(".")]
        self.assertEqual(left, [], "neither the file nor the part of it")
        self.assertEqual(self.folders("h1"), [])
        self.bed.unlimit("h1")
        self.run_well(self.deploy(SHORT, "kind: tar, files: [ big.bin ], cleanup: never"))
        (folder,) = self.folders("h1")
        self.assertIn(digest, self.bed["h1"].run("sha256sum", f"{WORKDIR}/work/{folder}/big.bin"))

    def test_that_are_not_here(self):
        done = self.run_on(self.deploy(SHORT, "files: [ conf, nothing/ ]"))
        self.assertEqual(done.status, 3, done)
        self.assertRegex(done.stderr, r"job.yaml:\d+:\d+: error: .*/conf: no such file or folder")

    def test_a_full_disk_is_named(self):
        self.run_well(SHORT)
        self.random_file("big.bin", MIB + 1)
        self.bed["h2"].fill_disk()
        self.addCleanup(self.bed["h2"].run, "rm", "/tmp/filling")
        for kind in ["tar", "auto"]:
            said = self.refusal(self.deploy(SHORT, f"kind: {kind}, files: [ big.bin ]"))
            self.assertRegex(said, r"h2: cannot store a file: .*No space left on device")


class Kinds(OnHosts):
    def setUp(self):
        super().setUp()
        if not shutil.which("rsync"):
            self.skipTest("there is no rsync")

    def test_rsync_sends_what_has_changed(self):
        path = self.random_file("big.bin", 4 * MIB)
        text = SHORT + "deploy: { kind: rsync, files: [ big.bin ], cleanup: never }\n"
        self.run_well(text)
        content = bytearray(path.read_bytes())
        content[2 * MIB] ^= 1
        path.write_bytes(content)
        before = self.received("h2")
        self.run_well(text)
        self.assertLess(self.received("h2") - before, 400 * 1024)
        sums = self.bed["h2"].run("sh", "-c", f"sha256sum {WORKDIR}/work/*/big.bin")
        self.assertIn(hashlib.sha256(content).hexdigest(), sums)

    def test_without_rsync_on_a_host_auto_does_without_and_rsync_says_so(self):
        self.wisp.write("a.txt", "one\n")
        self.bed["h2"].run("mv", "/usr/bin/rsync", "/usr/bin/rsync.away")
        self.addCleanup(self.bed["h2"].run, "mv", "/usr/bin/rsync.away", "/usr/bin/rsync")
        self.run_well(SHORT + "deploy: { files: [ a.txt ] }\n")
        self.assertIn("h2: deploy.kind is rsync, but there is no rsync on this host",
                      self.refusal(SHORT + "deploy: { kind: rsync, files: [ a.txt ] }\n"))

    def test_none_runs_what_is_there(self):
        self.assertIn("there is no program wisp on this host (deploy.kind is none)",
                      self.refusal(SHORT + "deploy: none\n"))
        self.run_well(SHORT)
        for host in self.bed.hosts.values():
            host.run("sh", "-c", f"mv {WORKDIR}/bundles/*/ /opt/wisp-there")
        self.run_well(SHORT + "deploy: { kind: none, binary: /opt/wisp-there/bin/wisp }\n")
        for name in self.bed.hosts:
            self.assertEqual(self.there(name, "bundles"), [])

    def test_a_folder_that_is_not_shared(self):
        self.assertIn("is not the folder of this name that the job was started with (deploy.kind is shared-fs)",
                      self.refusal(SHORT, "--set", "deploy.kind=shared-fs", "--set",
                                   f"deploy.workdir={self.wisp.folder}/shared"))


class Unfit(OnHosts):
    def test_another_architecture(self):
        self.replace_tool("h2", "uname", 'case "$1" in -m) echo riscv64 ;; *) exec /usr/bin/uname "$@" ;; esac')
        self.assertIn("cannot start on h2: it is Linux riscv64, this machine is Linux ", self.refusal(SHORT))

    def test_an_old_c_library(self):
        self.replace_tool("h2", "getconf", "echo glibc 2.17")
        self.assertRegex(self.refusal(SHORT), r"cannot start on h2: its C library is too old: glibc 2\.17, and this "
                                              r"wisp needs 2\.\d+\n +build wisp on the oldest of the hosts")


class Bytes(OnHosts):
    HOSTS = 3
    JOB = """
version: 1
name: bytes
problem: { kind: logistic, l2: 1e-3, data: { path: %s, dim: 30 } }
method: { kind: gd, step_size: paper }
hosts: { h1: { slots: 1 }, h2: { slots: 2 }, h3: { slots: 2 } }
actors:
  master: { host: h1 }
  worker: { replicas: 4, placement: { kind: spread, hosts: [ h2, h3 ] } }
stop: { rounds: 3 }
"""

    def rows(self, count):
        rng = random.Random(7)
        return "".join(f"{rng.choice((-1, 1))} " + " ".join(f"{i}:{rng.random():.5f}" for i in range(1, 31)) + "\n"
                       for _ in range(count))

    def test_program_and_then_rows(self):
        before = {name: self.received(name) for name in self.bed.hosts}
        self.run_well(self.JOB.replace("path: %s, dim: 30", "format: synthetic, rows: 40, dim: 30"))
        for name in self.bed.hosts:
            self.assertLess(self.received(name) - before[name], 15 * MIB, f"the program, to {name}")
        text = self.rows(12000)
        plain = self.wisp.write("rows.libsvm", text)
        packed = self.wisp.folder / "rows.libsvm.gz"
        with gzip.open(packed, "wb") as file:
            file.write(text.replace("1:0.", "1:1.").encode())
        for path in [plain, packed]:
            with self.subTest(path.name):
                before = self.received(*self.bed.hosts)
                self.run_well(self.JOB % path.name)
                self.assertLess(self.received(*self.bed.hosts) - before, 1.1 * path.stat().st_size)
                before = {name: self.received(name) for name in self.bed.hosts}
                self.run_well(self.JOB % path.name)
                for name in self.bed.hosts:
                    self.assertLess(self.received(name) - before[name], 64 * 1024, f"the second time, to {name}")


class Resources(OnHosts):
    HUNGRY = SHORT.replace("rows: 400, dim: 50", "rows: 8000000, dim: 500")

    def test_are_what_the_process_has(self):
        self.start(ENDLESS, "--set", "actors.worker.resources={memory: 1GiB, nice: 5}",
                   "--set", "actors.worker.env={OMP_NUM_THREADS: 3}")
        host = self.bed["h2"]
        pids = host.run("pgrep", "-f", "/bin/wisp node").split()
        self.assertEqual(len(pids), 2)
        agent = host.run("ps", "-o", "ni=", "-C", "wisp", "--sort", "pid").split()[0]
        for pid in pids:
            self.assertEqual(int(host.run("ps", "-o", "ni=", "-p", pid)), int(agent) + 5)
            self.assertRegex(host.run("cat", f"/proc/{pid}/limits"), rf"Max data size +{1 << 30} +{1 << 30} +bytes")
            environment = host.run("cat", f"/proc/{pid}/environ").split("\0")
            self.assertIn("OMP_NUM_THREADS=3", environment)
            self.assertIn("WISP_WORLD_SIZE=3", environment)

    def test_memory_of_its_own_that_runs_out_is_named(self):
        done = self.run_on(self.HUNGRY, "--set", "actors.worker.resources.memory=128MiB")
        self.assertEqual(done.status, 1, done)
        self.assertRegex(done.stderr, r"first to fail: worker-\d#1@h2 in round \d+\n"
                                      r"  cause: out of memory on h2: exit status 72; its own limit is 128MiB\n")

    def test_memory_of_the_hosts_that_runs_out_is_named(self):
        host = self.bed["h2"]
        group = Path(f"/sys/fs/cgroup/memory/wisp-test-{os.getpid()}")
        self.run_well(SHORT)
        try:
            group.mkdir()
            (group / "memory.limit_in_bytes").write_text("192M")
            host.run("mkdir", "-p", "/sys/fs/cgroup/memory")
            host.run("mount", "-t", "cgroup", "-o", "memory", "cgroup", "/sys/fs/cgroup/memory")
        except (OSError, subprocess.CalledProcessError) as error:
            self.skipTest(f"no control groups of memory: {error}")
        self.addCleanup(group.rmdir)
        self.addCleanup(self.move, host, group.parent)
        self.move(host, group)
        done = self.run_on(self.HUNGRY)
        self.assertEqual(done.status, 1, done)
        self.assertRegex(done.stderr, r"first to fail: worker-\d#1@h2 in round \d+\n  cause: out of memory on h2: "
                                      r"killed by signal 9 \(Killed\); the limit of its control group is 192MiB\n")

    def move(self, host, group):
        """The sshd of the host, and with it what it will start."""
        sshd = host.run("cat", "/run/sshd.pid").strip()
        inside = group.relative_to("/sys/fs/cgroup/memory")
        host.run("sh", "-c", f"echo {sshd} > /sys/fs/cgroup/memory/{inside}/cgroup.procs")


class Package(OnHosts):
    HOSTS = 1

    def test_runs_for_anybody_where_no_package_is_installed(self):
        tarball = self.wisp.folder / "wisp.tar.gz"
        build = Path(self.wisp.binary).resolve().parents[1]
        subprocess.run([wisp_test.SOURCE / "tools/package.sh", "-b", build, "-o", tarball], check=True,
                       stdout=subprocess.DEVNULL)
        self.assertLess(tarball.stat().st_size, 15 * MIB)
        host = self.bed["h1"]
        anybody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "env", "HOME=/tmp/anybody"]
        host.run(*anybody, "mkdir", "/tmp/anybody")
        with open(tarball, "rb") as file:
            unpack = [*anybody, "tar", "-xz", "-C", "/tmp/anybody"]
            subprocess.run([*host.enter_command(), *unpack], stdin=file, check=True)
        root = host.run("sh", "-c", "echo /tmp/anybody/*").strip()
        said = host.run(*anybody, f"{root}/bin/wisp", "run", f"{root}/examples/quickstart.yaml", "--json")
        here = self.wisp.run("run", wisp_test.SOURCE / "examples/quickstart.yaml", "--json", timeout=60)
        self.assertEqual(json.loads(said)["iterate_hash"], here.json()["iterate_hash"])
        readme = host.run("cat", f"{root}/README.md")
        self.assertRegex(readme, r"GNU C library 2\.\d+ or later")
        self.assertIn("libzmq5", host.run("ls", f"{root}/licences").split())


class Plugins(OnHosts):
    HOSTS = 3

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        if cls.bed is not None:
            plugin_test.setUpModule()
            cls.addClassCleanup(plugin_test.tearDownModule)

    def run_example(self, name, *args):
        self.wisp.binary = str(plugin_test.INSTALLED / "bin/wisp")
        return self.wisp.run("run", plugin_test.EXAMPLE / f"{name}.yaml", "--var", f"PLUGIN={plugin_test.PLUGIN}",
                             "--json", *args, timeout=60)

    def test_reach_hosts_that_have_nothing(self):
        hosts = ["--hosts", "h1:2,h[2-3]:1", *self.settings()]
        here = self.run_example("method")
        there = self.run_example("method", *hosts)
        self.assertEqual(there.status, 0, there)
        self.assertEqual(there.json()["iterate_hash"], here.json()["iterate_hash"])
        done = self.run_example("actors", *hosts)
        self.assertEqual((done.status, done.json()["status"]), (0, "finished"), done)
        places = {each["name"]: each["host"] for each in self.wisp.run("ps", "--json").json()["actors"]}
        self.assertEqual(set(places.values()), {"h1", "h2", "h3"}, places)
        self.assert_nothing_runs(2)


if __name__ == "__main__":
    testbed.enter()
    wisp_test.main()
