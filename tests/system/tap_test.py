"""metrics.tap: what a running job sends, decoded by a program that shares no code with wisp, is what its model comes
from."""
import subprocess
import sys

import numpy as np
import zmq

import job_files
import wisp_test

sys.path.insert(0, str(wisp_test.SOURCE / "tools"))

import wisp_wire  # noqa: E402  pylint: disable=wrong-import-position

JOB = """
version: 1
name: tapped
seed: 5
dtype: {dtype}
problem: {{ kind: logistic, l2: 1e-3, data: {{ path: rows.libsvm, dim: 20 }} }}
method: {{ kind: {method}, step_size: theory{more} }}
actors: {{ worker: {{ replicas: 3 }} }}
stop: {{ rounds: 40 }}
metrics: {{ tap: "{endpoint}" }}
"""


class Tap(wisp_test.TestCase):
    def setUp(self):
        super().setUp()
        self.context = zmq.Context()
        self.addCleanup(self.context.destroy, 0)
        self.pull = self.context.socket(zmq.PULL)
        self.pull.set_hwm(0)
        self.pull.setsockopt(zmq.RCVTIMEO, 20_000)
        self.port = self.pull.bind_to_random_port("tcp://127.0.0.1")

    def run_job(self, method, dtype="float64", more=""):
        """The records of a job, and its result."""
        self.wisp.write("rows.libsvm", job_files.rows())
        endpoint = f"127.0.0.1:{self.port}"
        self.wisp.write("job.yaml", JOB.format(method=method, dtype=dtype, more=more, endpoint=endpoint))
        done = self.wisp.run("run", "job.yaml", timeout=60)
        self.assertEqual(done.status, 0, done)
        result = self.wisp.result()
        self.assertEqual(result["updates"], 3 * 40)
        return [record for record, _ in wisp_wire.records(self.pull, result["updates"])], result

    def replay(self, records, step, dtype):
        """x <- x - step * sum of a round's updates, from x = 0, in the arithmetic of the job."""
        x = np.zeros(20, dtype)
        places = [(record.update.round, record.worker) for record in records]
        self.assertEqual(places, [(round_, worker) for round_ in range(40) for worker in range(3)])
        for begin in range(0, len(records), 3):
            total = np.zeros(20, dtype)
            for record in records[begin:begin + 3]:
                self.assertEqual((record.job, record.seed, record.workers), ("tapped", 5, 3))
                total[record.update.vector.coordinates()] += record.update.vector.values
            x = x - dtype(step) * total
        return x

    def model(self):
        return np.load(self.wisp.job_folder() / "model.npy")

    def test_gd_is_replayed_to_the_same_model_bit_for_bit(self):
        for dtype in (np.float64, np.float32):
            with self.subTest(dtype=dtype.__name__):
                records, result = self.run_job("gd", dtype.__name__)
                self.assertEqual({record.update.vector.support for record in records}, {"all"})
                x = self.replay(records, result["step"] / 3, dtype)
                self.assertEqual(self.model().tobytes(), x.tobytes())
                self.assertNotEqual(x.tolist(), [0] * 20)

    def test_rounded_values_are_those_that_the_master_takes_in(self):
        records, result = self.run_job("gd", more=", wire_dtype: q8")
        self.assertEqual({record.update.vector.codec for record in records}, {"q8"})
        x = self.replay(records, result["step"] / 3, np.float64)
        self.assertEqual(self.model().tobytes(), x.tobytes())

    def test_drawn_numbers_are_drawn_again(self):
        for kind, codec in (("random-blocks, blocks: 20", "subset"), ("bernoulli", "bernoulli")):
            with self.subTest(sparsifier=kind):
                more = f", sparsifier: {{ kind: {kind}, density: 0.25 }}, indices: seeded"
                records, result = self.run_job("ibcd", more=more)
                self.assertEqual({record.update.vector.index_codec for record in records}, {codec})
                x = self.replay(records, result["step"] / 0.25 / 3, np.float64)
                self.assertEqual(self.model().tobytes(), x.tobytes())

    def test_indices_are_decoded(self):
        for indices in ("raw", "rice", "bitmap"):
            with self.subTest(indices=indices):
                more = f", sparsifier: {{ kind: random-k, density: 0.25 }}, indices: {indices}"
                records, result = self.run_job("ibcd", more=more)
                self.assertEqual({record.update.vector.index_codec for record in records}, {indices})
                x = self.replay(records, result["step"] / 0.25 / 3, np.float64)
                self.assertEqual(self.model().tobytes(), x.tobytes())

    def test_nobody_needs_to_listen(self):
        self.pull.close(0)
        self.wisp.write("rows.libsvm", job_files.rows())
        endpoint = f"127.0.0.1:{self.port}"
        self.wisp.write("job.yaml", JOB.format(method="gd", dtype="float64", more="", endpoint=endpoint))
        self.assertEqual(self.wisp.run("run", "job.yaml", timeout=60).status, 0)
        log = self.wisp.run("logs", "master", "--level", "warn").stdout
        self.assertIn(f"nobody listens at {endpoint}: updates are copied as soon as somebody does", log)
        self.assertIn(f"120 updates were not copied to {endpoint}", log)

    def test_the_program_prints_a_line_an_update(self):
        self.pull.close(0)
        endpoint = f"tcp://127.0.0.1:{self.port}"
        program = [sys.executable, "-B", wisp_test.SOURCE / "tools/wisp_wire.py", "tap", endpoint, "--count", "120"]
        with subprocess.Popen(program, stdout=subprocess.PIPE, text=True) as reader:
            self.addCleanup(reader.kill)
            self.assertEqual(reader.stdout.readline(), f"listening at {endpoint}\n")
            self.wisp.write("rows.libsvm", job_files.rows())
            self.wisp.write("job.yaml", JOB.format(method="gd", dtype="float32", more="", endpoint=endpoint))
            done = self.wisp.run("run", "job.yaml", timeout=60)
            self.assertEqual(done.status, 0, done)
            lines = reader.communicate(timeout=20)[0].splitlines()
        self.assertEqual(len(lines), 120)
        self.assertRegex(lines[4], "^tapped round 1 worker 1/3: 20 of 20 values, all float32, 80 bytes in [0-9]+, ")


if __name__ == "__main__":
    wisp_test.main()
