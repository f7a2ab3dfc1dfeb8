#!/usr/bin/env python3
"""The program behind tools/reproduce.sh."""
import argparse
import json
import re
import sys
import time
from pathlib import Path

import p1  # noqa: F401  (they register their claims)
import p1_lenet  # noqa: F401
import p2  # noqa: F401
import p2_samples  # noqa: F401
from claim import ALL
from runs import CannotRun, Runner

WORDS = {True: "holds", False: "FAILS", None: "measured only"}


ALL.sort(key=lambda each: (int(re.sub(r"\D", "", each.number)), each.number))


def arguments():
    parser = argparse.ArgumentParser(prog="tools/reproduce.sh", description="Runs the claims of the two papers.")
    parser.add_argument("claims", nargs="*", metavar="claim", help="a number, or the name of a job file; default: all")
    parser.add_argument("--seeds", default="", help="in place of those of the job files: 1,2,3")
    parser.add_argument("--out", default="build/reproduction", help="where the table and the figures go")
    parser.add_argument("--list", action="store_true", help="say which claims there are")
    return parser.parse_args()


def chosen(words):
    if not words:
        return ALL
    known = {word for each in ALL for word in (each.number, each.name)}
    unknown = [word for word in words if word not in known]
    if unknown:
        sys.exit(f"reproduce: no claim {unknown[0]}; there are " + " ".join(f"{c.number}:{c.name}" for c in ALL))
    return [each for each in ALL if each.number in words or each.name in words]


def run(claim, runner):
    begin = time.monotonic()
    print(f"{claim.number} {claim.name}: {claim.title}", file=sys.stderr, flush=True)
    try:
        found = claim.run(runner)
    except CannotRun as error:
        reason = str(error).splitlines()[0] if str(error) else "it can't be run"
        return claim, None, reason, time.monotonic() - begin
    if found.figure is not None:
        found.figure.save(runner.out / f"{claim.name}.svg")
    print(f"  {WORDS[found.holds]}: {found.measured}", file=sys.stderr, flush=True)
    return claim, found, "", time.monotonic() - begin


def table(rows):
    lines = ["| claim | expected | measured | seeds | verdict | seconds |", "|---|---|---|---|---|---|"]
    for claim, found, reason, seconds in rows:
        measured = found.measured if found else reason
        cells = [f"{claim.number} {claim.name}: {claim.title}", claim.expected, measured,
                 " ".join(found.seeds) if found else "", WORDS[found.holds] if found else "NOT RUN", f"{seconds:.0f}"]
        lines.append("| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |")
    return "\n".join(lines) + "\n"


def main():
    options = arguments()
    if options.list:
        for each in ALL:
            print(f"{each.number:>3}  {each.name:<18} {each.title}")
        return 0
    seeds = [int(word) for word in options.seeds.split(",") if word]
    out = Path(options.out)
    runner = Runner(out, seeds)
    rows = [run(each, runner) for each in chosen(options.claims)]
    (out / "table.md").write_text(table(rows))
    (out / "table.json").write_text(json.dumps([
        {"claim": claim.number, "name": claim.name, "title": claim.title, "expected": claim.expected,
         "measured": found.measured if found else reason, "holds": found.holds if found else None,
         "seeds": found.seeds if found else [], "run": found is not None, "seconds": round(seconds, 1)}
        for claim, found, reason, seconds in rows], indent=1) + "\n")
    print(table(rows), end="")
    print(f"{out}/table.md, table.json, and a figure each", file=sys.stderr)
    return 1 if any(found is None or found.holds is False for _, found, _, _ in rows) else 0


if __name__ == "__main__":
    sys.exit(main())
