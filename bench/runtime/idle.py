"""100,000 actors in one process, each called once and idle since: what one takes of memory, and who still wakes up."""
import json
import statistics
import subprocess
import sys
import time
from pathlib import Path

from _programs import SECONDS_MAX, program, row

COUNT = 100_000
WATCHED = 5  # seconds
REPEATS = 3
BYTES_MAX, WAKES_MAX = 512, 10


def resident(pid):
    """Bytes."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Rss:"):
            return int(line.split()[1]) * 1024
    sys.exit("no Rss in smaps_rollup")


def sleeps(pid):
    """How often each thread has gone to sleep by itself: as often, but for once, it was woken."""
    counts = {}
    for task in Path(f"/proc/{pid}/task").iterdir():
        for line in (task / "status").read_text().splitlines():
            if line.startswith("voluntary_ctxt_switches"):
                counts[task.name] = int(line.split()[1])
    return counts


def wakes_per_second(pid):
    before, begin = sleeps(pid), time.monotonic()
    time.sleep(WATCHED)
    after = sleeps(pid)
    return sum(after[task] - before.get(task, 0) for task in after) / (time.monotonic() - begin)


def await_state(process, state):
    line = process.stdout.readline()
    if not line or json.loads(line).get("state") != state:
        sys.exit(f"{process.args[0]}: expected to hear of the state '{state}', heard '{line.strip()}'")


def go_on(process):
    process.stdin.write("\n")
    process.stdin.flush()


def measure(path):
    """(bytes an actor, wake-ups a second, actors spawned and called a second)"""
    command = [path, "idle", str(COUNT)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            await_state(process, "started")
            before = resident(process.pid)
            go_on(process)
            await_state(process, "idle")
            after = resident(process.pid)
            wakes = wakes_per_second(process.pid)
            text, _ = process.communicate("\n", timeout=SECONDS_MAX)
        except BaseException:
            process.kill()
            raise
    if process.returncode != 0:
        sys.exit(f"{path.name} idle: exit status {process.returncode}")
    return (after - before) / COUNT, wakes, json.loads(text)["value"]


def main():
    programs = {"CAF": program("caf_peer"), "wisp": program("wisp_bench")}
    runs = {name: [] for name, path in programs.items() if path}
    for _ in range(REPEATS):
        for name in runs:
            runs[name].append(measure(programs[name]))
    medians = {name: [statistics.median(each) for each in zip(*values)] for name, values in runs.items()}
    for name, (memory, wakes, speed) in medians.items():
        reference = medians.get("CAF", [None] * 3) if name == "wisp" else [None] * 3
        what = f"{COUNT} idle actors in one process: {name}"
        ours = name == "wisp"
        row(f"{what}: resident", memory, "bytes an actor", reference[0], f"<= {BYTES_MAX}" if ours else None,
            memory <= BYTES_MAX if ours else None)
        row(f"{what}: wake-ups", wakes, "1/s", reference[1], f"<= {WAKES_MAX}" if ours else None,
            wakes <= WAKES_MAX if ours else None)
        row(f"{what}: spawned and called", speed, "1/s", reference[2])


main()
