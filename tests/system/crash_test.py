"""What is left when something dies: of a job whose worker, master, agent or driver is killed, or which is told to stop.

WISP_SOAK=<n>: how many starts and stops in a row (of each of four kinds; `tools/soak.sh starts` does 50).
"""
import json
import os
import random
import signal
import time

import job_files
import wisp_test

SOAK = int(os.environ.get("WISP_SOAK", "3"))


class Crash(wisp_test.TestCase):
    def start(self, text=job_files.ENDLESS, *args, until="^round 0 "):
        self.wisp.write("endless.yaml", text)
        running = self.wisp.start("run", "endless.yaml", *args)
        running.wait_for(until)
        return running

    def pid_of(self, actor):
        """From the driver's own record, which may come after the first round's line."""
        end = time.monotonic() + 5
        while True:
            state = json.loads((self.wisp.job_folder() / "state.json").read_text())
            pids = {each["name"]: each["pid"] for each in state["actors"]}
            if actor in pids or time.monotonic() > end:
                return pids[actor]
            time.sleep(0.01)

    def agents(self):
        return [pid for pid, command in self.wisp.alive().items() if command.endswith("wisp agent")]

    def nodes(self):
        return [pid for pid, command in self.wisp.alive().items() if command.endswith("wisp node")]

    def assert_nothing_left(self, seconds):
        self.assertEqual(self.wisp.wait_gone(seconds), {})
        self.assertEqual(list(self.wisp.runtime.iterdir()), [], "runtime folder or sockets")


class Kill(Crash):
    def check_actor(self, name):
        running = self.start()
        os.kill(self.pid_of(name), signal.SIGKILL)
        done = running.wait(5)
        self.assertEqual(done.status, 1, done)
        job = self.wisp.job_folder().name
        report = done.stderr[done.stderr.index("error: job"):]
        log = self.wisp.job_folder() / f"logs/{name}/1.log"
        self.assertRegex(report, rf"\Aerror: job {job} failed\n"
                                 rf"  first to fail: {name}#1@local in round \d+\n"
                                 r"  cause: killed by signal 9 \(Killed\)\n"
                                 rf"  last lines of {log}:\n")
        self.assertIn(log.read_text().splitlines()[-1], report)
        self.assertEqual(report.splitlines()[-1], f"  next: wisp logs -j {job} {name}")
        result = self.wisp.result()
        self.assertEqual((result["status"], result["reason"]), ("failed", "killed by signal 9 (Killed)"))
        rows = json.loads(self.wisp.run("ps", "--json").stdout)["actors"]
        self.assertEqual({each["name"] for each in rows if each["state"] == "failed"}, {name})
        self.assertEqual(self.wisp.run("logs", name).status, 0)
        self.assert_nothing_left(1)

    def test_worker(self):
        self.check_actor("worker-1")

    def test_master(self):
        self.check_actor("master")

    def test_thread_that_shares_a_process_takes_the_job_along(self):
        running = self.start(job_files.ENDLESS, "--set", "actors.worker.isolation=thread")
        os.kill(self.nodes()[-1], signal.SIGKILL)
        done = running.wait(5)
        self.assertEqual(done.status, 1, done)
        self.assertRegex(done.stderr, r"first to fail: (worker-\d|master)#1@local")
        self.assert_nothing_left(1)

    def test_agent(self):
        running = self.start()
        os.kill(self.agents()[0], signal.SIGKILL)
        done = running.wait(5)
        self.assertEqual(done.status, 4, done)
        self.assertRegex(done.stderr, r"cause: host local was lost: local: the agent ended \(signal 9 \(Killed\)\)")
        self.assert_nothing_left(5)

    def test_driver(self):
        running = self.start()
        self.assertEqual(len(self.nodes()), 4)
        running.send(signal.SIGKILL)
        running.wait(5)
        self.assert_nothing_left(15)
        ps = self.wisp.run("ps")
        self.assertIn("the driver is gone without a word", ps.stderr)
        self.assertEqual(self.wisp.run("down").status, 0)
        self.assertEqual(self.wisp.run("wait").status, 1)

    def test_down_waits_for_the_end_of_what_a_killed_driver_has_left(self):
        running = self.start()
        for node in self.nodes():
            os.kill(node, signal.SIGSTOP)  # then its agent has to end it
        running.send(signal.SIGKILL)
        running.wait(5)
        done = self.wisp.run("down")
        self.assertEqual(done.status, 0, done)
        self.assert_nothing_left(0.5)

    def test_a_stopped_agent_of_a_killed_driver_is_named(self):
        running = self.start()
        agent = self.agents()[0]
        os.kill(agent, signal.SIGSTOP)
        running.send(signal.SIGKILL)
        running.wait(5)
        down = self.wisp.run("down")
        self.assertEqual(down.status, 5, down)
        self.assertIn(f"wisp: process {agent} on this machine, an agent of the job, has not ended, for it is stopped: "
                      f"kill -9 {agent}\n", down.stderr)
        os.kill(agent, signal.SIGKILL)
        self.assertEqual(self.wisp.run("down").status, 0)
        self.assert_nothing_left(1)

    def test_driver_and_agent_at_once(self):
        running = self.start()
        agent = self.agents()[0]
        running.send(signal.SIGKILL)
        os.kill(agent, signal.SIGKILL)
        self.assertEqual(self.wisp.wait_gone(15), {})

    def test_driver_at_any_moment_of_the_start(self):
        self.wisp.write("endless.yaml", job_files.ENDLESS)
        for line in ["^job ", "^round 0 "]:
            for _ in range(3):
                running = self.wisp.start("run", "endless.yaml")
                running.wait_for(line)
                running.send(signal.SIGKILL)
                running.wait(5)
        self.assert_nothing_left(15)

    def test_a_failure_that_comes_with_ctrl_c_is_not_hidden(self):
        running = self.start()
        os.kill(self.pid_of("worker-0"), signal.SIGKILL)
        running.send(signal.SIGINT)
        done = running.wait(5)
        self.assertEqual((done.status, self.wisp.result()["status"]), (1, "failed"), done)
        self.assertRegex(done.stderr, "first to fail: worker-0#1@local")


class Silence(Crash):
    """A worker that is there, and does not run."""

    def stop_worker(self, running):
        pid = self.pid_of("worker-1")
        os.kill(pid, signal.SIGSTOP)
        begin = time.monotonic()
        running.wait_for("^worker-1@local sends no heartbeats; after 10 s it is taken for dead$")
        self.assertGreater(time.monotonic() - begin, 2)
        self.assertLess(time.monotonic() - begin, 6)
        return pid, begin

    def test_fails_the_job(self):
        running = self.start()
        _, begin = self.stop_worker(running)
        running.wait_for(r"^waiting for round \d+: no progress since round \d+ \(\d+ s\)$")
        done = running.wait(20)
        self.assertGreater(time.monotonic() - begin, 9)
        self.assertLess(time.monotonic() - begin, 15)
        self.assertEqual(done.status, 1, done)
        self.assertRegex(done.stderr, r"error: job \S+ failed\n"
                                      r"  first to fail: worker-1#1@local in round \d+\n"
                                      r"  cause: no heartbeats for 10s\n")
        self.assertEqual(self.wisp.result()["reason"], "no heartbeats for 10s")
        self.assert_nothing_left(1)

    def test_that_ends_in_time_does_not(self):
        text = job_files.ENDLESS.replace("1000000000", "20000")
        self.wisp.write("undisturbed.yaml", text)
        self.assertEqual(self.wisp.run("run", "undisturbed.yaml", timeout=60).status, 0)
        expected = (self.wisp.job_folder() / "model.npy").read_bytes()
        running = self.start(text)
        pid, begin = self.stop_worker(running)
        time.sleep(max(0, begin + 5 - time.monotonic()))  # how long it is silent is what this tests
        os.kill(pid, signal.SIGCONT)
        running.wait_for("^worker-1@local sends heartbeats again$")
        done = running.wait(60)
        self.assertEqual(done.status, 0, done)
        self.assertEqual((self.wisp.job_folder() / "model.npy").read_bytes(), expected)
        self.assert_nothing_left(1)


class Stop(Crash):
    def check_graceful(self, signo, status):
        running = self.start()
        running.send(signo)
        done = running.wait(12)
        self.assertEqual(done.status, status, done)
        self.assertEqual(self.wisp.result()["status"], "cancelled")
        self.assertGreater(self.wisp.result()["rounds"], 0)
        self.assert_nothing_left(1)
        rows = json.loads(self.wisp.run("ps", "--json").stdout)
        self.assertEqual(rows["status"], "cancelled")

    def test_ctrl_c_once(self):
        self.check_graceful(signal.SIGINT, 130)

    def test_terminate(self):
        self.check_graceful(signal.SIGTERM, 143)

    def test_ctrl_c_of_a_terminal_reaches_the_driver_alone(self):
        running = self.start()
        for pid in self.nodes() + self.agents():
            self.assertNotEqual(os.getpgid(pid), os.getpgid(running.pid))

    def test_ctrl_c_twice(self):
        running = self.start()
        stopped = self.pid_of("worker-1")
        os.kill(stopped, signal.SIGSTOP)  # or once would be enough
        running.send(signal.SIGINT)
        running.wait_for("Ctrl-C again")
        self.assertIsNone(running.process.poll())
        again = time.monotonic()
        running.send(signal.SIGINT)
        done = running.wait(5)
        self.assertLess(time.monotonic() - again, 2)
        self.assertEqual(done.status, 130, done)
        self.assertEqual(self.wisp.result()["status"], "cancelled")
        self.assert_nothing_left(0.1)

    def test_worker_that_does_not_answer_when_ctrl_c_comes(self):
        running = self.start()
        os.kill(self.pid_of("worker-1"), signal.SIGSTOP)
        running.send(signal.SIGINT)
        done = running.wait(12)
        self.assertEqual(done.status, 130, done)
        self.assertEqual(self.wisp.result()["status"], "cancelled")
        self.assert_nothing_left(0.1)

    def check_during_start(self, text, count, until):
        self.wisp.write("slow.yaml", text)
        running = self.wisp.start("run", "slow.yaml")
        running.wait_for(until)
        sent = time.monotonic()
        for _ in range(count):
            running.send(signal.SIGINT)
            running.wait_for("stopping")
        done = running.wait(5)
        self.assertLess(time.monotonic() - sent, 5 if count == 1 else 2)
        self.assertEqual(done.status, 130, done)
        self.assertEqual(self.wisp.result()["status"], "cancelled")
        self.assert_nothing_left(0.1)

    def test_during_a_big_read(self):
        job_files.big_file(self.wisp.folder / "big.libsvm")
        text = job_files.FROM_FILE.replace("rows.libsvm", "big.libsvm").replace("dim: 20", "dim: 60")
        for count in [1, 2]:
            self.check_during_start(text, count, "^job ")

    def test_while_the_optimum_is_sought(self):
        text = job_files.ENDLESS.replace("rows: 400, dim: 50 }", "rows: 40000, dim: 3000 }, optimum: solve")
        hard = "l2: 1e-12, regulariser: { kind: l1, weight: 1e-9 }"  # takes the solver minutes
        text = text.replace("l2: 1e-3", hard)
        for count in [1, 2]:
            self.check_during_start(text, count, "^solving for the optimum")

    def test_while_hosts_are_started(self):
        self.wisp.write("never", "#!/bin/sh\nexec sleep 67\n").chmod(0o700)
        text = job_files.ENDLESS + "hosts: { nowhere: { slots: 4 } }\nssh: { program: [ ./never ] }\n"
        for count in [1, 2]:
            self.check_during_start(text, count, "^waiting for nowhere: ssh connecting")


class Soak(Crash):
    def test_starts_and_stops_in_a_row(self):
        """Killed, stopped once, stopped twice, at a moment that is different each time, or left to end."""
        self.wisp.write("endless.yaml", job_files.ENDLESS)
        self.wisp.write("short.yaml", job_files.ENDLESS.replace("1000000000", "20"))
        begin, slowest = time.monotonic(), 0
        moments = random.Random(int(os.environ.get("WISP_SEED", "1")))
        for _ in range(SOAK):
            self.assertEqual(self.wisp.run("run", "short.yaml").status, 0)
            for signals in [[signal.SIGKILL], [signal.SIGINT], [signal.SIGINT, signal.SIGINT]]:
                running = self.wisp.start("run", "endless.yaml")
                running.wait_for("^job ")
                try:
                    running.process.wait(moments.uniform(0, 0.5))  # does not end, but the moment passes
                except wisp_test.subprocess.TimeoutExpired:
                    pass
                sent = time.monotonic()
                for each in signals:
                    running.send(each)
                running.wait(15)
                slowest = max(slowest, time.monotonic() - sent)
        self.assert_nothing_left(15)
        self.assertEqual(len(self.wisp.jobs()), 4 * SOAK)
        print(f"{4 * SOAK} starts in {time.monotonic() - begin:.0f} s, slowest end {slowest:.1f} s, nothing left")


if __name__ == "__main__":
    wisp_test.main()
