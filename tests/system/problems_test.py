"""Problems from the outside: programs of one's own, images with test rows, regularisers."""
import json
import struct
import sys

import numpy
import wisp_test

EXAMPLE = wisp_test.SOURCE / "examples/command"


def idx(dimensions, sizes, body):
    return bytes([0, 0, 8, dimensions]) + struct.pack(f">{len(sizes)}I", *sizes) + bytes(body)


class Commands(wisp_test.TestCase):
    def test_the_example_learns_and_gives_its_bits_again(self):
        run = ["run", EXAMPLE / "job.yaml", "--json", "--var", f"PYTHON={sys.executable}"]
        done = self.wisp.run(*run, timeout=60)
        self.assertEqual(done.status, 0, done)
        metrics = (self.wisp.job_folder() / "metrics.jsonl").read_text()
        losses = [json.loads(line)["loss"] for line in metrics.splitlines()]
        self.assertLess(losses[-1], 0.7 * losses[0])
        again = self.wisp.run(*run, "--set", "actors.worker.isolation=thread", timeout=60)
        self.assertEqual(again.json()["iterate_hash"], done.json()["iterate_hash"])

    def refusal(self, program):
        self.wisp.write("model.py", program)
        job = self.wisp.write("job.yaml", """
version: 1
problem: { kind: command, command: [ python3, model.py ], answer_seconds: 2, data: { format: synthetic, dim: 3 } }
method: { kind: gd, step_size: 0.1 }
deploy: { files: [ model.py ] }
stop: { rounds: 5 }
""")
        done = self.wisp.run("run", job, timeout=60)
        self.assertNotEqual(done.status, 0, done)
        return done.stderr

    def test_a_dead_a_slow_and_a_lying_one_are_named_with_their_last_lines(self):
        for program, says in [
                ("raise SystemExit('no weights')", "has ended (exit status 1) instead of answering"),
                ("import sys, time; print('no weights', file=sys.stderr); time.sleep(60)",
                 "has not answered within 2 s"),
                ("import sys; print('no weights', file=sys.stderr, flush=True); sys.stdin.buffer.read(56)\n"
                 "sys.stdout.buffer.write(bytes([9] + [0] * 79)); sys.stdout.flush(); input()",
                 "announces 9 numbers in answer to LOSS, where 1 are expected")]:
            with self.subTest(says):
                text = self.refusal(program)
                self.assertIn("first to fail: worker-0#1", text)
                self.assertIn("cause: the command 'python3 model.py' " + says, text)
                self.assertIn("no weights", text)


class Images(wisp_test.TestCase):
    def setUp(self):
        super().setUp()
        rng = numpy.random.default_rng(7)
        self.truth = rng.normal(size=(12, 3))
        for name, rows in [("train", 60), ("test", 21)]:
            pixels = rng.integers(0, 256, size=(rows, 12)) * rng.integers(0, 2, size=(rows, 12))
            labels = ((pixels / 255) @ self.truth).argmax(axis=1)
            (self.wisp.folder / f"{name}.idx").write_bytes(idx(3, [rows, 3, 4], pixels.ravel().tolist()))
            (self.wisp.folder / f"{name}.labels").write_bytes(idx(1, [rows], labels.tolist()))
            setattr(self, name, (pixels / 255, labels))

    def job(self, problem, rest=""):
        return self.wisp.write("job.yaml", f"""
version: 1
problem:
  {problem}
  data: {{ format: idx, path: train.idx, labels: train.labels }}
  test: {{ path: test.idx, labels: test.labels }}
actors: {{ worker: {{ replicas: 3 }} }}
evaluate: {{ every: 50 rounds }}
{rest}
""")

    def measured(self, x):
        """Mean loss and accuracy on the test rows, by numpy."""
        rows, labels = self.test
        scores = rows @ x[:36].reshape(12, 3) + x[36:]
        logs = scores - numpy.log(numpy.exp(scores).sum(axis=1, keepdims=True))
        return -logs[numpy.arange(len(labels)), labels].mean(), (scores.argmax(axis=1) == labels).mean()

    def test_softmax_is_measured_on_its_test_rows(self):
        job = self.job("kind: softmax\n  l2: 1e-3", "method: gd\nstop: { rounds: 400 }")
        done = self.wisp.run("run", job, "--json", timeout=60)
        self.assertEqual(done.status, 0, done)
        x = numpy.load(self.wisp.job_folder() / "model.npy")
        loss, accuracy = self.measured(x)
        self.assertAlmostEqual(done.json()["test_loss"], loss, 12)
        self.assertAlmostEqual(done.json()["test_accuracy"], accuracy, 12)
        self.assertGreater(accuracy, 0.7)
        metrics = (self.wisp.job_folder() / "metrics.jsonl").read_text().splitlines()
        self.assertTrue(all("test_accuracy" in json.loads(line) for line in metrics))

    def test_a_network_starts_at_random_and_learns(self):
        job = self.job("kind: mlp\n  hidden: 8\n  init: random",
                       "method: { kind: gd, step_size: 0.5 }\nstop: { rounds: 400 }")
        hashes = set()
        for isolation in "process", "thread":
            done = self.wisp.run("run", job, "--json", "--set", f"actors.worker.isolation={isolation}", timeout=60)
            self.assertEqual(done.status, 0, done)
            hashes.add(done.json()["iterate_hash"])
        self.assertEqual(len(hashes), 1)
        self.assertLess(done.json()["loss"], 0.6)
        refused = self.wisp.run("config", self.job("kind: mlp", "method: gd\nstop: { rounds: 1 }"))
        self.assertIn("set it to random", refused.stderr)

    def test_a_regulariser_is_in_the_loss_and_its_optimum_is_found(self):
        job = self.job("kind: softmax\n  l2: 0.1\n  intercept: false\n  optimum: solve\n"
                       "  regulariser: { kind: l1, weight: 0.01 }",
                       "method: { kind: isega, step_size: paper }\nstop: { gap: 1e-9, rounds: 20000 }")
        done = self.wisp.run("run", job, "--json", timeout=60)
        self.assertEqual(done.json()["status"], "converged", done)
        x = numpy.load(self.wisp.job_folder() / "model.npy")
        rows, labels = self.train
        scores = rows @ x.reshape(12, 3)
        logs = scores - numpy.log(numpy.exp(scores).sum(axis=1, keepdims=True))
        value = -logs[numpy.arange(60), labels].mean() + 0.05 * (x @ x) + 0.01 * numpy.abs(x).sum()
        self.assertAlmostEqual(done.json()["loss"], value, 12)
        refused = self.wisp.run("config", job, "--set", "method.kind=ibcd")
        self.assertIn("method ibcd takes none: its theorem has no prox", refused.stderr)


if __name__ == "__main__":
    wisp_test.main()
