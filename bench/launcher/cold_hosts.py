"""From the command to the first round on hosts that have nothing, beside ssh and tar that only bring the same bytes
there. Hosts of the testbed, so it needs root; the two alternate, and medians are compared.
"""
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

SOURCE = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(SOURCE / "tests/testbed"))
import testbed  # noqa: E402

WISP = os.environ["WISP_BIN"]
REPEATS = 5
CACHE = "/root/.local"  # on the hosts
JOB = """
version: 1
name: cold
problem: {{ kind: logistic, l2: 1e-3, data: {{ format: synthetic, rows: 400, dim: 50 }} }}
method: {{ kind: gd, step_size: paper }}
hosts: {{ "h[1-{hosts}]": {{ slots: 1 }} }}
actors:
  master: {{ host: h1 }}
  worker: {{ replicas: {workers}, placement: {{ kind: spread, hosts: [ "h[2-{hosts}]" ] }} }}
stop: {{ rounds: 1 }}
"""


def row(name, value, unit, reference=None, goal=None, holds=None):
    ratio = value / reference if reference else None
    print(json.dumps({"name": name, "value": value, "unit": unit, "reference": reference, "ratio": ratio, "goal": goal,
                      "holds": holds}), flush=True)


class Cold:
    def __init__(self, bed, folder):
        self.bed, self.folder = bed, folder
        self.env = dict(os.environ, XDG_STATE_HOME=str(folder / "state"), WISP_RUNTIME_DIR=str(folder / "run"))
        (folder / "job.yaml").write_text(JOB.format(hosts=len(bed.hosts), workers=len(bed.hosts) - 1))

    def make_cold(self):
        for host in self.bed.hosts.values():
            host.run("rm", "-rf", CACHE)

    def wisp(self):
        """Seconds until the first evaluation is there, and what has reached a host."""
        self.make_cold()
        before = self.bed.traffic("h2")[0]
        begin = time.monotonic()
        process = subprocess.Popen([WISP, "run", str(self.folder / "job.yaml"), "-q", "--set",
                                    f"ssh.config_file={self.bed.ssh_config}"], env=self.env,
                                   stdout=subprocess.DEVNULL)
        jobs = self.folder / "state/wisp/jobs"
        seen = set(jobs.glob("cold-*/metrics.jsonl"))
        while process.poll() is None:
            if any(each.stat().st_size for each in set(jobs.glob("cold-*/metrics.jsonl")) - seen):
                break
            time.sleep(0.002)
        seconds = time.monotonic() - begin
        if process.wait() != 0:
            raise SystemExit(f"wisp run: exit status {process.returncode}")
        return seconds, self.bed.traffic("h2")[0] - before

    def take_bundle(self):
        """What wisp has brought to a host."""
        bundle = self.folder / "bundle"
        bundle.mkdir()
        with subprocess.Popen(self.bed["h2"].enter_command() + ["tar", "-C", CACHE, "-cf", "-", "."],
                              stdout=subprocess.PIPE) as there:
            subprocess.run(["tar", "-C", bundle, "-xf", "-"], stdin=there.stdout, check=True)

    def ssh_and_tar(self):
        """Seconds until the same files are on all hosts, all at once."""
        self.make_cold()
        begin = time.monotonic()
        pairs = []
        for name in self.bed.hosts:
            tar = subprocess.Popen(["tar", "-C", self.folder / "bundle", "-cf", "-", "."], stdout=subprocess.PIPE)
            ssh = subprocess.Popen(["ssh", "-F", self.bed.ssh_config, name,
                                    f"mkdir -p {CACHE} && tar -C {CACHE} -xf -"], stdin=tar.stdout)
            tar.stdout.close()
            pairs.append((tar, ssh))
        if any([tar.wait() | ssh.wait() for tar, ssh in pairs]):
            raise SystemExit("ssh and tar failed")
        return time.monotonic() - begin


def measure(count):
    with testbed.Testbed(hosts=count) as bed:
        folder = Path(tempfile.mkdtemp(prefix="wisp-bench-"))
        try:
            cold = Cold(bed, folder)
            _, received = cold.wisp()
            cold.take_bundle()
            rounds = [(cold.wisp()[0], cold.ssh_and_tar()) for _ in range(REPEATS)]
        finally:
            shutil.rmtree(folder, ignore_errors=True)
    seconds, floor = (statistics.median(column) for column in zip(*rounds))
    goal = "<= 2x ssh and tar" + (", <= 5 s" if count == 4 else "")
    row(f"{count} cold hosts: to the first round", seconds, "s", floor, goal,
        seconds <= 2 * floor and (count != 4 or seconds <= 5))
    if count == 4:
        mebibytes = received / 2**20
        row("a cold host receives", mebibytes, "MiB", None, "<= 15", mebibytes <= 15)


if __name__ == "__main__":
    if why := testbed.why_not():
        print(f"left out: {why}")
        sys.exit()
    testbed.enter()
    for hosts in (4, 12):
        measure(hosts)
