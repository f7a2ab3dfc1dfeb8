"""What tests of the whole program share: a sandbox with the wisp program in it.

    class Quickstart(wisp_test.TestCase):
        def test_converges(self):
            done = self.wisp.run("run", "job.yaml", timeout=60)
            self.assertEqual(done.status, 0, done)
            self.assertEqual(self.wisp.result()["status"], "converged")

    if __name__ == "__main__":
        wisp_test.main()

Every test has a Wisp of its own: a temporary folder, job folders below it, a private runtime folder. A test that ends
with a process of its sandbox alive fails, and names it; whatever happened, none survives it.
"""
import json
import os
import re
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import unittest
from pathlib import Path

SOURCE = Path(__file__).resolve().parents[2]
SANITIZER_REPORT = re.compile(r"(Address|Leak|Thread)Sanitizer: |: runtime error: ")
SKIPPED = 77  # the exit status by which ctest counts a program as skipped


class Done:
    """How a command ended. `status` is the exit status, or minus the signal's number."""

    def __init__(self, args, status, stdout, stderr, seconds):
        self.args, self.status, self.stdout, self.stderr, self.seconds = args, status, stdout, stderr, seconds

    def json(self):
        """The object that --json ends with: the last line of stdout."""
        return json.loads(self.stdout.strip().splitlines()[-1])

    def __str__(self):
        command = " ".join(map(str, self.args))
        return (f"{command}: status {self.status} after {self.seconds:.1f} s\n"
                f"--- stdout\n{self.stdout}--- stderr\n{self.stderr}---")


class Running:
    """A command that was started and not waited for. Its output is collected as it comes."""

    def __init__(self, args, env, cwd):
        self.args = args
        self.begin = time.monotonic()
        self.process = subprocess.Popen(args, env=env, cwd=cwd, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, text=True, errors="replace")
        self.pid = self.process.pid
        self._text = {"stdout": [], "stderr": []}
        self._open = 2
        self._news = threading.Condition()
        self._readers = [threading.Thread(target=self._read, args=(name,), daemon=True) for name in self._text]
        for reader in self._readers:
            reader.start()

    def _read(self, name):
        with getattr(self.process, name) as stream:
            for line in stream:
                with self._news:
                    self._text[name].append(line)
                    self._news.notify_all()
        with self._news:
            self._open -= 1
            self._news.notify_all()

    @property
    def stdout(self):
        return "".join(self._text["stdout"])

    @property
    def stderr(self):
        return "".join(self._text["stderr"])

    def wait_for(self, pattern, timeout=20):
        """The match of `pattern` in stdout or stderr, waiting until it has been printed."""
        def found():
            return re.search(pattern, self.stdout, re.M) or re.search(pattern, self.stderr, re.M)
        with self._news:
            self._news.wait_for(lambda: found() or self._open == 0, timeout)
            match = found()
        if not match:
            raise AssertionError(f"waited {timeout} s in vain for {pattern!r} from {self.done()}")
        return match

    def send(self, signo):
        self.process.send_signal(signo)

    def wait(self, timeout=20):
        """Waits for its end and returns Done; fails when that takes longer."""
        try:
            self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"still running after {timeout} s: {self.done()}") from None
        for reader in self._readers:
            reader.join(5)  # a grandchild that outlives the command may hold the pipes open
        return self.done()

    def done(self):
        return Done(self.args, self.process.poll(), self.stdout, self.stderr, time.monotonic() - self.begin)

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()


class Wisp:
    """A sandbox: the program, and folders that belong to one test alone."""

    def __init__(self, binary=None):
        self.binary = os.path.abspath(binary or os.environ.get("WISP_BIN", SOURCE / "build/dev/bin/wisp"))
        self.folder = Path(tempfile.mkdtemp(prefix="wisp-test-"))  # short: ipc paths end at 107 bytes
        self.state = self.folder / "state"
        self.runtime = self.folder / "run"
        self.state.mkdir(mode=0o700)
        self.runtime.mkdir(mode=0o700)
        self._running = []

    def env(self, **more):
        """The environment of every command. A variable that is None is left out."""
        env = dict(os.environ, XDG_STATE_HOME=str(self.state), XDG_CONFIG_HOME=str(self.folder / "config"),
                   WISP_RUNTIME_DIR=str(self.runtime), NO_COLOR="1", LC_ALL="C")
        env.update(more)
        return {name: str(value) for name, value in env.items() if value is not None}

    def write(self, name, text):
        """A file of the sandbox, such as a job file. Its path."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def start(self, *args, env=None, cwd=None, binary=None):
        """`wisp ARGS...` in the background."""
        command = [str(binary or self.binary), *map(str, args)]
        running = Running(command, self.env(**(env or {})), str(cwd or self.folder))
        self._running.append(running)
        return running

    def run(self, *args, timeout=30, env=None, cwd=None, binary=None):
        """`wisp ARGS...`, waited for. Fails when it takes longer than `timeout` seconds."""
        return self.start(*args, env=env, cwd=cwd, binary=binary).wait(timeout)

    def jobs(self):
        """The job folders, oldest first."""
        folders = [each for each in (self.state / "wisp/jobs").glob("*") if each.is_dir() and not each.is_symlink()]
        return sorted(folders, key=lambda each: each.stat().st_ctime_ns)

    def job_folder(self, name=None):
        """The newest job folder, of the job called `name` if it is given."""
        folders = [each for each in self.jobs() if name is None or each.name.rsplit("-", 1)[0] == name]
        if not folders:
            raise AssertionError(f"no job folder of {name or 'any job'} below {self.state}")
        return folders[-1]

    def result(self, name=None):
        """result.json of a job as a dict."""
        return json.loads((self.job_folder(name) / "result.json").read_text())

    def alive(self, job_folder=None):
        """{pid: command line} of the processes of this sandbox, or of one job of it: all whose program, arguments,
        environment, working folder or open files lie in it, wherever in the process tree they are."""
        return processes_of(str(job_folder or self.folder))

    def wait_gone(self, seconds, job_folder=None):
        """Waits until alive() is empty, for at most `seconds`. What is left then."""
        end = time.monotonic() + seconds
        while left := self.alive(job_folder):
            rest = end - time.monotonic()
            if rest <= 0 or not wait_for_end(next(iter(left)), rest):
                return self.alive(job_folder)
        return {}

    def sanitizer_reports(self):
        """The lines by which sanitizers have begun a report, in programs that were built with them."""
        texts = [running.stderr for running in self._running]
        texts += [path.read_text(errors="replace") for path in self.state.glob("wisp/jobs/*/logs/*/*.log")]
        return [line for text in texts for line in text.splitlines() if SANITIZER_REPORT.search(line)]

    def close(self):
        """Ends everything of the sandbox and removes it. The processes that outlived what started them, and what
        sanitizers said."""
        for running in self._running:
            running.kill()
        left = self.wait_gone(15)
        for pid in self.alive():
            kill(pid)
        reports = self.sanitizer_reports()
        shutil.rmtree(self.folder, ignore_errors=True)
        return left, reports


class TestCase(unittest.TestCase):
    """A test with a sandbox, `self.wisp`."""

    def setUp(self):
        self.wisp = Wisp()
        self.addCleanup(self._close)

    def _close(self):
        left, reports = self.wisp.close()
        self.assertEqual(left, {}, "left behind 15 s after the end of the test")
        self.assertEqual(reports, [])  # a node that a sanitizer has ended is started again: nobody else would see

    def data(self, name):
        """The path of a file of the data folder; skips the test where there is none."""
        folder = os.environ.get("WISP_TEST_DATA")
        if not folder:
            self.skipTest("WISP_TEST_DATA is not set: no real data")
        path = Path(folder) / name
        if not path.exists():
            self.skipTest(f"{path} is not there")
        return path


def processes_of(text):
    """{pid: command line} of the processes that name `text`; neither this one nor its parents nor the dead."""
    found = {}
    family = ancestors(os.getpid())
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) not in family and names(entry, text):
            found[int(entry.name)] = read(entry / "cmdline").replace("\0", " ").strip()
    return found


def names(entry, text):
    if text in read(entry / "cmdline") or text in read(entry / "environ"):
        return is_alive(entry)
    links = [entry / "exe", entry / "cwd"]
    try:
        links += (entry / "fd").iterdir()
    except OSError:
        pass  # another user's, or gone by now
    return any(text in target(link) for link in links) and is_alive(entry)


def read(path):
    try:
        return path.read_bytes().decode(errors="replace")
    except OSError:
        return ""


def target(link):
    try:
        return os.readlink(link)
    except OSError:
        return ""


def is_alive(entry):
    stat = read(entry / "stat").rpartition(")")[2].split()
    return bool(stat) and stat[0] not in "ZX"


def ancestors(pid):
    family = {pid}
    while pid > 1:
        stat = read(Path(f"/proc/{pid}/stat")).rpartition(")")[2].split()
        pid = int(stat[1]) if stat else 0
        family.add(pid)
    return family


def wait_for_end(pid, seconds):
    """True once the process has ended, False if it has not within `seconds`."""
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        return bool(select.select([descriptor], [], [], seconds)[0])
    finally:
        os.close(descriptor)


def kill(pid):
    try:
        os.kill(pid, signal.SIGKILL)
        wait_for_end(pid, 5)
    except ProcessLookupError:
        pass


def main():
    """unittest.main() with an exit status that tells ctest when everything was skipped."""
    program = unittest.main(module="__main__", exit=False, verbosity=2)
    result = program.result
    if not result.wasSuccessful():
        sys.exit(1)
    sys.exit(SKIPPED if result.testsRun > 0 and len(result.skipped) == result.testsRun else 0)
