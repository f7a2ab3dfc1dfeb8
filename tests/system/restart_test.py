"""Restarts as people see them: how often, how soon, and what is said of it."""
import json
import os
import shutil
import signal
import time
from pathlib import Path

import kept_runs
import wisp_test

BACK_MOST = 2  # seconds from a worker's death until it contributes again
BACKOFF = 0.5  # and so long before it is started for the second time


class Restart(kept_runs.TestCase):
    def write_job(self, method, stop=None, restart="{ }"):
        self.wisp.write("job.yaml", kept_runs.job(method, stop, restart))

    def report(self, done, status=1):
        self.assertEqual(done.status, status, done)
        return done.stderr[done.stderr.index("error: job"):]

    def assert_nothing_left(self):
        self.assertEqual(self.wisp.wait_gone(1), {})
        self.assertEqual(list(self.wisp.runtime.iterdir()), [], "runtime folder or sockets")

    def rows(self):
        return {each["name"]: each for each in json.loads(self.wisp.run("ps", "--json").stdout)["actors"]}

    def pid_of(self, actor):
        state = json.loads((self.wisp.job_folder() / "state.json").read_text())
        return {each["name"]: each["pid"] for each in state["actors"]}[actor]


class Agent(Restart):
    def agent(self):
        """The parent of its nodes."""
        facts = Path(f"/proc/{self.pid_of('worker-0')}/stat").read_text()
        return int(facts.rpartition(")")[2].split()[1])

    def test_whose_machine_is_this_one_is_started_again(self):
        """No other host is left, and this one is certainly there."""
        self.write_job("isega", "{ rounds: 20000 }")
        expected = self.good(self.go())["iterate_hash"]
        for ended_by in [signal.SIGKILL, signal.SIGTERM]:
            with self.subTest(ended_by):
                running = self.start()
                running.wait_for("^round [1-9]", 30)
                os.kill(self.agent(), ended_by)
                done = running.wait(60)
                self.assertEqual(self.good(done)["iterate_hash"], expected)
                self.assertIn("host local is back\n", done.stderr)
                self.assert_nothing_left()

    def test_that_can_not_be_started_any_more(self):
        """Nobody waits for it for ever."""
        program = self.wisp.folder / "elsewhere/bin/wisp"
        for name in ["bin/wisp", "lib/libwisp.so"]:
            copy = self.wisp.folder / "elsewhere" / name
            copy.parent.mkdir(parents=True)
            shutil.copy(Path(self.wisp.binary).parents[1] / name, copy)
        self.write_job("isega", "{ rounds: 1000000000 }")
        running = self.wisp.start("run", "job.yaml", binary=program)
        running.wait_for("^round [1-9]", 30)
        program.unlink()
        os.kill(self.agent(), signal.SIGKILL)
        again = r"cannot start \S+/elsewhere/bin/wisp: No such file or directory\n"
        running.wait_for(f"^waiting for host local to come back: local: {again}")
        report = self.report(running.wait(50), 4)
        self.assertRegex(report, r"  cause: no host is left; host local was lost: local: the agent ended "
                                 r"\(signal 9 \(Killed\)\); for 30 s it could not be started again: local: " + again)
        self.assert_nothing_left()


class Policy(Restart):
    def test_that_always_dies(self):
        self.write_job("isega", restart="{ backoff: 100ms }")
        done = self.go("--set", "actors.worker.replicas=1", failpoint="worker.stepped:kill@1")
        report = self.report(done)
        folder = self.wisp.job_folder()
        self.assertRegex(report, rf"\Aerror: job {folder.name} failed\n"
                                 r"  first to fail: worker-0#4@local in round 0\n"
                                 r"  cause: killed by signal 9 \(Killed\); it was restarted 3 times within 1m "
                                 r"\(actors\.worker\.restart\)\n"
                                 rf"  last lines of {folder}/logs/worker-0/4\.log:\n")
        self.assert_nothing_left()
        self.assertEqual(self.rows()["worker-0"]["attempt"], 4)
        self.assertRegex(self.wisp.run("ps").stdout, r"(?m)^worker-0 .* failed +4 ")
        self.assertEqual(self.wisp.result()["status"], "failed")
        logs = sorted(each.name for each in (folder / "logs/worker-0").iterdir())
        self.assertEqual(logs, ["1.log", "2.log", "3.log", "4.log"])
        self.assertEqual(self.killed("worker-0"), 4)
        self.assertEqual([each["process"] for each in self.events() if each["event"] == "restarted"],
                         ["worker-0"] * 3)

    def test_master_that_always_dies(self):
        self.write_job("gd", restart="{ max: 1 }")
        report = self.report(self.go(failpoint="master.absorbed:kill@1"))
        self.assertRegex(report, r"first to fail: master#2@local in round 0\n"
                                 r"  cause: killed by signal 9 \(Killed\); it was restarted once within 1m "
                                 r"\(actors\.master\.restart\)\n")
        self.assert_nothing_left()

    def test_never(self):
        for restart in ["never", "{ max: 0 }"]:
            with self.subTest(restart):
                self.write_job("isega", restart=restart)
                report = self.report(self.go(failpoint="worker.stepped:kill@5"))
                self.assertRegex(report, r"first to fail: worker-\d#1@local in round \d+\n"
                                         r"  cause: killed by signal 9 \(Killed\)\n")
                self.assertEqual([each for each in self.events() if each["event"] == "restarted"], [])
                self.assert_nothing_left()

    def test_error_is_not_answered_by_a_restart(self):
        """It would come again."""
        self.write_job("isega")
        report = self.report(self.go(failpoint="worker.stepped:error@5"))
        self.assertRegex(report, r"first to fail: worker-\d#1@local in round \d+\n  cause: failpoint worker\.stepped")
        self.assertEqual([each for each in self.events() if each["event"] == "restarted"], [])
        self.assert_nothing_left()

    def test_one_restart_and_its_records(self):
        expected = self.expected("isega")
        self.write_job("isega", restart=kept_runs.RESTART)
        done = self.go(failpoint="master.advanced:kill@200")
        self.assertEqual(self.good(done)["iterate_hash"], expected)
        self.assertRegex(done.stderr, r"(?m)^master@local has ended: killed by signal 9 \(Killed\)$")
        self.assertRegex(done.stderr, r"(?m)^master@local is started again, attempt 2$")
        self.assertRegex(done.stderr, r"(?m)^master is back after \d+\.\d\d s, attempt 2$")
        self.assertGreater(self.rows()["master"]["attempt"], 1)
        self.assertRegex(self.wisp.run("ps").stdout, r"(?m)^master .* exited +[2-9] ")
        logs = self.wisp.run("logs", "master").stdout
        for attempt in ["master#1@local", "master#2@local"]:
            self.assertIn(attempt, logs)
        exits = [each["cause"] for each in self.events()
                 if (each["event"], each.get("process")) == ("exited", "master")]
        self.assertEqual(exits[0], "killed by signal 9 (Killed)")
        self.assertEqual(exits[-1], "exit status 0")


class Soon(Restart):
    """A person at the terminal sees the run go on within two seconds."""

    def newest(self):
        metrics = self.wisp.job_folder() / "metrics.jsonl"
        lines = metrics.read_text().splitlines() if metrics.exists() else []
        return json.loads(lines[-1])["updates"] if lines else 0

    def wait_until(self, reached, seconds=20):
        end = time.monotonic() + seconds
        while not reached():
            self.assertLess(time.monotonic(), end, "in vain")
            time.sleep(0.005)
        return time.monotonic()

    def check(self, method):
        self.write_job(method, "{ rounds: 1000000000 }")
        running = self.start("--set", "evaluate.every=100 rounds")
        running.wait_for("^round [1-9]")
        self.wait_until(lambda: self.checkpoints() and (self.wisp.job_folder() / "state.json").exists())
        figures = []
        for worker, attempt in [("worker-1", 2), ("worker-2", 2), ("worker-1", 3)]:
            pid = self.pid_of(worker)
            died = time.monotonic()
            os.kill(pid, signal.SIGKILL)
            running.wait_for(rf"^{worker} is back after \d+\.\d\d s, attempt {attempt}$")
            log = self.wisp.job_folder() / f"logs/{worker}/{attempt}.log"
            stepped = self.wait_until(lambda log=log: log.exists() and "ms a round" in log.read_text())
            figures.append(stepped - died)
            self.wait_until(lambda before=pid, who=worker: self.pid_of(who) != before)
        running.send(signal.SIGINT)
        self.assertEqual(running.wait(20).status, 130)
        print(f"{method}: contributes again {', '.join(f'{each:.2f}' for each in figures)} s after its death")
        for figure, wait in zip(figures, [0, 0, BACKOFF]):
            self.assertLess(figure, BACK_MOST + wait)

    def test_rounds(self):
        self.check("isega")

    def test_async(self):
        self.check("async-sgd")


if __name__ == "__main__":
    wisp_test.main()
