#!/usr/bin/env python3
"""Runs the programs of bench/ and collects what they measure; tools/bench.sh builds them first.

A program of bench/<room> is either bench/<room>/<name>.py, run with WISP_BIN set, or an executable <room>_bench or
<room>_<name>_bench that the build made. It prints one JSON object a line: name, value, unit, reference (what the value
is compared with, or null), ratio (value / reference, or null), goal (in words, or null), holds (true, false, or null
where there is no goal). Lines that are no object are passed on to stderr.
"""
import argparse
import json
import os
import subprocess
import sys
from pathlib import Path

KEYS = ["name", "value", "unit", "reference", "ratio", "goal", "holds"]
SOURCE = Path(__file__).resolve().parents[1]


def programs(binaries, rooms):
    """[(room, command)] in the order of their names."""
    found = [(path.parent.name, [sys.executable, "-B", str(path)]) for path in (SOURCE / "bench").glob("*/*.py")
             if not path.name.startswith("_")]
    found += [(path.name.split("_")[0], [str(path)]) for path in binaries.glob("*_bench")]
    return sorted(each for each in found if not rooms or each[0] in rooms)


def why_no_row(row):
    """A sentence, or None if it is a row."""
    if not isinstance(row, dict):
        return "not an object"
    wrong = sorted(set(KEYS) ^ set(row))
    return f"keys missing or unknown: {' '.join(wrong)}" if wrong else None


def run(command, binaries, file):
    """Runs one program and prints its rows. Whether all is well."""
    print(f"bench: {' '.join(command)}", file=sys.stderr, flush=True)
    env = dict(os.environ, WISP_BIN=str(binaries / "wisp"))
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=env, cwd=SOURCE)
    well = True
    for line in process.stdout:
        if not line.startswith("{"):
            sys.stderr.write(line)
            continue
        row = json.loads(line)
        if why := why_no_row(row):
            print(f"bench: {why}: {line}", file=sys.stderr)
            well = False
            continue
        for out in (sys.stdout, file):
            print(json.dumps(row), file=out, flush=True)
        if row["holds"] is False:
            print(f"bench: {row['name']} = {row['value']} {row['unit']}: the goal '{row['goal']}' does not hold",
                  file=sys.stderr)
            well = False
    if process.wait() != 0:
        print(f"bench: exit status {process.returncode} of {' '.join(command)}", file=sys.stderr)
        well = False
    return well


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--binaries", type=Path, required=True)
    parser.add_argument("--rows", type=Path, required=True)
    parser.add_argument("rooms", nargs="*")
    args = parser.parse_args()
    binaries = args.binaries.resolve()
    chosen = programs(binaries, args.rooms)
    if not chosen:
        sys.exit(f"bench: nothing to measure{' for ' + ' '.join(args.rooms) if args.rooms else ''}")
    with args.rows.open("w") as file:
        results = [run(command, binaries, file) for _, command in chosen]
    sys.exit(0 if all(results) else 1)


if __name__ == "__main__":
    main()
