"""The logs of jobs on hosts reached by ssh, and jobs that are started in an ssh session that ends."""
import os
import shlex
import signal
import time

import job_files
import ssh_test
import wisp_test


class Copies(ssh_test.OnHosts):
    """What a host keeps of its logs until the driver has them."""

    def copies(self):
        return sorted((self.workdir / "logs").glob("*/*/*/*.log"))

    def folder_of(self, copy):
        """Where the driver has the same log."""
        return self.wisp.job_folder() / "logs" / copy.parent.name / copy.name

    def test_copies_go_when_the_job_has_ended(self):
        running = self.start()
        hosts = lambda: {path.parent.parent.name for path in self.copies()}
        end = time.monotonic() + 10
        while hosts() != {"n1", "n2"} and time.monotonic() < end:
            time.sleep(0.05)
        self.assertEqual(hosts(), {"n1", "n2"})
        for path in self.copies():
            self.assertEqual(path.stat().st_mode & 0o077, 0)
        running.send(signal.SIGINT)
        self.assertEqual(running.wait(12).status, 130)
        self.assertFalse((self.workdir / "logs").exists())

    def text_of(self, path):
        return path.read_text() if path.exists() else ""

    def lose_driver(self):
        """A driver that has taken some lines, takes none any more, and is then gone. What the hosts have, by path."""
        running = self.start()
        end = time.monotonic() + 10
        while not any(self.text_of(self.folder_of(path)) for path in self.copies()) and time.monotonic() < end:
            time.sleep(0.05)
        running.send(signal.SIGSTOP)
        behind = lambda: [path for path in self.copies() if path.read_text() != self.text_of(self.folder_of(path))]
        end = time.monotonic() + 20
        while len(behind()) < 3 and time.monotonic() < end:
            time.sleep(0.05)
        running.send(signal.SIGKILL)
        running.wait(5)
        self.assertEqual(self.wisp.wait_gone(15), {})
        kept = {path: path.read_text() for path in self.copies()}
        self.assertGreaterEqual(len([path for path in kept if kept[path] != self.text_of(self.folder_of(path))]), 3)
        return kept

    def check_collected(self, kept):
        for path, text in kept.items():
            self.assertEqual(self.folder_of(path).read_text(), text, path)
        self.assertFalse((self.workdir / "logs").exists())

    def test_logs_fetches_what_a_driver_did_not_take(self):
        kept = self.lose_driver()
        logs = self.wisp.run("logs", "worker-1", "--no-prefix", timeout=60)
        self.assertEqual(logs.status, 0, logs)
        self.assertRegex(logs.stderr, r"(?m)^\d+ lines that n2 had kept were collected$")
        last = [text for path, text in kept.items() if path.parent.name == "worker-1"][0].splitlines()[-1]
        self.assertEqual(logs.stdout.splitlines()[-1], last.partition(" | ")[2])
        self.check_collected(kept)
        again = self.wisp.run("logs")
        self.assertEqual((again.status, again.stderr), (0, ""), again)
        self.assertIn("logs collected", (self.wisp.job_folder() / "events.jsonl").read_text())

    def test_down_asks_every_host_of_a_job_whose_driver_is_gone(self):
        kept = self.lose_driver()
        down = self.wisp.run("down", timeout=60)
        self.assertEqual(down.status, 0, down)
        self.assertIn("the driver is gone without a word", down.stderr)
        self.check_collected(kept)
        self.assertEqual(list(self.wisp.runtime.iterdir()), [])

    def test_a_host_that_can_not_be_asked_is_a_warning_and_is_asked_again(self):
        kept = self.lose_driver()
        job = (self.wisp.job_folder() / "job.yaml")
        text = job.read_text()
        job.write_text(text.replace(self.sshd.ssh_config, "/no/such/config"))
        logs = self.wisp.run("logs", "-n", "1", timeout=60)
        self.assertEqual(logs.status, 0, logs)
        self.assertEqual(len(logs.stderr.split("the last lines of ")), 3, logs)
        self.assertTrue(logs.stdout)
        down = self.wisp.run("down", timeout=60)
        self.assertEqual(down.status, 5, down)
        self.assertRegex(down.stderr, r"could not be verified on every host; again: wisp down -j endless-")
        job.write_text(text)
        self.assertEqual(self.wisp.run("down", timeout=60).status, 0)
        self.check_collected(kept)

    def test_prune_removes_what_the_hosts_of_a_job_have_kept(self):
        self.lose_driver()
        self.assertEqual(self.wisp.run("prune", "--all", "--dry-run").status, 0)
        self.assertTrue(self.copies())
        done = self.wisp.run("prune", "--all", timeout=60)
        self.assertEqual((done.status, self.copies()), (0, []), done)
        self.assertEqual((self.copies(), self.wisp.jobs()), ([], []))
        self.assertFalse((self.workdir / "logs").exists())

    def test_down_waits_for_an_agent_that_is_still_there(self):
        running = self.start()
        (agent, _) = [pid for pid, command in self.remote().items() if command.endswith(" agent")]
        os.kill(agent, signal.SIGSTOP)
        running.send(signal.SIGKILL)
        running.wait(5)
        down = self.wisp.start("down")
        down.wait_for(rf"^waiting for n\d: agent {agent} of the job to end")
        os.kill(agent, signal.SIGCONT)
        done = down.wait(30)
        self.assertEqual(done.status, 0, done)
        self.assertEqual(self.wisp.wait_gone(1), {})


class Kill(ssh_test.OnHosts):
    def test_an_actor_on_another_host(self):
        running = self.start()
        self.assertRegex(self.wisp.run("status").stdout, rf"(?m)^n2 +{self.sshd.addresses[1]} +3 running$")
        killed = self.wisp.run("kill", "worker-1")
        self.assertRegex(killed.stderr, r"(?m)^worker-1@n2 has ended: killed by signal 15 \(Terminated\), as wisp kill")
        done = running.wait(12)
        self.assertRegex(done.stderr, r"first to fail: worker-1#1@n2 in round \d+\n  cause: killed by signal 15")
        self.assertEqual(self.wisp.wait_gone(1), {})
        self.assertEqual(list(self.wisp.runtime.iterdir()), [])


class Detached(ssh_test.OnHosts):
    """`run -d` in an ssh session on one of the hosts, whose end it outlives."""

    def on_n1(self, *args):
        """In a session of its own, as a person who logs in has it."""
        env = ["env", *(f"{name}={self.wisp.env()[name]}" for name in ("XDG_STATE_HOME", "WISP_RUNTIME_DIR"))]
        remote = shlex.join([*env, self.wisp.binary, *map(str, args)])
        return ["-F", self.sshd.ssh_config, "-o", "BatchMode=yes", "n1", remote]

    def login(self, *args):
        return self.wisp.run(*self.on_n1(*args), binary="/usr/bin/ssh", timeout=30)

    def test_logs_out_and_in_again(self):
        file = self.wisp.write("endless.yaml", job_files.ENDLESS)
        started = self.login("run", "-d", file)
        self.assertEqual(started.status, 0, started)
        job = started.stdout.strip()
        ps = self.login("ps", "--json")
        self.assertEqual({each["state"] for each in ps.json()["actors"]}, {"running"}, ps)
        following = self.wisp.start(*self.on_n1("logs", "-f", "worker-1"), binary="/usr/bin/ssh")
        following.wait_for(r"worker-1#1@local .*\| ")
        down = self.login("down", "-j", job)
        self.assertEqual(down.status, 0, down)
        self.assertIn(f"{job} is down: cancelled", down.stderr)
        self.assertEqual(following.wait(10).status, 0)
        self.assertEqual(self.wisp.wait_gone(1), {})


if __name__ == "__main__":
    wisp_test.main()
