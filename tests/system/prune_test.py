"""What `wisp prune` removes, and above all what it leaves alone."""
import json
import os
import signal

import crash_test


class Prune(crash_test.Crash):
    def prune(self, *args):
        done = self.wisp.run("prune", "--json", *args)
        self.assertEqual(done.status, 0, done)
        report = done.json()
        return {each["kind"] for each in report["removed"]}, self.ours(report["agents"]), done.stderr

    def ours(self, agents):
        """Of the agents that it saw those of this test: others may run beside it."""
        return [each for each in agents if each["pid"] in self.wisp.alive()]

    def test_a_running_job_loses_nothing(self):
        running = self.start()
        self.assertEqual(self.prune("--all")[:2], (set(), []))
        state = self.wisp.state
        self.assertEqual(self.prune("--all", "--state-dir", self.wisp.folder / "elsewhere")[0], set())
        self.assertTrue(list(self.wisp.runtime.iterdir()) and list(state.iterdir()))
        running.send(signal.SIGINT)
        self.assertEqual(running.wait(12).status, 130)
        self.assert_nothing_left(1)
        self.assertEqual(self.prune()[0], set(), "it has only just ended")
        self.assertEqual(self.prune("--all", "--dry-run")[0], {"job folder"})
        self.assertEqual(self.prune("--all")[0], {"job folder"})
        self.assertEqual(self.wisp.jobs(), [])

    def test_sockets_that_a_killed_driver_and_agent_left_behind(self):
        running = self.start()
        (agent,) = self.agents()
        os.kill(agent, signal.SIGSTOP)  # or it would remove them
        running.send(signal.SIGKILL)
        running.wait(5)
        job = self.wisp.job_folder().name
        _, agents, said = self.prune()
        self.assertEqual(agents, [{"pid": agent, "job": job, "stopped": True}])
        self.assertIn(f"agent {agent}, of {job}, has lost its driver; it is stopped, and can't end by itself: "
                      f"kill -9 {agent}", said)
        self.assertIn(agent, self.wisp.alive(), "it is told of, not ended")
        os.kill(agent, signal.SIGKILL)
        self.assertEqual(self.wisp.wait_gone(15), {})
        self.assertTrue(list(self.wisp.runtime.iterdir()), "nobody was left to remove them")
        self.assertEqual(self.prune("--dry-run")[0], {"sockets"})
        self.assertEqual(self.prune()[0], {"sockets"})
        self.assert_nothing_left(1)
        self.assertEqual([each.name for each in self.wisp.jobs()], [job], "its folder is new")

    def test_as_a_table(self):
        folder = self.wisp.state / "wisp/jobs/old-12ab34cd"
        self.wisp.write(folder / "driver.lock", "here 1\n")
        self.wisp.write(folder / "state.json", json.dumps(
            {"job": "old", "id": "12ab34cd", "status": "failed", "started": "2026-03-01T02:13:00Z", "actors": []}))
        os.utime(folder / "state.json", (0, 0))
        self.wisp.write(self.wisp.state / "wisp/jobs/notes/text", "not of wisp")
        done = self.wisp.run("prune")
        self.assertRegex(done.stdout, r"(?m)\AREMOVED +JOB +WHY +PATH\njob folder +old-12ab34cd +failed, \S+ ago +/")
        self.assertIn("of jobs that ended 30 days ago or earlier", done.stderr)
        self.assertEqual([each.name for each in self.wisp.jobs()], ["notes"])
        self.assertIn("there is nothing to remove", self.wisp.run("prune", "--all").stderr)


if __name__ == "__main__":
    crash_test.wisp_test.main()
