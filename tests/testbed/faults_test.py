"""What can go wrong between the hosts of a job, and what wisp says of it. On a testbed of namespaces; needs root."""
import json
import os
import re
import signal
import time
from datetime import datetime
from pathlib import Path

import testbed
import wisp_test
from on_testbed import HOSTS, SHORT, OnTestbed

FAKETIME = Path("/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1")

ON_TWELVE = SHORT.replace(HOSTS, """
hosts: { "h[1-12]": { slots: 1 } }
actors:
  master: { host: h1 }
  worker: { replicas: 11, placement: { kind: spread, hosts: [ "h[2-12]" ] } }
""")


class Password(OnTestbed):
    SSHD = {"h2": ["PasswordAuthentication yes", "AuthorizedKeysFile none"]}

    def test_host_that_asks_for_a_password(self):
        done = self.run_on(SHORT)
        self.assertEqual(done.status, 4, done)
        self.assertRegex(done.stderr, r"cannot start on h2: login refused\n"
                                      r" +.*Permission denied \(publickey,password\)\.?\n")
        self.assertIn("`ssh -o BatchMode=yes h2 true` must work without a question", done.stderr)
        self.assert_nothing_runs(2)


class Jump(OnTestbed):
    """h2's sshd lets nobody in but who comes from h1, as behind a bastion."""

    SSHD = {"h2": ["AllowUsers root@10.77.0.11"]}

    def test_host_behind_a_bastion(self):
        refused = self.run_on(SHORT)
        self.assertRegex(refused.stderr, r"cannot start on h2: login refused\n")
        done = self.run_on(SHORT, "--set", "hosts.h2.ssh.proxy_jump=h1")
        self.assertEqual(done.status, 0, done)


class Clock(OnTestbed):
    """h2's clock is an hour ahead, h3's an hour behind."""

    SSHD = {"h2": [f"SetEnv LD_PRELOAD={FAKETIME} FAKETIME=+3600s DONT_FAKE_MONOTONIC=1"],
            "h3": [f"SetEnv LD_PRELOAD={FAKETIME} FAKETIME=-3600s DONT_FAKE_MONOTONIC=1"]}

    def setUp(self):
        super().setUp()
        if not FAKETIME.exists():
            self.skipTest(f"there is no {FAKETIME} (package faketime)")

    def test_logs_show_cause_before_effect(self):
        done = self.run_on(SHORT.replace("200", "2000"))
        self.assertEqual(done.status, 0, done)
        lines = self.wisp.run("logs").stdout.splitlines()
        first = {host: next(line for line in lines if f"@{host} " in line) for host in self.bed.hosts}
        times = {host: datetime.fromisoformat(line.split()[0]).timestamp() for host, line in first.items()}
        self.assertAlmostEqual(times["h2"] - times["h1"], 3600, delta=60)
        self.assertAlmostEqual(times["h3"] - times["h1"], -3600, delta=60)
        self.assertLess(max(map(lines.index, first.values())), len(lines) - 1)
        actors = [line for line in lines if " driver#1@" not in line]  # which writes the last checkpoint
        self.assertRegex(actors[-1], r"master#1@h1 r1999 info \| finished")


class Killed(OnTestbed):
    def test_ssh(self):
        running = self.start()
        clients = [pid for each in Path(f"/proc/{running.pid}/task").glob("*/children")
                   for pid in each.read_text().split()]
        to_h3 = [int(pid) for pid in clients if b"\0h3\0" in Path(f"/proc/{pid}/cmdline").read_bytes()]
        self.assertEqual(len(to_h3), 1)
        os.kill(to_h3[0], signal.SIGKILL)
        done = running.wait(10)
        self.assertEqual(done.status, 4, done)
        self.assertRegex(done.stderr, r"first to fail: worker-\d#1@h3 in round \d+\n"
                                      r"  cause: host h3 was lost: h3: the ssh connection ended")
        self.assert_nothing_runs(15)


class Frozen(OnTestbed):
    def test_host_that_freezes(self):
        running = self.start()
        self.bed["h3"].freeze()
        self.addCleanup(self.bed["h3"].thaw)
        done = running.wait(25)
        self.assertEqual(done.status, 4, done)
        self.assertRegex(done.stderr, r"first to fail: worker-\d#1@h3 in round \d+\n"
                                      r"  cause: host h3 was lost: h3: it does not answer any more")
        self.assert_nothing_runs(1, ["h1", "h2"])
        self.bed["h3"].thaw()
        self.assert_nothing_runs(15, ["h3"])


class Delay(OnTestbed):
    def test_links_of_10_ms_change_nothing_but_the_time(self):
        free = self.run_on(SHORT, "--json")
        for name in self.bed.hosts:
            self.bed.delay(name, 5)
        slow = self.run_on(SHORT, "--json")
        self.assertEqual((slow.status, slow.json()["iterate_hash"]), (0, free.json()["iterate_hash"]), slow)
        self.assertGreater(slow.json()["seconds"], 200 * 2 * 0.005)  # each round is a way there and one back


class Twelve(OnTestbed):
    HOSTS = 12

    def test_all(self):
        self.assert_computes_what_this_machine_does(ON_TWELVE, workers=11)

    def test_one_that_is_missing(self):
        self.addCleanup(self.bed.heal, "h7")
        self.bed.cut("h7")
        begin = time.monotonic()
        done = self.run_on(ON_TWELVE, "--set", "ssh.connect_timeout=3s")
        self.assertLess(time.monotonic() - begin, 15)
        self.assertEqual(done.status, 4, done)
        self.assertRegex(done.stderr, r"cannot start on h7: timeout\n +.*Connection timed out")
        self.assertEqual(re.findall(r"cannot start on (\S+):", done.stderr), ["h7"], done)
        self.assert_nothing_runs(2)


if __name__ == "__main__":
    testbed.enter()
    wisp_test.main()
