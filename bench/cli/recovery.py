"""What a run that nothing disturbs pays for being able to go on: with checkpoints and without, one after the other.

Wall time on a shared machine says little of a few per cent, so beside the speed stands the processors' time of an
update.
"""
import os
import random
import resource
import statistics
import sys

from _jobs import Sandbox, row

LARGE = """
version: 1
name: large
dtype: float32
problem: {{ kind: logistic, l2: 1e-3, data: {{ path: rows.libsvm, dim: 10000000 }} }}
method: {method}
actors: {{ worker: {{ replicas: 1 }} }}
{recovery}
stop: {{ time: {seconds}s }}
evaluate: {{ every: 1000000 rounds }}
"""
# Rounds of small messages and little to compute: whatever is done beside them shows.
SMALL = """
version: 1
name: small
problem: {{ kind: logistic, l2: 1e-3, data: {{ format: synthetic, rows: 8000, dim: 200 }} }}
method: {method}
actors: {{ master: {{ isolation: process{restart} }}, worker: {{ replicas: 2{restart} }} }}
{recovery}
stop: {{ time: {seconds}s }}
evaluate: {{ every: 1000000 rounds }}
"""


def used():
    """Seconds of processors that the programs which were waited for have taken."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def updates(sandbox, **values):
    """(updates a second, updates a second of a processor) of one run."""
    before = used()
    result = sandbox.run(**values)
    return result["updates"] / result["seconds"], result["updates"] / (used() - before)


def compare(name, template, goal, repeats, with_it, without, files=None):
    """Runs both in turns, each first as often, and prints what it costs: 1 - with/without, the median of all pairs."""
    speeds, thrifts, plain = [], [], []
    with Sandbox(template) as sandbox:
        for file, text in (files or {}).items():
            (sandbox.folder / file).write_text(text)
        for repeat in range(repeats):
            pair = {}
            for which in (True, False) if repeat % 2 else (False, True):
                pair[which] = updates(sandbox, **(with_it if which else without))
            speeds.append(1 - pair[True][0] / pair[False][0])
            thrifts.append(1 - pair[True][1] / pair[False][1])
            plain.append(pair[False][0])
            print(f"{name}: {100 * speeds[-1]:.2f} % of the speed, {100 * thrifts[-1]:.2f} % of the processors' time",
                  file=sys.stderr)
    cost = statistics.median(speeds)
    row(f"{name}: updates without it", statistics.median(plain), "1/s")
    row(f"{name}: less speed", 100 * cost, "%", goal=f"< {goal} %", holds=100 * cost < goal)
    row(f"{name}: more of the processors' time an update", 100 * statistics.median(thrifts), "%")


def sparse_rows(count=32, values=100, dim=10_000_000):
    """A LIBSVM file: in `dim` columns, so many rows of so many values."""
    chance, lines = random.Random(1), []
    for number in range(count):
        columns = sorted(chance.sample(range(1, dim + 1), values))
        lines.append(" ".join(["-1" if number % 2 else "1", *(f"{column}:1" for column in columns)]))
    return "\n".join(lines) + "\n"


METHODS = {"gd": "{ kind: gd, step_size: paper }",
           "async-sgd": "{ kind: async-sgd, step_size: theory, error_feedback: true, "
                        "sparsifier: { kind: top-k, density: 0.01 } }"}


def main():
    print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores, medians", file=sys.stderr)
    for kind, method in METHODS.items():
        values = {"method": method, "seconds": 31}
        compare(f"{kind}, d = 1e7, float32: a checkpoint every 10 s", LARGE, 3, 6,
                {**values, "recovery": "checkpoint: { every: 10s }"}, {**values, "recovery": "checkpoint: never"},
                {"rows.libsvm": sparse_rows()})
    for kind, method in METHODS.items():
        values = {"method": method, "seconds": 12}
        compare(f"{kind}, d = 200: restarts and checkpoints, as they are by default", SMALL, 2, 22,
                {**values, "recovery": "", "restart": ""},
                {**values, "recovery": "checkpoint: never", "restart": ", restart: never"})


if __name__ == "__main__":
    main()
