"""The program behind tools/demo.sh power-off."""
import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import testbed

SOURCE = Path(__file__).resolve().parents[2]
JOB = SOURCE / "examples/power-off/isega.yaml"
HOSTS = 4
AT_ROUND = 1000


def arguments():
    parser = argparse.ArgumentParser(prog="tools/demo.sh power-off", description="A run whose host is switched off.")
    parser.add_argument("--host", default="h1", help="which: h1 has the master, h2 to h4 a worker each (default: h1)")
    options = parser.parse_args()
    names = [f"h{i + 1}" for i in range(HOSTS)]
    if options.host not in names:
        parser.error(f"no host {options.host}; there are {', '.join(names)}")
    return options


def say(text):
    print(text, file=sys.stderr, flush=True)


class Run:
    """One run of the job; what it says passes through."""

    def __init__(self, bed, folder, name):
        self.state = Path(folder) / name
        self.process = subprocess.Popen(
            [os.environ["WISP_BIN"], "--state-dir", str(self.state), "run", str(JOB), "--json", "--set",
             f"ssh.config_file={bed.ssh_config}"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)

    @property
    def job(self):
        return self.state / "jobs/latest"

    def wait_for_round(self, wanted):
        """Or for its end."""
        while self.process.poll() is None and self.round() < wanted:
            time.sleep(0.01)

    def round(self):
        path = self.job / "metrics.jsonl"
        lines = re.findall(r".*\n", path.read_text()) if path.exists() else []
        return json.loads(lines[-1])["round"] if lines else -1

    def result(self):
        said = self.process.communicate()[0]
        if self.process.returncode != 0:
            sys.exit(f"demo: the run ended with exit status {self.process.returncode}")
        return json.loads(said.strip().splitlines()[-1])

    def events(self, kind):
        lines = (self.job / "events.jsonl").read_text().splitlines()
        return [event for event in map(json.loads, lines) if event["event"] == kind]


def show(name, host, undisturbed, run, result):
    lost = [event["cause"] for event in run.events("host lost") if event["host"] == host]
    moves = [event["cause"] for event in run.events("moved")]
    if not lost or not moves:
        sys.exit(f"demo: the run had ended before {host} was off")
    print(f"cause:        {lost[0].splitlines()[0]}")
    for move in moves:
        print(f"              {move}")
    print(f"undisturbed:  {undisturbed['rounds']} rounds, iterate_hash {undisturbed['iterate_hash']}")
    print(f"{name + ':':13} {result['rounds']} rounds, iterate_hash {result['iterate_hash']}")
    if result["iterate_hash"] != undisturbed["iterate_hash"]:
        sys.exit("demo: the hashes differ")
    print("              the same bits")


def demonstrate(options, bed, folder):
    say(f"--- {JOB.relative_to(SOURCE)} on {HOSTS} hosts, undisturbed")
    undisturbed = Run(bed, folder, "undisturbed").result()
    say("--- the same once more")
    run = Run(bed, folder, "switched-off")
    run.wait_for_round(AT_ROUND)
    bed.cut(options.host)  # nobody hears of it
    bed[options.host].go_down()
    say(f"--- {options.host} is switched off, its disk is gone (round {run.round()})")
    result = run.result()
    say("---")
    show(f"without {options.host}", options.host, undisturbed, run, result)


def main():
    options = arguments()
    if reason := testbed.why_not():
        sys.exit(f"demo: {reason}")
    testbed.enter()
    with tempfile.TemporaryDirectory(prefix="wisp-demo-") as folder, testbed.Testbed(HOSTS) as bed:
        demonstrate(options, bed, folder)


if __name__ == "__main__":
    main()
