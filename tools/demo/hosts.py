"""Jobs of wisp, and an all-reduce of OpenMPI, on hosts of the testbed behind a rate limit; what they took."""
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import testbed

WORKERS = 8
MASTER = "h1"
SAY_EVERY = 2  # seconds
BURST = "16kb"  # a small part of a model: what a link that has rested sends at once costs it no time
LATENCY = "2s"  # holds a model for each worker: links are slow, but lose nothing
MPI = ["--allow-run-as-root", "--mca", "plm_rsh_no_tree_spawn", "1", "--mca", "btl", "tcp,self",
       "--mca", "mpi_yield_when_idle", "1"]  # more processes than cores: else they take them from one another
SUBNETS = ["--mca", "btl_tcp_if_include", f"{testbed.NETWORK}.0/24", "--mca", "oob_tcp_if_include",
           f"{testbed.NETWORK}.0/24"]


class Voice:
    """What is said while it works: never nothing for longer than SAY_EVERY."""

    def __init__(self):
        self.said, self.what = time.monotonic(), "begins"

    def say(self, text):
        self.said, self.what = time.monotonic(), text.strip()
        print(text, file=sys.stderr, flush=True)

    def keep_on(self):
        threading.Thread(target=self._repeat, daemon=True).start()

    def _repeat(self):
        while True:
            time.sleep(0.5)
            silent = time.monotonic() - self.said
            if silent >= SAY_EVERY + 0.5 and int(2 * silent) % (2 * SAY_EVERY) == 1:
                print(f"  {self.what} ({silent:.0f} s)", file=sys.stderr, flush=True)


voice = Voice()
say = voice.say


class Failed(Exception):
    """What a program said when it ended with an error."""


class Ended:
    """A job that has ended, or was ended: its lines of metrics, those of the seconds before it did included."""

    def __init__(self, metrics, result):
        self.metrics, self.result = metrics, result

    def reached(self, key, level):
        """The line at which a value has fallen to a level, its seconds and updates between those of two evaluations.
        None if it never does."""
        for before, line in zip(self.metrics, self.metrics[1:]):
            if line[key] <= level:
                share = (before[key] - level) / (before[key] - line[key])
                return {name: before[name] + share * (line[name] - before[name])
                        for name in ("seconds", "updates", "round", "uplink_bytes", "downlink_bytes")}
        return None


class Watch:
    """The lines that a job appends to its metrics, as they come."""

    def __init__(self, state):
        self.path, self.lines, self.read = Path(state) / "jobs/latest/metrics.jsonl", [], 0

    def look(self):
        if self.path.exists():
            with open(self.path) as file:
                file.seek(self.read)
                for line in file:
                    if not line.endswith("\n"):
                        break
                    self.read += len(line.encode())
                    self.lines.append(json.loads(line))
        return self.lines


class Links:
    """Nine hosts, all behind the same limit while `limited`."""

    def __init__(self, bed, folder, wisp, plugin=None):
        self.bed, self.folder, self.wisp, self.rate, self.count = bed, Path(folder), str(wisp), None, 0
        self.there = bed.shared / "wisp"
        self._install(plugin)

    def _install(self, plugin):
        """What wisp would send by itself: it is the same for all jobs here, and with libtorch 200 MB."""
        (self.there / "bin").mkdir(parents=True)
        (self.there / "lib").mkdir()
        shutil.copy(self.wisp, self.there / "bin/wisp")
        own = (Path(self.wisp).parents[1] / "lib").glob("libwisp.so*")
        for library in [*own, *testbed.brought(), *([plugin] if plugin else [])]:
            shutil.copy(library, self.there / "lib")

    def _command(self, state, job):
        return [self.wisp, "--state-dir", str(state), "run", *map(str, job), "--json", "-q", "--set",
                f"ssh.config_file={self.bed.ssh_config}", "--set", "deploy.kind=none", "--set",
                f"deploy.binary={self.there}/bin/wisp"]

    def limit(self, rate):
        """Such as 100mbit; None: no limit."""
        if rate == self.rate:
            return
        for name in self.bed.hosts:
            if rate:
                self.bed.limit(name, rate, BURST, LATENCY)
            else:
                self.bed.unlimit(name)
        self.rate = rate

    def run(self, title, job, enough=None):
        """A job (its file, then options) until it ends, or until enough(its last line of metrics)."""
        self.count += 1
        state = self.folder / f"state-{self.count}"
        command = self._command(state, job)
        with open(self.folder / f"log-{self.count}.txt", "w+") as log:
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
            stopped = self._watch(title, process, Watch(state), enough)
            log.seek(0)
            if process.returncode != 0 and not stopped:
                raise Failed(f"{title}: exit status {process.returncode}\n{log.read()}")
        folder = state / "jobs/latest"
        ended = Ended(Watch(state).look(), json.loads((folder / "result.json").read_text()))
        shutil.rmtree(state, ignore_errors=True)
        return ended

    def _watch(self, title, process, watch, enough):
        begin = said = time.monotonic()
        stopped = False
        while process.poll() is None:
            lines = watch.look()
            if lines and enough and not stopped and enough(lines[-1]):
                process.send_signal(signal.SIGINT)
                stopped = True
            if time.monotonic() - said >= SAY_EVERY:
                said = time.monotonic()
                say(f"  {title}: {said - begin:.0f} s, {progress(lines)}")
            time.sleep(0.05)
        return stopped

    def shares(self, title, job, seconds):
        """Where time goes in the midst of a job that evaluates nothing meanwhile: for `seconds`, from the end of the
        first evaluation on. Cores that its processes take, and shares of the master's link."""
        self.count += 1
        state = self.folder / f"state-{self.count}"
        command = self._command(state, job)
        with open(self.folder / f"log-{self.count}.txt", "w+") as log:
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
            watch = Watch(state)
            while process.poll() is None and not watch.look():
                time.sleep(0.05)
            time.sleep(0.3)  # of the steps; the first ones find the links idle
            say(f"  {title}: where time goes, for {seconds} s")
            before, began = self._counters(), time.monotonic()
            end = began + seconds
            while time.monotonic() < end and process.poll() is None:
                time.sleep(0.05)
            after, took = self._counters(), time.monotonic() - began
            if process.poll() is not None:
                log.seek(0)
                raise Failed(f"{title}: ended before it was measured, exit status {process.returncode}\n{log.read()}")
            process.send_signal(signal.SIGINT)
            while process.poll() is None:
                time.sleep(0.05)
        last = Watch(state).look()[-1]
        shutil.rmtree(state, ignore_errors=True)
        found = {key: (after[key] - before[key]) / took for key in after}
        bytes_each = bits(self.rate) / 8
        found["link_out"] = found.pop("sent") / bytes_each
        found["link_in"] = found.pop("received") / bytes_each
        found["gradient"] = last["gradient_seconds"] / last["seconds"] if last["seconds"] else 0
        return found

    def _counters(self):
        received, sent = self.bed.traffic(MASTER)
        with open("/proc/stat") as file:
            words = file.readline().split()
        ticks = os.sysconf("SC_CLK_TCK")
        all_busy = sum(map(int, words[1:4])) + sum(map(int, words[6:9]))
        return {"received": received, "sent": sent, "machine": all_busy / ticks, **processor_seconds()}

    def all_reduce(self, title, program, values, seconds, compute_us, options=()):
        """Seconds a round of OpenMPI's all-reduce of so many floats on the workers' hosts, those of computing in."""
        peer = self.bed.shared / "mpi_peer"
        if not peer.exists():
            shutil.copy(program, peer)
        hosts = ",".join(host.address for host in self.bed.hosts.values() if host.name != MASTER)
        command = ["mpirun", "--mca", "plm_rsh_agent", f"ssh -F {self.bed.ssh_config}", *MPI, *SUBNETS, *options,
                   "--host", hosts, "-n", str(WORKERS), str(peer), str(values), str(seconds), str(compute_us)]
        say(f"  {title}, for {seconds} s")
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              text=True)
        if done.returncode != 0:
            raise Failed(f"{title}: mpirun: exit status {done.returncode}\n{done.stderr}")
        said = json.loads(done.stdout.strip().splitlines()[-1])
        return said["seconds"] / said["rounds"]


def bits(rate):
    """A second, of such as 100mbit."""
    return 1e6 * float(rate.removesuffix("mbit"))


def progress(lines):
    if not lines:
        return "starts"
    last = lines[-1]
    test = f", test loss {last['test_loss']:.4f}" if last.get("test_loss") is not None else ""
    return f"{last['updates']} updates, loss {last['loss']:.5g}{test}"


def processor_seconds():
    """Of the master, and of the workers and relays, of whatever job runs here."""
    ticks = os.sysconf("SC_CLK_TCK")
    found = {"master": 0, "workers": 0}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            names = (folder / "cmdline").read_bytes().split(b"\0")
            environment = (folder / "environ").read_bytes()
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if names and b"WISP_ACTOR=" in environment:
            actor = environment.split(b"WISP_ACTOR=")[1].split(b"\0")[0]
            found["master" if actor == b"master" else "workers"] += (int(fields[11]) + int(fields[12])) / ticks
    return found
