"""The program behind tools/demo.sh slow-link."""
import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import cases
import testbed
from figures import Figure
from hosts import WORKERS, Failed, Links, say, voice

SOURCE = Path(__file__).resolve().parents[2]
PLUGIN = SOURCE / "build/torch/liblenet.so"


def arguments():
    parser = argparse.ArgumentParser(prog="tools/demo.sh slow-link", description="Dense and sparse behind slow links.")
    parser.add_argument("--only", default=",".join(cases.ALL), help="parts of it: " + ",".join(cases.ALL))
    parser.add_argument("--data", default=os.environ.get("WISP_TEST_DATA"), help="a folder of real data")
    parser.add_argument("--plugin", default=str(PLUGIN) if PLUGIN.exists() else None, help="examples/torch, built")
    parser.add_argument("--quick", action="store_true", help="under a minute: small data made from a seed")
    parser.add_argument("--rate", help="of every link, such as 100mbit, in place of each part's own")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", default="build/slow-link", help="where the table and the figures go")
    options = parser.parse_args()
    options.only = options.only.split(",")
    unknown = [each for each in options.only if each not in cases.ALL]
    if unknown:
        parser.error(f"no part {unknown[0]}; there are {', '.join(cases.ALL)}")
    if options.quick:
        options.data = options.plugin = None
    return options


def build_peer(folder):
    """The program of OpenMPI, and why there is none."""
    for tool in ("mpirun", "mpicxx"):
        if not shutil.which(tool):
            return None, f"there is no {tool} (packages openmpi-bin, libopenmpi-dev)"
    program = folder / "mpi_peer"
    command = ["mpicxx", "-DOMPI_SKIP_MPICXX", "-O2", "-std=c++20", str(SOURCE / "bench/runtime/mpi_peer.cc"), "-o",
               str(program)]
    done = subprocess.run(command, stderr=subprocess.PIPE, text=True)
    return (None, done.stderr) if done.returncode else (program, "")


class Row:
    """One line of the table: how long it took to the level, and where time went meanwhile."""

    def __init__(self, name, seconds, steps, unit, up=None, down=None, shares=None, note=""):
        self.name, self.seconds, self.steps, self.unit = name, seconds, steps, unit
        self.up, self.down, self.shares, self.note = up, down, shares or {}, note

    def as_dict(self):
        return dict(vars(self))


class Part:
    """One case on the hosts: the dense job to its last value, the sparse one to the same, and the ring."""

    def __init__(self, case, links, options, peer):
        self.case, self.links, self.options, self.peer = case, links, options, peer
        self.rows, self.curves = [], []

    def measure(self):
        case = self.case
        self.load = [os.getloadavg()[0]]
        say(f"{case.name}: {case.title}, {case.data}, {case.rate} a host")
        self.links.limit(case.rate)
        dense = self._run(case.dense_name, case.dense, case.steps)
        self.level = min(line[case.key] for line in dense.metrics)
        self._row(case.dense_name, case.dense, dense)
        sparse = self._run(case.sparse_name, case.sparse, case.LONGER * case.steps,
                           lambda line: line[case.key] <= self.level)
        self._row(case.sparse_name, case.sparse, sparse)
        if self.peer:
            self._ring(dense.result["dim"])
        self.links.limit(None)
        self.load.append(os.getloadavg()[0])
        return self

    def _job(self, sets, steps=None):
        more = [f"seed={self.options.seed}"]
        if steps:
            more.append(f"stop.{self.case.budget}={steps}")
        return self.case.job([*sets, *more])

    def _run(self, name, sets, steps, enough=None):
        ended = self.links.run(f"{self.case.name}, {name}", self._job(sets, steps), enough)
        self.curves.append((name, ended))
        return ended

    def _row(self, name, sets, ended):
        unit = "round" if self.case.budget == "rounds" else "updates"
        found = ended.reached(self.case.key, self.level)
        endless = self._job([*sets, "evaluate.every=1000000 rounds"], 10**9)
        shares = self.links.shares(f"{self.case.name}, {name}", endless, 1 if self.options.quick else 6)
        if found is None:
            last = ended.metrics[-1]
            self.rows.append(Row(name, None, last[unit], self.case.unit, last["uplink_bytes"], last["downlink_bytes"],
                                 shares, f"{self.case.key} {last[self.case.key]:.4g} after {last['seconds']:.1f} s"))
            return
        self.rows.append(Row(name, found["seconds"], found[unit], self.case.unit, found["uplink_bytes"],
                             found["downlink_bytes"], shares))

    def _ring(self, dim):
        """Rounds that whole gradients need, counted by a job here, times what a round takes by an all-reduce."""
        here = self.links.run(f"{self.case.name}, rounds of all gradients, on this machine",
                              self._job([*self.case.ring, *cases.HERE]), lambda line: line[self.case.key] <= self.level)
        found = here.reached(self.case.key, self.level)
        last = here.metrics[-1]
        compute_us = 1e6 * last["gradient_seconds"] / max(1, last["round"])
        ring = ["--mca", "coll_tuned_use_dynamic_rules", "1", "--mca", "coll_tuned_allreduce_algorithm", "4"]
        ways = [("OpenMPI, ring all-reduce", ring), ("OpenMPI, as it chooses", [])]
        for name, algorithm in ways[:1] if self.options.quick else ways:
            a_round = self.links.all_reduce(f"{self.case.name}, {name}", self.peer, dim,
                                            2 if self.options.quick else 5, int(compute_us), algorithm)
            rounds = found["round"] if found else None
            each = 2 * (WORKERS - 1) / WORKERS * 4 * dim
            self.rows.append(Row(name, rounds and rounds * a_round, rounds or last["round"], "rounds",
                                 rounds and WORKERS * rounds * each, None, {},
                                 f"{1e3 * a_round:.1f} ms a round, of them {compute_us / 1e3:.2f} ms of computing"))

    def figure(self):
        label = {"test_loss": "test loss", "loss": "loss"}[self.case.key]
        figure = Figure(f"{self.case.title}, {self.case.data}, {self.case.rate} a host", "seconds", label, x_log=True,
                        y_log=False, points=True)
        for name, ended in self.curves:
            lines = [line for line in ended.metrics if line["seconds"] > 0]
            figure.add(name, [line["seconds"] for line in lines], [line[self.case.key] for line in lines])
        for row in self.rows[2:]:
            if row.seconds:
                figure.add(row.name, [row.seconds], [self.level])
        return figure.level("the level", self.level)

    def factor(self, row):
        dense = self.rows[0]
        return dense.seconds / row.seconds if dense.seconds and row.seconds else None


def megabytes(count):
    return "-" if count is None else f"{count / 1e6:.2f}"


def table(parts):
    heads = ["what", "seconds", "times sooner", "steps", "MB up", "MB down", "master's link out / in",
             "cores: master, workers, machine", "in the gradient", ""]
    lines = [as_row(heads), "|" + "---|" * len(heads)]
    for part in parts:
        case, load = part.case, part.load
        lines.append(as_row([f"**{case.name}**: {case.title}, {case.data}, {case.rate} a host, to a "
                             f"{case.key.replace('_', ' ')} of {part.level:.4f}; load {load[0]:.1f} to {load[1]:.1f}",
                             *[""] * (len(heads) - 1)]))
        lines += [as_row(cells(part, row)) for row in part.rows]
    return "\n".join(lines) + "\n"


def as_row(texts):
    return "| " + " | ".join(texts) + " |"


def cells(part, row):
    factor, shares = part.factor(row), row.shares
    where = ["-"] * 3
    if shares:
        where = [f"{shares['link_out']:.0%} / {shares['link_in']:.0%}",
                 f"{shares['master']:.2f}, {shares['workers']:.2f}, {shares['machine']:.2f}",
                 f"{shares['gradient']:.1%}"]
    seconds = "not reached" if row.seconds is None else f"{row.seconds:.2f}"
    return [row.name, seconds, f"{factor:.1f}" if factor else "-", f"{row.steps:.0f} {row.unit}",
            megabytes(row.up), megabytes(row.down), *where, row.note]


def demonstrate(options, folder, out):
    peer, reason = build_peer(folder)
    if peer is None:
        say(f"no all-reduce beside: {reason}")
    parts = []
    say("nine hosts start")
    with testbed.Testbed(hosts=WORKERS + 1, disk="1500m", shared=True) as bed:
        links = Links(bed, folder, Path(os.environ["WISP_BIN"]).resolve(), options.plugin)
        for name in options.only:
            case = cases.ALL[name](options, folder, say)
            case.rate = options.rate or case.rate
            part = Part(case, links, options, peer).measure()
            part.figure().save(out / f"{name}.svg")
            parts.append(part)
            (out / "table.md").write_text(table(parts))
            (out / "table.json").write_text(json.dumps(
                [{"part": each.case.name, "rate": each.case.rate, "data": each.case.data, "key": each.case.key,
                  "level": each.level, "goal": each.case.goal, "load": each.load, "cores": os.cpu_count(),
                  "rows": [row.as_dict() for row in each.rows]} for each in parts], indent=1) + "\n")
    return parts


def verdict(part):
    factor = part.factor(part.rows[1])
    if factor is None:
        return f"{part.case.name}: the sparse job did not reach the level"
    word = "reached" if factor >= part.case.goal else "missed"
    return f"{part.case.name}: {factor:.1f} times sooner, a goal of {part.case.goal:g} is {word}"


def main():
    options = arguments()
    if reason := testbed.why_not():
        sys.exit(f"demo: no hosts here: {reason}")
    testbed.enter()
    voice.keep_on()
    os.environ.setdefault("MPLCONFIGDIR", tempfile.gettempdir())
    out = Path(options.out).absolute()
    out.mkdir(parents=True, exist_ok=True)
    begin = time.monotonic()
    try:
        with tempfile.TemporaryDirectory(prefix="wisp-demo-") as folder:
            parts = demonstrate(options, Path(folder), out)
    except Failed as error:
        sys.exit(f"demo: {error}")
    print(table(parts))
    for part in parts if not options.quick else []:  # the goals are for the whole
        print(verdict(part))
    say(f"{time.monotonic() - begin:.0f} s, {os.cpu_count()} cores; {out}/table.md, table.json, and a figure each")


if __name__ == "__main__":
    main()
