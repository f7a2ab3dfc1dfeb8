"""Jobs of examples/papers: run, and read back from their folders."""
import json
import os
import statistics
import subprocess
from pathlib import Path

import numpy

SOURCE = Path(__file__).resolve().parents[2]
PAPERS = SOURCE / "examples/papers"
TOLERANCE = 1e-6  # of the gap, against that of the first iterate


class CannotRun(Exception):
    """What wisp said when it would not run a job."""


class Point:
    """One job of a sweep that has ended."""

    def __init__(self, settings, folder, result):
        self.settings, self.folder, self.result = settings, Path(folder), result
        self._metrics = None

    @property
    def method(self):
        return self.result["method"]

    @property
    def workers(self):
        return self.result["workers"]

    @property
    def seed(self):
        return self.settings.get("seed", "")

    @property
    def metrics(self):
        """The lines of metrics.jsonl."""
        if self._metrics is None:
            with open(self.folder / "metrics.jsonl") as lines:
                self._metrics = [json.loads(line) for line in lines]
        return self._metrics

    def relative_gaps(self):
        first = self.metrics[0]["gap"]
        return [line["gap"] / first for line in self.metrics]

    def reached(self, relative=TOLERANCE):
        """The first line of metrics whose gap is at most `relative` of the first one; None if there is none."""
        return next((line for line, gap in zip(self.metrics, self.relative_gaps()) if gap <= relative), None)

    def rounds_to(self, relative=TOLERANCE):
        line = self.reached(relative)
        if line is None:
            raise CannotRun(f"{self.folder.name} ({self.settings}) ends before a relative gap of {relative}: "
                            f"{self.result['status']}, {self.result['reason']}")
        return line["round"]

    def uplink_to(self, relative=TOLERANCE):
        self.rounds_to(relative)
        return self.reached(relative)["uplink_bytes"]

    def model(self):
        return numpy.load(self.folder / "model.npy")

    def curve(self):
        """(rounds, relative gaps), without what a logarithm can't show."""
        pairs = [(line["round"], gap) for line, gap in zip(self.metrics, self.relative_gaps()) if gap > 0]
        return [x for x, _ in pairs], [y for _, y in pairs]


class Runner:
    def __init__(self, out, seeds):
        self.out, self.seeds = Path(out), seeds
        self.simulated = {}  # by name: several claims are about the same runs
        self.state = self.out / "state"
        self.state.mkdir(parents=True, exist_ok=True)
        self.binary = os.path.abspath(os.environ["WISP_BIN"])

    def _wisp(self, *args):
        command = [self.binary, "--state-dir", str(self.state), *map(str, args)]
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              text=True, check=False)
        return done

    @staticmethod
    def _options(sets, variables):
        options = []
        for each in sets:
            options += ["--set", each]
        for name, value in (variables or {}).items():
            options += ["--var", f"{name}={value}"]
        return options

    def sweep(self, name, sets=(), variables=None, seeds=None):
        """The points of examples/papers/NAME.yaml, with the seeds asked for."""
        chosen = seeds or self.seeds
        if chosen:
            sets = [f"sweep.seed=[ {', '.join(map(str, chosen))} ]", *sets]
        done = self._wisp("run", PAPERS / f"{name}.yaml", "--json", "-q", *self._options(sets, variables))
        try:
            found = json.loads(done.stdout.strip().splitlines()[-1])["points"]
        except (IndexError, KeyError, ValueError):
            raise CannotRun(done.stderr.strip() or f"{name}: exit status {done.returncode}") from None
        if not found:
            raise CannotRun(done.stderr.strip() or f"{name}: no job of it has ended")
        return [Point(each["settings"], each["folder"], each["result"]) for each in found]

    def one(self, name, sets=(), variables=None, seeds=None):
        """The first point."""
        return self.sweep(name, sets, variables, seeds)[0]

    def simulate(self, name):
        """[(settings, how it ended)] of the points in virtual time. Throws CannotRun if one of them fails."""
        if name not in self.simulated:
            self.simulated[name] = self._simulate(name)
        return self.simulated[name]

    def _simulate(self, name):
        sets = [f"sweep.seed=[ {', '.join(map(str, self.seeds))} ]"] if self.seeds else []
        points = self.plan(name, sets)["points"]
        done = self._wisp("simulate", PAPERS / f"{name}.yaml", "--json", "-q", *self._options(sets, None))
        if done.returncode != 0:
            raise CannotRun(done.stderr.strip() or done.stdout.strip())
        ended = [json.loads(line)["runs"][0] for line in done.stdout.splitlines()]
        return list(zip(points, ended))

    def plan(self, name, sets=(), variables=None):
        """The numbers of the method, of the file's first job."""
        done = self._wisp("plan", PAPERS / f"{name}.yaml", "--json", "-q", *self._options(sets, variables))
        if done.returncode != 0:
            raise CannotRun(done.stderr.strip())
        return json.loads(done.stdout.strip().splitlines()[-1])


def median(values):
    return statistics.median(values)


def spread(values, form="{:.3g}"):
    """ "2.1 [2.0, 2.3]": the median, the least and the largest."""
    values = list(values)
    text = form.format(median(values))
    if len(values) > 1 and min(values) != max(values):
        text += " [" + form.format(min(values)) + ", " + form.format(max(values)) + "]"
    return text


def by(points, key):
    """{key(point): [points]}, in the order of their coming."""
    groups = {}
    for point in points:
        groups.setdefault(key(point), []).append(point)
    return groups


def ratios(over, under, value):
    """value(a) / value(b) by seed, for points of the same seeds."""
    below = {point.seed: value(point) for point in under}
    return [value(point) / below[point.seed] for point in over]
