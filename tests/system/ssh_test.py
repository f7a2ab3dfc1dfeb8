"""Jobs on hosts reached by ssh: two sshd's of our own on loopback addresses, no root needed."""
import json
import os
import signal
import socket
import time
from pathlib import Path

import job_files
import loopback_sshd
import wisp_test

HOSTS = """
hosts: { n1: { slots: 2 }, n2: { slots: 4 } }
actors: { master: { restart: never }, worker: { restart: never, placement: { kind: spread, hosts: [ n2 ] } } }
"""
ENDLESS = job_files.ENDLESS.replace(job_files.ACTORS,
                                    HOSTS.replace("worker: {", "worker: { replicas: 3,"))
SLOW_START = 30


class OnHosts(wisp_test.TestCase):
    def setUp(self):
        super().setUp()
        if why := loopback_sshd.why_not():
            self.skipTest(why)
        self.sshd = self.enter_sshd()

    def enter_sshd(self):
        sshd = loopback_sshd.LoopbackSshd()
        sshd.__enter__()
        self.addCleanup(sshd.__exit__)
        return sshd

    @property
    def workdir(self):
        return self.wisp.folder / "work"

    def settings(self):
        return ["--set", f"ssh.config_file={self.sshd.ssh_config}", "--set", f"deploy.workdir={self.workdir}"]

    def run_on(self, file, *args, **options):
        return self.wisp.run("run", file, *self.settings(), *args, timeout=60, **options)

    def start(self, text=ENDLESS, *args):
        self.wisp.write("endless.yaml", text)
        running = self.wisp.start("run", "endless.yaml", *self.settings(), *args)
        running.wait_for("^round 0 ", SLOW_START)
        return running

    def detach(self):
        self.wisp.write("endless.yaml", ENDLESS)
        done = self.run_on("endless.yaml", "-d")
        self.assertEqual(done.status, 0, done)
        return done.stdout.strip()

    def ssh_clients(self, host):
        return [pid for pid, command in self.wisp.alive().items()
                if command.startswith("ssh ") and f" -- {host} " in command]

    def remote(self):
        return {pid: command for pid, command in self.wisp.alive().items() if command.startswith(str(self.workdir))}


class TwoHosts(OnHosts):
    def test_example_from_a_cold_start_then_with_the_program_cached(self):
        example = wisp_test.SOURCE / "examples/two-hosts.yaml"
        cold = self.run_on(example, "--json")
        self.assertEqual((cold.status, cold.json()["status"]), (0, "converged"), cold)
        bundles = list((self.workdir / "bundles").iterdir())
        self.assertEqual(len(bundles), 1, "two hosts that start at once share what they brought")
        before = {path: path.stat().st_ctime_ns for path in bundles[0].rglob("*")}
        warm = self.run_on(example, "--json")
        self.assertEqual(warm.json()["iterate_hash"], cold.json()["iterate_hash"])
        self.assertEqual({path: path.stat().st_ctime_ns for path in bundles[0].rglob("*")}, before)
        here = self.wisp.run("run", wisp_test.SOURCE / "examples/quickstart.yaml", "--json", timeout=60)
        self.assertEqual(here.json()["iterate_hash"], cold.json()["iterate_hash"])

    def test_a_folder_that_all_share_has_the_program_once(self):
        self.wisp.write("a.txt", "one\n")
        self.wisp.write("job.yaml", ENDLESS.replace("1000000000", "5") +
                        "deploy: { kind: shared-fs, files: [ a.txt ], cleanup: never }\n")
        done = self.run_on("job.yaml")
        self.assertEqual(done.status, 0, done)
        self.assertEqual(len(list((self.workdir / "bundles").iterdir())), 1)
        self.assertEqual(sorted(path.name[-3:] for path in (self.workdir / "work").iterdir()), ["-n1", "-n2"])
        self.assertEqual({path.read_text() for path in self.workdir.glob("work/*/a.txt")}, {"one\n"})

    def test_rows_are_sent_once_and_each_worker_has_only_its_own(self):
        data = self.wisp.write("rows.libsvm", job_files.rows())
        self.wisp.write("job.yaml", job_files.FROM_FILE + "hosts: { n1: { slots: 3 }, n2: { slots: 3 } }\n")
        self.assertEqual(self.run_on("job.yaml").status, 0)
        files = {path: path.stat().st_ctime_ns for path in (self.workdir / "data").iterdir()}
        self.assertEqual(len(files), 4, "one a worker")
        self.assertLess(max(path.stat().st_size for path in files), data.stat().st_size / 2)
        for path in files:
            self.assertEqual(path.stat().st_mode & 0o077, 0)
        self.assertEqual(self.run_on("job.yaml").status, 0)
        self.assertEqual({path: path.stat().st_ctime_ns for path in (self.workdir / "data").iterdir()}, files)

    def test_logs_follow_a_remote_worker_of_a_detached_job(self):
        job = self.detach()
        end = time.monotonic() + 5  # the record of who was started may come after the first round's line
        while len(actors := json.loads(self.wisp.run("ps", "--json").stdout)["actors"]) < 4:
            self.assertLess(time.monotonic(), end, actors)
        self.assertEqual({each["name"]: each["host"] for each in actors},
                         {"master": "n1", "worker-0": "n2", "worker-1": "n2", "worker-2": "n2"})
        self.assertRegex(self.wisp.run("ps").stdout, r"(?m)^worker-1 +worker/float64 +n2 +\d+ +running")
        logs = self.wisp.start("logs", "worker-1", "-f")
        logs.wait_for(r"worker-1\S* .*\| ")
        down = self.wisp.run("down", "-j", job)
        self.assertEqual(down.status, 0, down)
        self.assertEqual(logs.wait(10).status, 0)
        self.assertEqual(self.wisp.wait_gone(1), {})

    def test_ctrl_c(self):
        running = self.start()
        self.assertEqual(len(self.remote()), 6, "an agent a host, and four nodes")
        running.send(signal.SIGINT)
        done = running.wait(12)
        self.assertEqual((done.status, self.wisp.result()["status"]), (130, "cancelled"), done)
        self.assertEqual(self.wisp.wait_gone(1), {})
        self.assertEqual(list(self.wisp.runtime.iterdir()), [])

    def test_killed_ssh_client_leaves_no_process_there(self):
        running = self.start()
        (client,) = self.ssh_clients("n2")
        os.kill(client, signal.SIGKILL)
        done = running.wait(15)
        self.assertEqual(done.status, 4, done)
        self.assertRegex(done.stderr, r"first to fail: worker-0#1@n2")
        self.assertRegex(done.stderr, r"host n2 was lost: n2: the ssh connection ended")
        self.assertEqual(self.wisp.wait_gone(15), {})

    def test_killed_worker_there(self):
        running = self.start()
        state = json.loads((self.wisp.job_folder() / "state.json").read_text())
        os.kill(next(each["pid"] for each in state["actors"] if each["name"] == "worker-2"), signal.SIGKILL)
        done = running.wait(10)
        self.assertEqual(done.status, 1, done)
        self.assertRegex(done.stderr, r"first to fail: worker-2#1@n2 in round \d+\n  cause: killed by signal 9")
        seen = self.wisp.run("inspect", "worker-2", "--json").json()
        self.assertEqual((seen["cause"], seen["host"], seen["address"]),
                         ("killed by signal 9 (Killed)", "n2", self.sshd.addresses[1]))
        self.assertEqual(self.wisp.wait_gone(1), {})

    def test_killed_driver_leaves_no_process_there(self):
        running = self.start()
        running.send(signal.SIGKILL)
        running.wait(5)
        self.assertEqual(self.wisp.wait_gone(15), {})

    def test_no_secret_can_be_seen_from_outside(self):
        """Nodes get run number, addresses and keys on stdin: command line and environment hold nothing of them. A host
        with an address off loopback makes all of them speak CURVE."""
        self.start(ENDLESS.replace("slots: 2", f"slots: 2, address: {self.own_address()}"))
        self.assertEqual(len(self.remote()), 6, "an agent a host, and four nodes")
        for pid in self.remote():
            words = Path(f"/proc/{pid}/cmdline").read_text().split("\0")
            self.assertEqual(words[1:], [words[1], ""])
            self.assertIn(words[1], ["agent", "node"])
            for variable in Path(f"/proc/{pid}/environ").read_bytes().decode(errors="replace").split("\0"):
                name, _, value = variable.partition("=")
                if name.startswith("WISP_"):
                    self.assertRegex(value, r"^([A-Za-z0-9./_-]{0,39}|/.*)$", name)  # a key has 40 characters
                self.assertNotRegex(value, "tcp://")


    def test_curve_gives_the_hash_of_plaintext(self):
        self.wisp.write("short.yaml", ENDLESS.replace("1000000000", "30"))
        plain = self.run_on("short.yaml", "--json")
        self.wisp.write("short.yaml", ENDLESS.replace("1000000000", "30")
                        .replace("slots: 2", f"slots: 2, address: {self.own_address()}"))
        curve = self.run_on("short.yaml", "--json")
        self.assertEqual((curve.status, curve.json()["iterate_hash"]), (0, plain.json()["iterate_hash"]), curve)

    def own_address(self):
        """An address of this machine off loopback; nothing is sent to find it."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            try:
                probe.connect(("192.0.2.1", 9))
            except OSError:
                self.skipTest("this machine has no address off loopback")
            return probe.getsockname()[0]


class Refused(OnHosts):
    def check(self, host, says, remedy):
        self.wisp.write("job.yaml", job_files.ENDLESS + f"hosts: {{ n1: {{ slots: 1 }}, {host}: {{ slots: 4 }} }}\n")
        done = self.run_on("job.yaml")
        self.assertEqual(done.status, 4, done)
        self.assertRegex(done.stderr, rf"(?m)^cannot start on {host}: ")
        self.assertRegex(done.stderr, says)
        self.assertRegex(done.stderr, remedy)
        self.assertEqual(self.wisp.result()["status"], "failed")
        self.assertEqual(self.wisp.wait_gone(1), {})

    def test_unknown_host(self):
        self.check("no-such-host.invalid", r"unknown host\n +ssh: Could not resolve hostname no-such-host.invalid",
                   r"check its name, or set hosts\.no-such-host\.invalid\.ssh\.hostname")

    def test_login(self):
        self.check("nokey", r"login refused\n.*Permission denied \(publickey\)",
                   "`ssh -o BatchMode=yes nokey true` must work")

    def test_closed_port(self):
        self.check("closed", r"connection refused\n.*Connection refused",
                   r"is sshd running there, and is hosts\.closed\.ssh\.port")

    def test_wrong_host_key(self):
        self.check("wronghost", r"the host key has changed\n[^~]*Host key for .* has changed and you have",
                   "ssh-keygen -R wronghost")

    def test_unknown_host_key(self):
        self.check("newhost", r"unknown host key\n.*[Hh]ost key", "log in once by hand, `ssh newhost true`")

    def test_all_failures_are_told_at_once(self):
        self.wisp.write("job.yaml", job_files.ENDLESS + "hosts: { nokey: { slots: 2 }, closed: { slots: 4 } }\n")
        done = self.run_on("job.yaml")
        self.assertEqual(done.status, 4, done)
        self.assertRegex(done.stderr, r"cannot start on 2 of 2 hosts")
        self.assertIn("\n  nokey: login refused", done.stderr)
        self.assertIn("\n  closed: connection refused", done.stderr)

    def test_ssh_that_is_not_there(self):
        hosts = "hosts: { n1: { slots: 4 } }\nssh: { program: [ no-such-ssh ] }\n"
        self.wisp.write("job.yaml", job_files.ENDLESS + hosts)
        done = self.run_on("job.yaml")
        self.assertEqual(done.status, 4, done)
        self.assertRegex(done.stderr, "no-such-ssh")


if __name__ == "__main__":
    wisp_test.main()
