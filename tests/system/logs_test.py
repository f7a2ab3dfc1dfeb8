"""What people do with a job that runs on this machine: follow its logs through rotation, look at its status, kill its
actors, and look at it from another login node."""
import fcntl
import json
import os
import shlex
import signal
import struct
import subprocess

import job_files
import wisp_test

F_OFD_SETLK = 37
FULL = 2000  # bytes of a log file of the tests
FILES = 4
IN_THREADS = job_files.ENDLESS.replace("replicas: 3", "replicas: 3, isolation: thread")


class Driver:
    """A job folder with a driver, as far as others can see: it holds the lock, and writes a log that it puts aside."""

    def __init__(self, wisp, actor="worker-0"):
        self.folder = wisp.write("state/wisp/jobs/mine-12ab34cd/driver.lock", "here 1\n").parent
        self.logs = self.folder / "logs" / actor
        self.logs.mkdir(parents=True)
        (self.folder / "state.json").write_text(json.dumps(
            {"job": "mine", "id": "12ab34cd", "status": "running", "started": "2026-03-01T02:13:00Z", "actors": []}))
        self.lock = open(self.folder / "driver.lock", "r+")
        fcntl.fcntl(self.lock, F_OFD_SETLK, struct.pack("hhqqi", fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0))
        self.actor, self.lines, self.aside = actor, 0, 0

    def write(self, count):
        for _ in range(count):
            self.lines += 1
            line = f"2026-03-01T02:14:00.000Z {self.actor}#1@local r1 info | line {self.lines} {'x' * 40}\n"
            current = self.logs / "1.log"
            if current.exists() and current.stat().st_size + len(line) > FULL:
                self.aside += 1
                current.rename(self.logs / f"1.{self.aside}.log")
                (self.logs / f"1.{self.aside - FILES + 1}.log").unlink(missing_ok=True)
            with open(current, "a") as log:
                log.write(line)

    def end(self):
        self.lock.close()


class Rotation(wisp_test.TestCase):
    def test_following_survives_it_and_loses_no_line(self):
        driver = Driver(self.wisp)
        driver.write(3)
        logs = self.wisp.start("logs", "-f", "--no-prefix")
        while driver.lines < 1000:
            logs.wait_for(f"^line {driver.lines} x")
            driver.write(37)  # up to three files at once
        logs.wait_for(f"^line {driver.lines} x")
        driver.end()
        done = logs.wait(10)
        self.assertEqual([line.split()[1] for line in done.stdout.splitlines()],
                         [str(i + 1) for i in range(driver.lines)])

    def test_lines_are_stored_as_the_job_file_says(self):
        self.wisp.write("job.yaml", job_files.ENDLESS.replace("1000000000", "5") + "logs: { format: json }\n")
        done = self.wisp.run("run", "job.yaml")
        self.assertEqual(done.status, 0, done)
        for line in (self.wisp.job_folder() / "logs/worker-0/1.log").read_text().splitlines():
            self.assertEqual(set(json.loads(line)), {"time", "actor", "attempt", "host", "round", "level", "text"})
        text = self.wisp.run("logs", "worker-0").stdout
        self.assertRegex(text, r"(?m)^\S+Z worker-0#1@local (r0 )?info \| ")


class Job(wisp_test.TestCase):
    def start(self, text=job_files.ENDLESS, *args):
        self.wisp.write("endless.yaml", text)
        running = self.wisp.start("run", "endless.yaml", *args)
        running.wait_for("^round 0 ")
        return running

    def state(self):
        return json.loads((self.wisp.job_folder() / "state.json").read_text())

    def assert_nothing_left(self):
        self.assertEqual(self.wisp.wait_gone(1), {})
        self.assertEqual(list(self.wisp.runtime.iterdir()), [], "runtime folder or sockets")


class Kill(Job):
    def test_a_killed_worker_is_the_root_cause(self):
        running = self.start()
        killed = self.wisp.run("kill", "worker-1")
        self.assertEqual(killed.status, 0, killed)
        self.assertRegex(killed.stderr,
                         r"(?m)^worker-1@local has ended: killed by signal 15 \(Terminated\), as wisp kill had asked$")
        done = running.wait(10)
        self.assertEqual(done.status, 1, done)
        self.assertRegex(done.stderr, r"first to fail: worker-1#1@local in round \d+\n"
                                      r"  cause: killed by signal 15 \(Terminated\), as wisp kill had asked\n")
        self.assertIn("asked to end", (self.wisp.job_folder() / "events.jsonl").read_text())
        self.assertEqual(self.wisp.run("kill", "worker-1").status, 6, "the job has ended")
        self.assert_nothing_left()

    def test_whose_successors_are_there_at_once(self):
        running = self.start(job_files.ENDLESS.replace("restart: never", "restart: { max: 100 }"))
        killed = self.wisp.run("kill", "worker-0", "worker-1", "master", "--json")
        self.assertEqual(killed.status, 0, killed)
        ended = json.loads(killed.stdout)
        self.assertEqual({each["actor"]: each["cause"] for each in ended},
                         dict.fromkeys(["master", "worker-0", "worker-1"],
                                       "killed by signal 15 (Terminated), as wisp kill had asked"))
        self.assertEqual({each["pid"] for each in ended} & set(self.wisp.alive()), set())
        running.send(signal.SIGINT)
        self.assertEqual(running.wait(12).status, 130)
        self.assert_nothing_left()

    def test_who_does_not_heed_TERM_gets_KILL(self):
        running = self.start(job_files.ENDLESS + "timeouts: { shutdown_grace: 1s }\n")
        pid = next(each["pid"] for each in self.state()["actors"] if each["name"] == "worker-2")
        os.kill(pid, signal.SIGSTOP)  # a stopped process takes no TERM
        killed = self.wisp.run("kill", "worker-2", "--json")
        self.assertEqual(killed.status, 0, killed)
        self.assertEqual([(each["actor"], each["pid"]) for each in json.loads(killed.stdout)], [("worker-2", pid)])
        done = running.wait(10)
        self.assertRegex(done.stderr, r"cause: killed by signal 9 \(Killed\), as wisp kill had asked")
        self.assert_nothing_left()

    def test_a_thread_ends_with_its_process_or_not_at_all(self):
        running = self.start(IN_THREADS)
        refused = self.wisp.run("kill", "worker-1")
        self.assertEqual(refused.status, 2, refused)
        self.assertIn("worker-1 is a thread of process guests-1, which would end with all its actors; name them all: "
                      "master worker-0 worker-1 worker-2", refused.stderr)
        self.assertEqual(self.wisp.run("kill", "master", "worker-0", "worker-1", "worker-2").status, 0)
        self.assertEqual(running.wait(10).status, 1)
        self.assert_nothing_left()


class Status(Job):
    def test_while_it_runs_and_when_it_has_ended(self):
        running = self.start()
        watching = self.wisp.start("status", "-w")
        watching.wait_for(r"^actors +4 running$")
        seen = self.wisp.run("status", "--json").json()
        self.assertEqual((seen["status"], seen["running"], seen["actors"]), ("running", True, {"running": 4}))
        self.assertEqual((seen["method"], seen["hosts"][0]["name"]), ("gd", "local"))
        self.assertEqual(seen["run"]["uplink_bytes"], seen["run"]["dense_uplink_bytes"])
        os.kill(next(each["pid"] for each in self.state()["actors"] if each["name"] == "worker-2"), signal.SIGKILL)
        running.wait(10)
        self.assertEqual(watching.wait(10).status, 0)
        text = self.wisp.run("status").stdout
        self.assertRegex(text, r"(?m)^status +failed: killed by signal 9 \(Killed\)$")
        self.assertRegex(text, r"(?m)^actors +3 exited, 1 failed$")
        self.assertRegex(text, r"(?m)^last event +\S+Z exited \S+@local: ")
        self.assertRegex(text, r"(?m)^uplink +\S+ [KMG]?i?B$")
        self.assertEqual(self.wisp.run("ps", "-w").stdout.count("NAME"), 1)


class OtherLoginNode(Job):
    """With the same home: this machine by another name."""

    def setUp(self):
        super().setUp()
        probe = subprocess.run(["unshare", "--uts", "true"], stderr=subprocess.PIPE, text=True)
        if probe.returncode:
            self.skipTest(f"this user can't have another hostname: {probe.stderr.strip()}")

    def there(self, *args):
        return self.wisp.run("--uts", "sh", "-c", 'hostname login2 && exec "$@"', "sh", self.wisp.binary, *args,
                             binary="/usr/bin/unshare")

    def test_looks_at_everything_and_says_from_where_to_end_it(self):
        running = self.start()
        here = os.uname().nodename
        self.assertEqual(len(json.loads(self.there("ps", "--json").stdout)["actors"]), 4)
        self.assertIn(f" on {here})", self.there("ps").stderr)
        self.assertIn("worker-1#1@local", self.there("logs", "worker-1").stdout)
        self.assertEqual(self.there("inspect", "worker-1").status, 0)
        self.assertIn("4 running", self.there("status").stdout)
        for command in (["down"], ["kill", "worker-1"]):
            refused = self.there(*command)
            self.assertEqual(refused.status, 6, refused)
            words = shlex.split(refused.stderr.partition("; or from here: ")[2])
            self.assertEqual(words[:2], ["ssh", here], refused)
            self.assertEqual(shlex.split(words[2])[1:len(command) + 1], command)
        self.assertEqual(subprocess.run(["sh", "-c", shlex.split(self.there("down").stderr)[-1]]).returncode, 0)
        self.assertEqual(running.wait(12).status, 143)
        self.assert_nothing_left()


if __name__ == "__main__":
    wisp_test.main()
