"""A job file with a sweep: one job a point, resumed where it was left, with a table at the end."""
import json
import signal
from pathlib import Path

import wisp_test

JOB = """version: 1
name: swept
problem: {{ kind: quadratic, data: {{ format: synthetic, dim: 20 }}, init: ones, optimum: 0 }}
method: {{ kind: ibcd, step_size: paper, sparsifier: {{ kind: random-blocks, density: 1/n, blocks: 20 }} }}
actors: {{ worker: {{ replicas: 4, isolation: thread }} }}
stop: {{ {stop} }}
sweep: {{ method.sparsifier.density: [ 1, 0.25 ], seed: [ 1, 2 ] }}
"""


class Sweep(wisp_test.TestCase):
    def job(self, stop="gap: 1e-6, rounds: 2000"):
        return self.wisp.write("job.yaml", JOB.format(stop=stop))

    def points(self):
        path = self.wisp.state / "wisp/sweeps/swept/points.jsonl"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []

    def test_each_point_is_a_job_of_its_own_and_runs_once(self):
        done = self.wisp.run("run", self.job(), timeout=60)
        self.assertEqual(done.status, 0, done)
        self.assertRegex(done.stdout, r"(?m)^method.sparsifier.density +STATUS +ROUNDS +LOSS +GAP +UPLINK +TOTAL +SE")
        self.assertRegex(done.stdout, r"(?m)^0.25 +2 converged +\d+ ")
        self.assertIn("[4/4] method.sparsifier.density=0.25 seed=2", done.stderr)
        self.assertEqual(len(self.wisp.jobs()), 4)
        self.assertEqual([p["settings"] for p in self.points()],
                         [f"method.sparsifier.density={d} seed={s}" for d in ("1", "0.25") for s in (1, 2)])
        for point in self.points():
            result = json.loads((Path(point["folder"]) / "result.json").read_text())
            self.assertEqual(result, point["result"])
            self.assertEqual(result["status"], "converged")
        single = self.wisp.run("run", self.job(), "--set", "sweep=", "--set", "seed=2",
                               "--set", "method.sparsifier.density=0.25", "--json", timeout=60).json()
        self.assertEqual(single["iterate_hash"], self.points()[3]["result"]["iterate_hash"])
        again = self.wisp.run("run", self.job(), "--json", "--set", "sweep.seed=[ 1, 2, 3 ]", timeout=60)
        self.assertEqual(len(again.json()["points"]), 6)
        self.assertIn("4 of 6 have ended before", again.stderr)
        self.assertEqual(len(self.wisp.jobs()), 4 + 1 + 2)

    def test_ctrl_c_ends_the_point_and_keeps_what_is_done(self):
        job = self.job("rounds: 100000000")
        first = self.wisp.run("run", job, "--set", "stop.rounds=20", "--set", "sweep.seed=[ 1 ]", timeout=60)
        self.assertEqual(first.status, 0, first)
        running = self.wisp.start("run", job)
        running.wait_for(r"\[1/4\]")
        running.wait_for(r"(?m)^.*round \d+")
        running.send(signal.SIGINT)
        done = running.wait(60)
        self.assertEqual(done.status, 130, done)
        self.assertEqual(done.stdout.count("2 not run"), 2, done)
        self.assertIn("0 of 4 jobs have ended; the same command goes on with the others", done.stderr)
        self.assertEqual(self.wisp.result()["status"], "cancelled")
        self.assertEqual(len(self.points()), 2, "those of the first sweep")

    def test_plan_and_config_show_the_points(self):
        job = self.job()
        plan = self.wisp.run("plan", job)
        self.assertEqual(plan.status, 0, plan)
        self.assertIn("4 jobs, one after another:\n   1  method.sparsifier.density=1 seed=1\n", plan.stdout)
        self.assertEqual(len(self.wisp.run("plan", job, "--json").json()["points"]), 4)
        config = self.wisp.run("config", job)
        self.assertIn("# its 4 jobs:\n#    1  method.sparsifier.density=1 seed=1\n", config.stdout)
        again = self.wisp.run("config", self.wisp.write("again.yaml", config.stdout), "--format", "json")
        self.assertEqual(json.loads(again.stdout), json.loads(
            self.wisp.run("config", job, "--format", "json").stdout))

    def test_simulate_takes_every_point(self):
        done = self.wisp.run("simulate", self.job("rounds: 5"), timeout=60)
        self.assertEqual(done.status, 0, done)
        self.assertEqual(done.stdout.count("1 seeds, 0 violations"), 4)

    def test_mistakes_have_their_places(self):
        job = self.job()
        text = job.read_text()
        job.write_text(text.replace("method.sparsifier.density: [ 1, 0.25 ]", "method.sparsifer.density: [ 1 ]"))
        done = self.wisp.run("run", job)
        self.assertEqual(done.status, 3, done)
        self.assertIn("job.yaml:7:10: error: unknown key 'sparsifer' in method", done.stderr)
        job.write_text(text.replace("0.25", "1.25"))
        done = self.wisp.run("plan", job)
        self.assertEqual(done.status, 3, done)
        self.assertRegex(done.stderr, r"job.yaml:7:42: error: method.sparsifier.density must be")
        job.write_text(text)
        done = self.wisp.run("run", "-d", job)
        self.assertEqual(done.status, 3, done)
        self.assertIn("a sweep can't be left running with -d", done.stderr)
        self.assertEqual(self.wisp.jobs(), [])


if __name__ == "__main__":
    wisp_test.main()
