"""wisp run --resume, as people use it: after each kind of end, with what may change and what may not."""
import json
import os
import signal

import job_files
import kept_runs
import wisp_test


class Resume(kept_runs.TestCase):
    def start_endless(self, method="isega"):
        """A job that has a checkpoint, and does not end."""
        self.write_job(method, "{ rounds: 1000000000 }")
        running = self.start("--set", "evaluate.every=1000 rounds")
        running.wait_for("^round [1-9]")
        self.wait_for_checkpoint()
        return running

    def wait_for_checkpoint(self):
        end = wisp_test.time.monotonic() + 20
        while not self.checkpoints():
            self.assertLess(wisp_test.time.monotonic(), end, "no checkpoint")
            wisp_test.time.sleep(0.01)

    def interrupted(self, method="isega"):
        running = self.start_endless(method)
        running.send(signal.SIGINT)
        done = running.wait(20)
        self.assertEqual(done.status, 130, done)
        return done.json()

    def refused(self, *args):
        done = self.wisp.run("run", "job.yaml", "--resume", *args)
        self.assertEqual(done.status, 3, done)
        return done.stderr


class Ends(Resume):
    def finish(self, rounds, method="isega"):
        """Goes on to so many rounds, and compares with a run that did not stop on its way there."""
        self.write_job(method, "{ rounds: %d }" % rounds)
        done = self.go("--resume")
        resumed = self.good(done)
        self.assertEqual(resumed["rounds"], rounds)
        straight = self.good(self.go("--set", "checkpoint=never"))
        self.assertEqual(resumed["iterate_hash"], straight["iterate_hash"], done)
        return done

    def test_ctrl_c(self):
        """The run stops with a last checkpoint: nothing is computed twice."""
        rounds = self.interrupted()["rounds"]
        done = self.finish(rounds + 100)
        self.assertRegex(done.stderr, rf"(?m)^goes on from the checkpoint at update {rounds * kept_runs.WORKERS}$")

    def test_down(self):
        self.start_endless("gd")
        self.assertEqual(self.wisp.run("down").status, 0)
        rounds = self.wisp.result()["rounds"]
        done = self.finish(rounds + 100, "gd")
        self.assertRegex(done.stderr, rf"(?m)^goes on from the checkpoint at update {rounds * kept_runs.WORKERS}$")

    def test_driver_killed(self):
        running = self.start_endless()
        running.send(signal.SIGKILL)
        running.wait(5)
        newest = int(self.checkpoints()[-1].stem)
        self.assertGreater(newest, 0)
        metrics = (self.wisp.job_folder() / "metrics.jsonl").read_text().splitlines()
        rounds = max(json.loads(line)["round"] for line in metrics) + 3000
        self.finish(rounds)
        self.assertEqual(self.wisp.wait_gone(15), {})

    def test_still_running(self):
        self.start_endless()
        said = self.refused()
        folder = self.wisp.job_folder()
        self.assertIn(f"{folder} is running: stop it first (wisp down -j {folder.name})", said)
        self.assertEqual(len(self.wisp.jobs()), 1)
        self.assertEqual(self.wisp.run("down").status, 0)

    def test_more_rounds_after_its_end(self):
        self.write_job("gd")
        first = self.good(self.go())
        kept = (self.wisp.job_folder() / "metrics.jsonl").read_text().splitlines()
        done = self.finish(2 * first["rounds"], "gd")
        self.assertRegex(done.stderr, rf"(?m)^goes on from the checkpoint at update {first['updates']}$")
        resumed = [each for each in self.wisp.jobs() if (each / "ckpt").exists()][-1]
        lines = (resumed / "metrics.jsonl").read_text().splitlines()
        self.assertEqual(lines[:len(kept)], kept)
        rounds = [json.loads(line)["round"] for line in lines]
        self.assertEqual(rounds, sorted(rounds))
        self.assertEqual(rounds[-1], 2 * first["rounds"])

    def test_no_more_rounds_after_its_end(self):
        """There is nothing left to do: the same summary again."""
        self.write_job("isega")
        first = self.good(self.go())
        again = self.good(self.go("--resume"))
        for key in ["iterate_hash", "updates", "loss", "uplink_bytes"]:
            self.assertEqual(again[key], first[key])

    def test_async(self):
        updates = self.interrupted("async-sgd")["updates"]
        self.write_job("async-sgd", "{ updates: %d }" % (updates + 500))
        result = self.good(self.go("--resume"))
        self.assertEqual(result["updates"], updates + 500)


class Changed(Resume):
    def setUp(self):
        super().setUp()
        self.write_job("gd")
        self.first = self.good(self.go())

    def test_what_must_not(self):
        said = self.refused("--set", "seed=4", "--set", "dtype=float32", "--set", "problem.l2=1e-3", "--set",
                            "method.step_size=0.5")
        name = self.wisp.job_folder().name
        for key, now, then in [("seed", "4", "3"), ("dtype", "float32", "float64"), ("problem.l2", "1e-3", "1e-2"),
                               ("method.step_size", "0.5", "paper")]:
            self.assertRegex(said, rf"--set: error: {key} is {now}, but was {then} in {name}, which is to be resumed")
        self.assertEqual(len(self.wisp.jobs()), 1)

    def test_what_must_not_in_the_file(self):
        text = kept_runs.job("gd").replace("seed: 3", "seed: 4").replace("logistic", "least-squares")
        self.wisp.write("job.yaml", text.replace("kind: gd", "kind: isega"))
        said = self.refused()
        for line, key in [(3, "seed"), (4, "problem.kind"), (5, "method.kind")]:
            self.assertRegex(said, rf"(?m)^job\.yaml:{line}:\d+: error: {key} is ")

    def test_default_that_is_now_said(self):
        """Or no longer: what counts is the value."""
        self.good(self.go("--resume", "--set", "dtype=float64"))

    def test_data(self):
        self.wisp.write("rows.libsvm", job_files.rows().replace("0.5", "0.6"))
        said = self.refused()
        self.assertRegex(said, r"(?m)^job\.yaml:4:\d+: error: the data are not those of kept-\w+, which is to be "
                               r"resumed: SHA-256 \w{12} instead of \w{12}$")

    def test_data_elsewhere(self):
        os.rename(self.wisp.folder / "rows.libsvm", self.wisp.folder / "moved.libsvm")
        again = self.good(self.go("--resume", "--set", "problem.data.path=moved.libsvm"))
        self.assertEqual(again["iterate_hash"], self.first["iterate_hash"])

    def test_name(self):
        said = self.refused("--set", "name=other")
        jobs = self.wisp.state / "wisp/jobs"
        self.assertIn(f"nothing to resume: no job called other in {jobs} has a checkpoint; run without --resume", said)

    def test_job_without_checkpoints(self):
        self.forget_jobs()
        self.good(self.go("--set", "checkpoint=never"))
        self.assertIn("nothing to resume: no job called kept", self.refused())

    def test_workers_of_gd(self):
        """As many rounds have passed for the others; the gradient is that of all rows, up to their order."""
        self.write_job("gd", "{ rounds: 400 }")
        straight = self.good(self.go("--set", "checkpoint=never"))
        result = self.good(self.go("--resume", "--set", "actors.worker.replicas=4"))
        self.assertEqual((result["workers"], result["rounds"]), (4, 400))
        self.assertAlmostEqual(result["loss"], straight["loss"], delta=1e-3 * straight["loss"])

    def test_workers_of_isega(self):
        self.forget_jobs()
        self.write_job("isega")
        self.good(self.go())
        said = self.refused("--set", "actors.worker.replicas=4")
        self.assertRegex(said, r"error: actors\.worker\.replicas is 4, but was 3 in kept-\w+: \S+")

    def test_key_of_the_file(self):
        """checkpoint.resume: auto goes on if there is something; a path says from where."""
        more = ["--set", "stop.updates=1200"]
        folder = self.wisp.job_folder()
        for wish in ["auto", str(folder)]:
            done = self.go("--set", f"checkpoint.resume={wish}", *more)
            self.good(done)
            self.assertIn(f"it goes on from {folder}\n", done.stderr)
            self.assertIn("goes on from the checkpoint at update 900\n", done.stderr)
            wisp_test.shutil.rmtree(self.wisp.job_folder())
        self.forget_jobs()
        done = self.go("--set", "checkpoint.resume=auto")
        self.assertEqual(self.good(done)["iterate_hash"], self.first["iterate_hash"])
        self.assertNotIn("goes on from", done.stderr)
        refused = self.wisp.run("run", "job.yaml", "--set", "checkpoint.resume=/nowhere")
        self.assertEqual(refused.status, 3, refused)
        self.assertIn("/nowhere has no checkpoints", refused.stderr)


if __name__ == "__main__":
    wisp_test.main()
