"""The whole program: rounds per second and what they are spent on, time to the first round, memory, size on disk.

Speeds come as medians with the load they were measured under; a9a is taken from WISP_TEST_DATA, and left out without.
"""
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from _jobs import WISP, Sandbox, row

REPEATS = 5

QUICK = """
version: 1
name: bench
problem: {{ kind: logistic, l2: 1e-3, data: {data} }}
method: {{ kind: isega, step_size: paper }}
actors: {{ worker: {{ replicas: {workers} }} }}
stop: {{ {stop} }}
evaluate: {{ every: 1000000 rounds }}
"""


def measure_rounds(name, workers, data, rounds, goal=None):
    runs = []
    with Sandbox(QUICK) as sandbox:
        for _ in range(REPEATS):
            runs.append(sandbox.run(workers=workers, data=data, stop=f"rounds: {rounds}"))
    share = statistics.median(1 - each["gradient_seconds"] / each["seconds"] for each in runs)
    row(f"{name}: rounds", statistics.median(each["rounds"] / each["seconds"] for each in runs), "1/s")
    row(f"{name}: share of the wall time that is not gradient computation, evaluation excluded", share, "",
        goal=goal and f"<= {goal}", holds=None if goal is None else share <= goal)


def measure_start():
    """From `wisp run` to the first evaluation of 8 workers, which is when all of them compute."""
    times = []
    for _ in range(REPEATS):
        with Sandbox(QUICK) as sandbox:
            begin = time.monotonic()
            process = sandbox.start(workers=8, data="{ format: synthetic, rows: 8000, dim: 200 }", stop="rounds: 1")
            while not sandbox.metrics():
                if process.poll() is not None and not sandbox.metrics():
                    sys.exit("the run ended before its first round")
                time.sleep(0.002)
            times.append(time.monotonic() - begin)
            process.wait()
    value = statistics.median(times)
    row("8 local workers: wisp run to the first round", value, "s", goal="<= 0.5 s", holds=value <= 0.5)


def resident(pid):
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1024
    return 0.0


def measure_memory():
    """A node whose one actor has four rows of two numbers: what is left is the node itself."""
    with Sandbox(QUICK) as sandbox:
        process = sandbox.start(workers=1, data="{ format: synthetic, rows: 4, dim: 2 }", stop="time: 60s")
        while not sandbox.metrics():
            time.sleep(0.01)
        state = json.loads(next((sandbox.folder / "wisp/jobs").glob("*-*/state.json")).read_text())
        worker = next(each for each in state["actors"] if each["name"] == "worker-0")
        value = resident(worker["pid"])
        process.terminate()
        process.wait()
    row("a node with one idle actor: resident", value, "MiB", goal="<= 12 MiB", holds=value <= 12)


def measure_size():
    """What a cold host is sent: the program and its libraries but the C library's own, stripped."""
    listed = subprocess.run(["ldd", WISP], stdout=subprocess.PIPE, text=True, check=True).stdout
    system = ("libc.so", "libm.so", "libpthread", "libdl", "librt", "ld-linux", "linux-vdso", "libresolv")
    files = [WISP] + [line.split("=>")[1].split()[0] for line in listed.splitlines()
                      if "=>" in line and not line.split()[0].startswith(system)]
    total = 0
    with tempfile.TemporaryDirectory() as folder:
        for file in files:
            copy = Path(folder) / Path(file).name
            subprocess.run(["strip", "-o", str(copy), os.path.realpath(file)], check=True)
            total += copy.stat().st_size
    row("wisp with its libraries, stripped", total / 2**20, "MiB")


def main():
    print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores, {REPEATS} repeats, medians", file=sys.stderr)
    measure_rounds("quickstart, 8 workers", 8, "{ format: synthetic, rows: 8000, dim: 200 }", 1000)
    a9a = Path(os.environ.get("WISP_TEST_DATA", "")) / "libsvm/a9a.gz"
    if a9a.exists():
        measure_rounds("a9a, 2 workers", 2, f'{{ path: "{a9a}", dim: 123 }}', 2000, goal=0.35)
    else:
        print("WISP_TEST_DATA has no libsvm/a9a.gz: left out", file=sys.stderr)
    measure_start()
    measure_memory()
    measure_size()


main()
