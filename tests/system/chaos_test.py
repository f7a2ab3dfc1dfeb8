"""`chaos` of a job file, on real processes: what it does, and that a job ends with the bits of an undisturbed one."""
import json

import wisp_test

JOB = """
version: 1
name: chaos
problem: { kind: logistic, l2: 1e-3, data: { format: synthetic, rows: 4000, dim: 200 } }
method: { kind: gd, step_size: paper }
actors:
  master: { restart: { max: 20, backoff: 10ms } }
  worker: { replicas: 4, restart: { max: 20, backoff: 10ms } }
stop: { rounds: 200 }
checkpoint: { every: 20 rounds }
network: { transport: ipc }
"""

# Rounds of so little take no time: with this they take some, so that there is a run to disturb.
SLOW_FRAMES = '{ at: 1ms, delay: "worker-*", for: 1h, by: 5ms }'


class Chaos(wisp_test.TestCase):
    def hash_of(self, *chaos, job=JOB):
        text = job + ("chaos:\n" + "".join(f"- {each}\n" for each in chaos) if chaos else "")
        self.wisp.write("job.yaml", text)
        done = self.wisp.run("run", "job.yaml", timeout=120)
        self.assertEqual(done.status, 0, done)
        return self.wisp.result()["iterate_hash"], done

    def events(self):
        lines = (self.wisp.job_folder() / "events.jsonl").read_text().splitlines()
        return [json.loads(line) for line in lines]

    def test_kills_of_workers_and_master_change_no_bit(self):
        expected, _ = self.hash_of()
        found, done = self.hash_of(SLOW_FRAMES, "{ at: 300ms, kill: worker-2 }", "{ at: 600ms, kill: master }",
                                   '{ every: 500ms, kill: "worker-*", until: 2s }')
        self.assertEqual(found, expected)
        self.assertIn("chaos: kill worker-2@local", done.stderr)
        events = self.events()
        told = [each["cause"] for each in events if each["event"] == "chaos"]
        self.assertIn("kill worker-2@local", told)
        kills = [each for each in told if each.startswith("kill ")]
        self.assertGreaterEqual(len(kills), 2, told)
        causes = {each["cause"] for each in events if each["event"] == "exited" and "signal" in each["cause"]}
        self.assertEqual(causes, {"killed by signal 9 (Killed), as chaos had asked"})
        self.assertIn("restarted", {each["event"] for each in events})

    def test_all_that_is_no_end_changes_no_bit(self):
        expected, _ = self.hash_of()
        found, _ = self.hash_of(
            "{ at: 100ms, stop: worker-1, for: 300ms }", "{ at: 50ms, slow: worker-0, for: 2s, factor: 4 }",
            '{ at: 1ms, drop: "worker-*", for: 2s, rate: 0.05 }', SLOW_FRAMES,
            "{ at: 200ms, partition: worker-3, for: 500ms }")
        self.assertEqual(found, expected)
        told = {each["cause"].split()[0] for each in self.events() if each["event"] == "chaos"}
        self.assertEqual(told, {"delay", "drop", "stop", "slow", "partition"})
        self.assertEqual([each for each in self.events() if each["event"] in ("restarted", "dead")], [])

    def test_what_is_killed_too_often_ends_the_job(self):
        job = JOB.replace("rounds: 200", "rounds: 1000000000").replace("max: 20", "max: 1")
        self.wisp.write("job.yaml", job + 'chaos: [ { every: 500ms, kill: worker-1 } ]\n')
        done = self.wisp.run("run", "job.yaml", timeout=60)
        self.assertEqual(done.status, 1, done)
        self.assertIn("as chaos had asked; it was restarted once within 1m (actors.worker.restart)", done.stderr)

    def test_what_stands_still_does_not_hold_up_the_end(self):
        job = JOB.replace("rounds: 200", "rounds: 1000000000")
        self.wisp.write("job.yaml", job + "chaos: [ { at: 10ms, stop: worker-1, for: 9s } ]\n")
        running = self.wisp.start("run", "job.yaml")
        running.wait_for("^chaos: stop worker-1@local for 9s")
        running.send(2)
        done = running.wait(8)
        self.assertEqual((done.status, self.wisp.result()["status"]), (130, "cancelled"), done)


if __name__ == "__main__":
    wisp_test.main()
