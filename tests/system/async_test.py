"""Asynchronous jobs of the whole program: real processes and simulated workers, recorded and replayed."""
import json

import job_files
import wisp_test

JOB = """
version: 1
name: async
seed: 3
problem: { kind: logistic, l2: 1e-2, data: { path: rows.libsvm, dim: 20 } }
method: { kind: async-sgd, step_size: 0.05, sparsifier: { kind: top-k, density: 0.2 }, error_feedback: true }
actors: { worker: { replicas: 4 } }
stop: { updates: 400 }
evaluate: { every: 100 updates }
"""
TIMES = ("simulation: { compute: { kind: exponential, mean: 10ms }, spread: 3, "
         "latency: { kind: constant, mean: 1ms } }\n")
# P1's setting at full size. The steps of a worker tile the run, so the mean staleness is n - 1 - n^2 / updates but for
# chance.
THOUSAND = """
version: 1
name: thousand
seed: 1
problem: { kind: logistic, l2: 1e-3, data: { format: synthetic, dim: 10000, rows: 1000 } }
method: { kind: async-sgd, step_size: 1e-4, sparsifier: { kind: top-k, density: 0.01 }, error_feedback: true }
actors: { worker: { replicas: 1000 } }
stop: { updates: 64000 }
evaluate: { every: 64000 updates }
simulation: { compute: { kind: exponential, mean: 10ms } }
"""


class Async(wisp_test.TestCase):
    def setUp(self):
        super().setUp()
        self.wisp.write("rows.libsvm", job_files.rows())
        self.wisp.write("job.yaml", JOB)

    def run_job(self, *args):
        done = self.wisp.run("run", "job.yaml", "--json", *args, timeout=60)
        self.assertEqual(done.status, 0, done)
        return done.json()

    def simulate(self, *args):
        done = self.wisp.run("simulate", "job.yaml", "--json", *args, timeout=60)
        self.assertEqual(done.status, 0, done)
        return done.json()

    def test_a_recorded_run_replays_to_its_hash(self):
        first = self.run_job("--set", "record=r.msgpack")
        self.assertEqual((first["status"], first["updates"]), ("finished", 400))
        self.assertEqual(first["staleness"]["updates"], 400)
        self.assertLess(first["uplink_bytes"], first["dense_uplink_bytes"] / 2)
        self.assertGreater(first["kept_mass"], 0.2)
        self.assertGreater(first["memory_norm"], 0)
        again = self.run_job("--set", "replay=r.msgpack", "--set", "actors.worker.isolation=thread")
        self.assertEqual(again["iterate_hash"], first["iterate_hash"])
        self.assertEqual(again["staleness_mean"], first["staleness_mean"])
        simulated = self.simulate("--set", "replay=r.msgpack", "--seeds", "1")
        self.assertEqual(simulated["iterate_hash"], first["iterate_hash"])
        lines = [json.loads(line) for line in self.metrics()]
        self.assertEqual([line["updates"] for line in lines], [0, 100, 200, 300, 400])

    def metrics(self):
        return (self.wisp.job_folder("async") / "metrics.jsonl").read_text().splitlines()

    def test_records_that_are_of_no_use_are_refused(self):
        self.wisp.write("r.msgpack", "not msgpack")
        done = self.wisp.run("run", "job.yaml", "--set", "replay=r.msgpack")
        self.assertEqual(done.status, 3, done)
        self.assertIn("is no record of arrivals", done.stderr)
        self.run_job("--set", "record=r.msgpack")
        other = self.wisp.run("run", "job.yaml", "--set", "replay=r.msgpack", "--set", "seed=4")
        self.assertEqual(other.status, 3, other)
        self.assertIn("was recorded by another job", other.stderr)

    def test_simulated_workers_have_one_hash_a_seed(self):
        self.wisp.write("job.yaml", JOB + TIMES)
        runs = self.simulate("--seeds", "2")["runs"]
        self.assertEqual([run["updates"] for run in runs], [400, 400])
        self.assertNotEqual(runs[0]["iterate_hash"], runs[1]["iterate_hash"])
        self.assertEqual(self.simulate("--seeds", "1")["runs"], runs[:1])
        recorded = self.simulate("--seeds", "1", "--set", "record=r.msgpack")
        replayed = self.run_job("--set", "replay=r.msgpack")
        self.assertEqual(replayed["iterate_hash"], recorded["iterate_hash"])

    def test_a_thousand_simulated_workers(self):
        self.wisp.write("job.yaml", THOUSAND)
        first, again = (self.simulate("--seeds", "1") for _ in range(2))
        [run] = first["runs"]
        self.assertEqual(again["runs"], [run])
        self.assertEqual(run["updates"], 64000)
        self.assertLess(abs(run["staleness_mean"] - 999), 0.02 * 999)
        self.assertLess(first["memory_bytes"], 1 << 30)

    def test_a_run_that_diverges_keeps_its_last_finite_model(self):
        done = self.wisp.run("run", "job.yaml", "--json", "--set", "method.step_size=1e200", "--set",
                             "problem.kind=least-squares", "--set", "evaluate.every=1 update")
        self.assertEqual(done.status, 1, done)
        result = done.json()
        self.assertEqual(result["status"], "diverged")
        self.assertLessEqual(result["model_updates"], result["updates"])


if __name__ == "__main__":
    wisp_test.main()
