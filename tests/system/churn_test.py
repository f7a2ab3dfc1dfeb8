"""64 workers of whom four are killed each second, while strangers connect to everything that listens: who lives
through all of it does not grow, and each update has counted once (tests/system/tally.py).

WISP_SOAK: seconds; default 180, a twentieth of what tools/soak.sh churn runs for.
"""
import os
import random
import socket
import statistics
import time
from pathlib import Path

import tally
import wisp_test

SECONDS = int(os.environ.get("WISP_SOAK") or 180)
SEED = int(os.environ.get("WISP_SEED", "1"))
STRANGERS = 40_000 * SECONDS // 3600
WORKERS = 64
WITNESSES = {"master", *(f"worker-{index}" for index in range(8))}  # who are never killed
VICTIMS = [f"worker-{index}" for index in range(8, WORKERS)]
KILLS_EACH_SECOND = 4
GROWTH = 1.01
# Who is started again has no connection for a while, and strangers have one.
LEVEL = {"KiB": statistics.median, "threads": min, "descriptors": lambda sums: statistics.quantiles(sums, n=10)[-1]}
OPEN_MAX = 50  # connections that strangers keep at a time

JOB = tally.job("churn", "async", WORKERS, SECONDS, pause=50).replace("plugins:",
                                                                      "network: { transport: tcp }\nplugins:")


def listening(pid):
    """The ports of this machine on which a process listens."""
    inodes = set()
    for fd in Path(f"/proc/{pid}/fd").iterdir():
        try:
            inodes.add(os.readlink(fd))
        except OSError:
            continue
    rows = [line.split() for name in ["tcp", "tcp6"] for line in Path("/proc/net", name).read_text().splitlines()[1:]]
    return [int(row[1].split(":")[1], 16) for row in rows if row[3] == "0A" and f"socket:[{row[9]}]" in inodes]


def measured(pid):
    """{what: how much} of a process."""
    status = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())
    return {"KiB": int(status["VmRSS"].split()[0]), "threads": int(status["Threads"]),
            "descriptors": len(list(Path(f"/proc/{pid}/fd").iterdir()))}


class Strangers:
    """They say nothing, nonsense, or the beginning of something sensible, and hang up now or later."""
    GREETING = b"\xff" + bytes(8) + b"\x7f\x03\x00" + b"NULL".ljust(20, b"\0") + bytes(32)

    def __init__(self, chance, ports):
        self.chance, self.ports, self.open, self.count = chance, ports, [], 0

    def connect(self):
        """Does nothing where nobody listens any more; who it was is found by its process."""
        try:
            stranger = socket.create_connection(("127.0.0.1", self.chance.choice(self.ports)), timeout=5)
        except ConnectionRefusedError:
            return
        words = self.chance.choice([b"", self.chance.randbytes(200), self.GREETING, self.GREETING[:30],
                                    self.GREETING + self.chance.randbytes(100)])
        try:
            stranger.sendall(words)
        except OSError:
            pass  # it was shown out already
        self.count += 1
        self.open.append(stranger)
        if len(self.open) > OPEN_MAX:
            self.open.pop(self.chance.randrange(OPEN_MAX)).close()

    def leave(self):
        for stranger in self.open:
            stranger.close()


class Churn(wisp_test.TestCase):
    def drawn_victims(self, chance):
        nodes = tally.nodes(self.job)
        return [nodes[name] for name in chance.sample(VICTIMS, KILLS_EACH_SECOND) if name in nodes]

    def measured(self, pid, running):
        try:
            return measured(pid)
        except OSError:
            name = self.watched[pid]
            events = (self.wisp.job_folder() / "events.jsonl").read_text().splitlines()
            said = "\n".join([line for line in events if f'"{name}"' in line][-5:])
            self.fail(f"{name}, process {pid}, has ended: {running.done()}\n{said}")

    def watch(self, running, strangers, seconds):
        """[{pid: what it measures}], one a second, while workers are killed. How many of them were."""
        chance, killed = random.Random(SEED), 0
        samples, begin = [], time.monotonic()
        while (now := time.monotonic() - begin) < seconds:
            samples.append({pid: self.measured(pid, running) for pid in self.watched})
            if len(samples) % 60 == 0:
                print(f"{len(samples)} s: {self.levels(samples[-60:])}, {killed} killed", flush=True)
            if killed < KILLS_EACH_SECOND * now:
                killed += sum(tally.kill(pid) for pid in self.drawn_victims(chance))
            for _ in range(int(STRANGERS * now / seconds) - strangers.count):
                strangers.connect()
            try:
                running.process.wait(max(0, begin + len(samples) - time.monotonic()))
                self.fail(f"it has ended: {running.done()}")
            except wisp_test.subprocess.TimeoutExpired:
                pass
        while strangers.count < STRANGERS:
            strangers.connect()
        return samples, killed

    def test_nobody_grows(self):
        self.wisp.write("churn.yaml", JOB)
        running = self.wisp.start("run", "churn.yaml", "--json")
        running.wait_for("^round 0 ", 60)
        self.job = self.wisp.job_folder().name
        nodes = tally.nodes(self.job)
        self.watched = {running.pid: "driver", **{nodes[name]: name for name in WITNESSES}}
        ports = [port for pid in self.watched for port in listening(pid)]
        self.assertGreaterEqual(len(ports), len(WITNESSES))
        strangers = Strangers(random.Random(SEED + 1), ports)
        self.addCleanup(strangers.leave)
        samples, kills = self.watch(running, strangers, 0.95 * SECONDS)
        strangers.leave()
        done = running.wait(SECONDS)
        self.assertEqual(done.status, 0, done)
        updates = tally.check(self, WORKERS, f"WISP_SEED={SEED}: {done}")
        sixth = len(samples) // 6
        early, late = samples[-2 * sixth:-sixth], samples[-sixth:]  # holes in heaps have come to rest by then
        before, after = self.levels(early), self.levels(late)
        print(f"before {before}, then {after}")
        grown = {name: (before[name], after[name]) for name in before if after[name] > GROWTH * before[name]}
        self.assertEqual(grown, {}, f"WISP_SEED={SEED}")
        sums = [f"{name} {before[name]} then {after[name]}" for name in before if "KiB" in name]
        print(f"figures: {WORKERS} workers for {SECONDS} s, {kills} killed, {strangers.count} strangers, {updates} "
              f"updates, none missing, none twice; {', '.join(sums)}, of {len(WITNESSES) - 1} of them")

    def levels(self, samples):
        """{who and what: how much}; the workers together."""
        pids = {who: [pid for pid, name in self.watched.items() if name.split("-")[0] == who]
                for who in ["driver", "master", "worker"]}
        return {f"{who} {what}": round(level(sum(sample[pid][what] for pid in pids[who]) for sample in samples))
                for who in pids for what, level in LEVEL.items()}


if __name__ == "__main__":
    wisp_test.main()
