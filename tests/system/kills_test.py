"""Workers and masters that are killed at any moment, on real processes: no update is missing at the end, none has
counted twice (tests/support/tally_plugin.cc), and rounds give the bits of a run that nobody disturbed.

WISP_SOAK: seconds of each run, with 10 kills of workers and one of the master a minute; default 15, a twentieth of what
tools/soak.sh kills does.
"""
import os
import random
import time

import loopback_sshd
import tally
import wisp_test

SECONDS = int(os.environ.get("WISP_SOAK") or 15)
SEED = int(os.environ.get("WISP_SEED", "1"))
WORKERS = 4

ROUNDS = """
version: 1
name: rounds
seed: 3
problem: { kind: logistic, l2: 1e-3, data: { format: synthetic, rows: 400, dim: 60 } }
method: { kind: METHOD, step_size: paper }
actors:
  master: { restart: { max: 1000000, backoff: 10ms } }
  worker: { replicas: 4, restart: { max: 1000000, backoff: 10ms } }
checkpoint: { every: 100 rounds }
evaluate: { every: 200 rounds }
stop: { rounds: 3000 }
"""


class Kills(wisp_test.TestCase):
    def kill(self, name, until):
        """The process of this actor, as soon as there is one."""
        while time.monotonic() < until:
            pid = tally.nodes(self.job).get(name)
            if pid is not None and pid not in self.killed and tally.kill(pid):
                self.killed.add(pid)
                return

    def disturb(self, running, seconds, seed, workers, masters):
        """So many kills, at drawn moments of so many seconds."""
        chance = random.Random(seed)
        self.killed = set()
        running.wait_for("^round 0 ")
        self.job = self.wisp.job_folder().name
        begin = time.monotonic()
        plan = [(chance.uniform(0, seconds), f"worker-{chance.randrange(WORKERS)}") for _ in range(workers)]
        plan += [(chance.uniform(0, seconds), "master") for _ in range(masters)]
        for moment, name in sorted(plan):
            try:
                running.process.wait(max(0, begin + moment - time.monotonic()))
                break  # it has ended
            except wisp_test.subprocess.TimeoutExpired:
                pass
            self.kill(name, begin + seconds)
        return len(self.killed)

    def check_tally(self, consistency, world, *settings):
        self.wisp.write("tally.yaml", tally.job("tally", consistency, WORKERS, SECONDS))
        running = self.wisp.start("run", "tally.yaml", *settings)
        kills = self.disturb(running, 0.9 * SECONDS, SEED, max(3, SECONDS // 6), max(1, SECONDS // 60))
        done = running.wait(SECONDS + 60)
        self.assertEqual(done.status, 0, done)
        self.assertGreater(kills, 0)
        updates = tally.check(self, WORKERS, f"WISP_SEED={SEED}: {done}")
        print(f"{consistency}, {world}: {kills} kills in {SECONDS} s, {updates} updates, none missing, none twice")

    def test_rounds_over_ipc(self):
        self.check_tally("sync", "ipc")

    def test_asynchronous_over_ipc(self):
        self.check_tally("async", "ipc")

    def test_asynchronous_over_tcp(self):
        self.check_tally("async", "tcp", "--set", "network.transport=tcp")

    def check_curve(self, consistency):
        reason = loopback_sshd.why_not()
        if reason:
            self.skipTest(reason)
        with loopback_sshd.LoopbackSshd() as sshd:
            work = self.wisp.folder / "work"
            self.check_tally(consistency, "CURVE", "--set", "hosts={ n1: { slots: 4 }, n2: { slots: 4 } }",
                             "--set", "network.tunnel=true", "--set", f"ssh.config_file={sshd.ssh_config}",
                             "--set", f"deploy.workdir={work}")

    def test_asynchronous_over_curve(self):
        self.check_curve("async")

    def test_rounds_give_the_same_bits(self):
        for number, method in enumerate(["gd", "ibcd", "isega", "isaga"]):
            self.wisp.write("rounds.yaml", ROUNDS.replace("METHOD", method))
            undisturbed = self.wisp.run("run", "rounds.yaml", "--json", timeout=60).json()
            schedules = max(1, 20 * SECONDS // 300)
            for schedule in range(schedules):
                running = self.wisp.start("run", "rounds.yaml", "--json")
                seed = 1000 * SEED + 100 * number + schedule
                kills = self.disturb(running, undisturbed["total_seconds"], seed, 2, schedule % 2)
                done = running.wait(60)
                self.assertEqual(done.status, 0, done)
                self.assertEqual(done.json()["iterate_hash"], undisturbed["iterate_hash"], f"seed {seed}: {done}")
            print(f"{method}: {schedules} schedules, the last with {kills} kills, one hash")


if __name__ == "__main__":
    wisp_test.main()
