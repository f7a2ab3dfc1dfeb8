"""What tests of checkpoints share: small jobs that write many of them, and a look at the files.

WISP_SEED=<n>: what is drawn; each test prints it.
"""
import json
import os
import random
import shutil
import struct

import job_files
import wisp_test

JOB = """version: 1
name: kept
seed: 3
problem: { kind: logistic, l2: 1e-2, data: { path: rows.libsvm, dim: 20 } }
method: METHOD
actors:
  master: { restart: RESTART }
  worker: { replicas: 3, restart: RESTART }
stop: STOP
evaluate: { every: 50 rounds }
checkpoint: { every: 20 rounds }
"""
RESTART = "{ max: 100, within: 1s, backoff: 1ms }"  # often, and soon
METHODS = {
    "gd": "{ kind: gd, step_size: paper }",
    "isega": "{ kind: isega, step_size: paper }",
    "async-sgd": "{ kind: async-sgd, step_size: 0.05, sparsifier: { kind: top-k, density: 0.2 }, "
                 "error_feedback: true }",
}
ROUNDS = 300
WORKERS = 3

undisturbed = {}  # iterate_hash by method: it is the same in every sandbox


def job(method, stop=None, restart=RESTART):
    text = JOB.replace("METHOD", METHODS[method]).replace("RESTART", restart)
    return text.replace("STOP", stop or "{ updates: %d }" % (ROUNDS * WORKERS))


def crc32c(data):
    table = []
    for i in range(256):
        for _ in range(8):
            i = (i >> 1) ^ (0x82F63B78 if i & 1 else 0)
        table.append(i)
    crc = 0xFFFFFFFF
    for byte in data:
        crc = table[(crc ^ byte) & 0xFF] ^ (crc >> 8)
    return crc ^ 0xFFFFFFFF


def is_whole(path):
    data = path.read_bytes()
    return (len(data) > 22 and data[:16] == b"\xafwisp-checkpoint" and data[-5] == 0xCE
            and struct.unpack(">I", data[-4:])[0] == crc32c(data[:-5]))


class TestCase(wisp_test.TestCase):
    def setUp(self):
        super().setUp()
        seed = os.environ.get("WISP_SEED", "1")
        self.random = random.Random(f"{seed} {self.id()}")
        self.seed = f"reproduce: WISP_SEED={seed}"
        self.wisp.write("rows.libsvm", job_files.rows())

    def write_job(self, method, stop=None):
        self.wisp.write("job.yaml", job(method, stop))

    def forget_jobs(self):
        shutil.rmtree(self.wisp.state)
        self.wisp.state.mkdir(mode=0o700)

    def start(self, *args, failpoint=None):
        return self.wisp.start("run", "job.yaml", "--json", *args, env={"WISP_FAILPOINT": failpoint})

    def go(self, *args, failpoint=None):
        return self.start(*args, failpoint=failpoint).wait(60)

    def good(self, done):
        """What the run that is done said of itself."""
        self.assertEqual(done.status, 0, f"{self.seed} {done}")
        result = done.json()
        self.assertEqual(result["status"], "finished", done)
        return result

    def expected(self, method):
        if method not in undisturbed:
            self.write_job(method)
            undisturbed[method] = self.good(self.go())["iterate_hash"]
        return undisturbed[method]

    def checkpoints(self, job_folder=None):
        """The files of a job, by number, rising."""
        folder = (job_folder or self.wisp.job_folder()) / "ckpt"
        return sorted(folder.glob("*.ckpt"), key=lambda each: int(each.stem))

    def unfinished(self, job_folder=None):
        return list(((job_folder or self.wisp.job_folder()) / "ckpt").glob("*.ckpt.*"))

    def assert_whole(self, job_folder=None):
        for each in self.checkpoints(job_folder):
            self.assertTrue(is_whole(each), f"{self.seed} {each} is not whole")

    def events(self):
        lines = (self.wisp.job_folder() / "events.jsonl").read_text().splitlines()
        return [json.loads(line) for line in lines]

    def killed(self, role):
        """How often a process whose name begins so was killed."""
        return sum(each["event"] == "exited" and each["process"].startswith(role)
                   and each["cause"] == "killed by signal 9 (Killed)" for each in self.events())

    def log_text(self):
        return "".join(each.read_text() for each in sorted((self.wisp.job_folder() / "logs").glob("*/*.log")))
