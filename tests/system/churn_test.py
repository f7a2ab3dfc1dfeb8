"""64 workers of whom one is killed every other second, while strangers connect to everything that listens: who lives
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
GROWTH = 1.01
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
        stranger = socket.create_connection(("127.0.0.1", self.chance.choice(self.ports)), timeout=5)
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
    def watch(self, running, strangers, seconds):
        """[{pid: what it measures}], one a second, while workers are killed. How many of them were."""
        chance, killed = random.Random(SEED), set()
        samples, begin = [], time.monotonic()
        while (now := time.monotonic() - begin) < seconds:
            samples.append({pid: measured(pid) for pid in self.watched})
            pid = tally.nodes(self.job).get(chance.choice(VICTIMS)) if len(samples) % 2 else None
            if pid is not None and pid not in killed and tally.kill(pid):
                killed.add(pid)
            while strangers.count < STRANGERS * now / seconds:
                strangers.connect()
            try:
                running.process.wait(max(0, begin + len(samples) - time.monotonic()))
                self.fail(f"it has ended: {running.done()}")
            except wisp_test.subprocess.TimeoutExpired:
                pass
        return samples, len(killed)

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
        third = len(samples) // 3
        early, late = samples[third:third + third // 2], samples[-(third // 2):]
        grown = {}
        for pid, name in self.watched.items():
            for what in ["KiB", "threads", "descriptors"]:
                before, after = (statistics.median(sample[pid][what] for sample in part) for part in (early, late))
                if after > (GROWTH * before if what == "KiB" else before):
                    grown[f"{name}: {what}"] = (before, after)
        self.assertEqual(grown, {}, f"WISP_SEED={SEED}")
        sums = [f"{what} {self.median_sum(early, what)} then {self.median_sum(late, what)}"
                for what in ["KiB", "threads", "descriptors"]]
        print(f"figures: {WORKERS} workers for {SECONDS} s, {kills} killed, {strangers.count} strangers, {updates} "
              f"updates, none missing, none twice; driver, master and {len(WITNESSES) - 1} workers: {', '.join(sums)}")

    def median_sum(self, samples, what):
        return round(statistics.median(sum(sample[pid][what] for pid in self.watched) for sample in samples))


if __name__ == "__main__":
    wisp_test.main()
