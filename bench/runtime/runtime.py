"""The actor runtime beside its peers and the floor under them: messages a second and round trips.

All programs run one after the other, and so again in each rotation, so that what the machine does meanwhile meets all
of them. A row is the median of the rotations, a second one the best. What is compared is a ratio within this run.

usage: WISP_BIN=build/release/bin/wisp python3 bench/runtime/runtime.py [--rotations 7] [--only TEXT] [--scale 1.0]
"""
import argparse
import json
import os
import statistics
import subprocess
import sys
from dataclasses import dataclass

from _programs import SECONDS_MAX, program, row

WISP, CAF, ZMQ, FLOOR = "wisp_bench", "caf_peer", "zmq_peer", "threads_floor"
PATHS, PATHS_ZMQ = "paths_bench", "paths_peer"

# (what it is called, program, case, count). A program that was not built is left out. The floor and the peers come
# before wisp, whose rows are compared with theirs.
WORK = [
    ("local 1:1: CAF", CAF, "local-1-1", 1_000_000),
    ("local 1:1: zmq inproc", ZMQ, "local-1-1", 2_000_000),
    ("local 1:1: wisp", WISP, "local-1-1", 10_000_000),
    ("local 1:1, one worker thread: wisp", WISP, "local-1-1-one-thread", 10_000_000),
    ("local 4:1: CAF", CAF, "local-4-1", 1_000_000),
    ("local 4:1: zmq inproc", ZMQ, "local-4-1", 4_000_000),
    ("local 4:1: wisp", WISP, "local-4-1", 10_000_000),
    ("ping-pong, two parked threads: condition variable", FLOOR, "ping-condition", 10_000),
    ("ping-pong, two parked threads: futex", FLOOR, "ping-futex", 10_000),
    ("ping-pong, two parked threads: CAF", CAF, "ping-parked", 5_000),
    ("ping-pong, two parked threads: wisp", WISP, "ping-parked", 10_000),
    ("ping-pong, two parked threads, one core: condition variable", FLOOR, "ping-condition-one-core", 100_000),
    ("ping-pong, two parked threads, one core: futex", FLOOR, "ping-futex-one-core", 100_000),
    ("ping-pong, two parked threads, one core: CAF", CAF, "ping-parked-one-core", 50_000),
    ("ping-pong, two parked threads, one core: wisp", WISP, "ping-parked-one-core", 100_000),
    ("ping-pong, one thread: CAF", CAF, "ping-one-thread", 500_000),
    ("ping-pong, one thread: wisp", WISP, "ping-one-thread", 2_000_000),
    ("tcp 64 B one-way: CAF", CAF, "tcp-one-way", 100_000),
    ("tcp 64 B one-way: zmq", ZMQ, "tcp-one-way", 2_000_000),
    ("tcp 64 B one-way: wisp", WISP, "tcp-one-way", 5_000_000),
    ("tcp 64 B call: CAF", CAF, "tcp-call", 2_000),
    ("tcp 64 B call: zmq", ZMQ, "tcp-call", 5_000),
    ("tcp 64 B call: wisp", WISP, "tcp-call", 5_000),
    ("tcp 64 B call, one core: CAF", CAF, "tcp-call-one-core", 2_000),
    ("tcp 64 B call, one core: zmq", ZMQ, "tcp-call-one-core", 10_000),
    ("tcp 64 B call, one core: wisp", WISP, "tcp-call-one-core", 10_000),
    ("tcp 1 MiB one-way: zmq, zero-copy", ZMQ, "tcp-large", 2_000),
    ("tcp 1 MiB one-way: wisp", WISP, "tcp-large", 2_000),
    ("tcp k=1 updates of 64 B: zmq, 128 a message", ZMQ, "tcp-updates", 10_000_000),
    ("tcp k=1 updates of 8 B: zmq, 128 a message", ZMQ, "tcp-updates-bare", 50_000_000),
    ("tcp k=1 updates, window 1024, one-way: wisp", WISP, "tcp-updates", 5_000_000),
    ("tcp k=1 updates, window 1024, calls: wisp", WISP, "tcp-update-calls", 1_000_000),
]

# Whole paths, of updates with 10,000 of 1,000,000 float32, which the sender codes and the receiver decodes and adds,
# unless they are only moved; of whole vectors of 1,000,000; and of rounds: a model of 100,000 to each worker, an update
# of 10,000 from each.
PATH_CASES = [
    ("path: push, indices raw, with acknowledgement", "push-raw", 2_000),
    ("path: push, indices in Rice code, with acknowledgement", "push-rice", 2_000),
    ("path: push, only moved, with acknowledgement", "push-bare", 2_000),
    ("path: rounds, 1 worker", "rounds-1", 1_000),
    ("path: rounds, 4 workers", "rounds-4", 500),
    ("path: whole vectors one-way", "dense", 500),
    ("path: whole vectors one-way, only moved", "dense-bare", 500),
    ("path: sparse one-way, indices raw", "sparse-raw", 10_000),
    ("path: sparse one-way, indices in Rice code", "sparse-rice", 10_000),
    ("path: sparse one-way, only moved", "sparse-bare", 20_000),
]
WORK += [(f"{name}: {who}", program_name, case, count)
         for name, case, count in PATH_CASES for who, program_name in (("zmq", PATHS_ZMQ), ("wisp", PATHS))]


@dataclass
class Goal:
    """Of a case of wisp: at least, or at most, `factor` times a case of another program (or that much, without one)."""
    case: str
    word: str
    factor: float
    program: str = None
    other: str = None


GOALS = [
    Goal("local-1-1", ">=", 6, CAF, "local-1-1"),
    Goal("local-4-1", ">=", 3, CAF, "local-4-1"),
    Goal("local-4-1", ">=", 2, ZMQ, "local-4-1"),
    Goal("ping-parked", "<=", 1.1, FLOOR, "ping-condition"),
    Goal("ping-parked-one-core", "<=", 1.1, FLOOR, "ping-condition-one-core"),
    Goal("ping-one-thread", "<=", 0.3),
    Goal("tcp-one-way", ">=", 3, ZMQ, "tcp-one-way"),
    Goal("tcp-call", "<=", 1.10, ZMQ, "tcp-call"),
    Goal("tcp-call", "<=", 0.27, CAF, "tcp-call"),
    Goal("tcp-call-one-core", "<=", 1.10, ZMQ, "tcp-call-one-core"),
    Goal("tcp-large", ">=", 0.9, ZMQ, "tcp-large"),
    Goal("tcp-updates", ">=", 0.5, ZMQ, "tcp-updates"),
    Goal("tcp-update-calls", ">=", 1e6),
]
for _case in ("push-raw", "push-rice", "push-bare", "rounds-1", "rounds-4"):
    GOALS.append(Goal(_case, "<=", 1.25, PATHS_ZMQ, _case))
for _case in ("dense", "dense-bare", "sparse-raw", "sparse-rice", "sparse-bare"):
    GOALS.append(Goal(_case, ">=", 0.85, PATHS_ZMQ, _case))


def measure(path, case, count):
    """(value, unit) of one run."""
    process = subprocess.Popen([path, case, str(count)], stdout=subprocess.PIPE, text=True)
    try:
        text, _ = process.communicate(timeout=SECONDS_MAX)
    except subprocess.TimeoutExpired:
        process.kill()  # its child goes with it
        process.wait()
        sys.exit(f"{path.name} {case} {count}: no end after {SECONDS_MAX} s")
    if process.returncode != 0:
        sys.exit(f"{path.name} {case} {count}: exit status {process.returncode}")
    figure = json.loads(text)
    return figure["value"], figure["unit"]


class Figures:
    """What the rotations found: the values of each (program, case)."""

    def __init__(self):
        self.values, self.units = {}, {}

    def add(self, key, value, unit):
        self.values.setdefault(key, []).append(value)
        self.units[key] = unit

    def median(self, key):
        return statistics.median(self.values[key]) if key in self.values else None

    def best(self, key):
        """Of a time the shortest, of a rate the highest."""
        return (min if self.units[key] == "us" else max)(self.values[key])


def print_rows(work, figures):
    for name, program_name, case, _ in work:
        key = (program_name, case)
        unit, median = figures.units[key], figures.median(key)
        goals = [each for each in GOALS if program_name in (WISP, PATHS) and each.case == case]
        if not goals:
            row(name, median, unit)
        for goal in goals:
            print_goal(name, goal, median, unit, figures)
        row(f"{name}, best", figures.best(key), unit)


def print_goal(name, goal, value, unit, figures):
    reference = figures.median((goal.program, goal.other))
    if goal.program and reference is None:
        row(name, value, unit, goal=f"{goal.word} {goal.factor:g}x {goal.program} {goal.other}, which was not measured")
        return
    limit = goal.factor * (reference or 1)
    holds = value >= limit if goal.word == ">=" else value <= limit
    against = f"x {goal.program} {goal.other}" if goal.program else f" {unit}"
    row(name, value, unit, reference, f"{goal.word} {goal.factor:g}{against}", holds)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rotations", type=int, default=7)
    parser.add_argument("--only", default="", help="only what has this in its name")
    parser.add_argument("--scale", type=float, default=1.0, help="multiplies the counts")
    args = parser.parse_args()
    work = [each for each in WORK if args.only in each[0] and program(each[1])]
    print(f"runtime: load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores, {args.rotations} rotations",
          file=sys.stderr)
    for name in sorted({each[1] for each in WORK if not program(each[1])}):
        print(f"runtime: {name} was not built: left out", file=sys.stderr)
    figures = Figures()
    for _ in range(args.rotations):
        for _, name, case, count in work:
            figures.add((name, case), *measure(program(name), case, max(1, int(count * args.scale))))
    print_rows(work, figures)
    print(f"runtime: load {os.getloadavg()[0]:.1f} at the end", file=sys.stderr)


main()
