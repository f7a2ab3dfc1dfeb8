"""Runs in a row on hosts of a testbed: nothing may be left or grow. WISP_SOAK says how many; needs root."""
import os
import time
from pathlib import Path

import testbed
import wisp_test
from on_testbed import HOSTS, SHORT, OnTestbed

SOAK = int(os.environ.get("WISP_SOAK", "10"))
JOB = SHORT.replace("200", "50").replace(HOSTS, """
hosts: { h1: { slots: 1 }, "h[2-4]": { slots: 2 } }
actors:
  master: { host: h1 }
  worker: { replicas: 6, placement: { kind: spread, hosts: [ "h[2-4]" ] } }
""")
WARM = 2  # runs until the hosts have what they keep


class Soak(OnTestbed):
    HOSTS = 4

    def left(self):
        """What there is beside the job folders: files and sockets here and there, processes there, memory on disks."""
        here = sum(1 for each in self.wisp.runtime.rglob("*"))
        files, sockets, processes, used = [], [], [], []
        for host in self.bed.hosts.values():
            files.append(int(host.run("sh", "-c", "find /root /tmp -type f | wc -l")))
            sockets.append(len(host.run("cat", "/proc/net/unix").splitlines()))
            processes.append(len(host.run("ps", "-eo", "pid").splitlines()))
            used.append(int(host.run("sh", "-c", "du -sk /root /tmp | awk '{ sum += $1 } END { print sum }'")))
        return {"files here": here, "files": files, "sockets": sockets, "processes": processes, "KiB": used}

    def test_runs_in_a_row(self):
        begin, hashes, slowest = time.monotonic(), set(), 0
        for index in range(WARM + SOAK):
            done = self.run_on(JOB, "--json")
            self.assertEqual((done.status, done.json()["status"]), (0, "finished"), f"run {index}: {done}")
            hashes.add(done.json()["iterate_hash"])
            slowest = max(slowest, done.seconds)
            if index == WARM - 1:
                self.assert_nothing_runs(2)
                kept = self.left()
        self.assertEqual(len(hashes), 1)
        self.assert_nothing_runs(2)
        end = time.monotonic() + 5  # the last sshd's of a connection end by themselves
        while (left := self.left()) != kept and time.monotonic() < end:
            time.sleep(0.1)
        self.assertEqual(left, kept)
        self.assertFalse(list(Path(self.wisp.folder).rglob("core*")))
        print(f"{SOAK} runs on 4 hosts in {time.monotonic() - begin:.0f} s, slowest {slowest:.1f} s, nothing left")


if __name__ == "__main__":
    testbed.enter()
    wisp_test.main()
