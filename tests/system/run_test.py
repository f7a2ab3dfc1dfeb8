"""`wisp run` on this machine: what it prints, what it leaves behind, its exit status; and the commands that look."""
import json
import os
import signal

import numpy as np

import job_files
import reference
import wisp_test

RESULT_KEYS = """status job_id method workers rounds updates loss gap uplink_bytes downlink_bytes total_bytes
    dense_uplink_bytes dense_downlink_bytes dense_total_bytes seconds iterate_hash staleness_mean
    staleness_max""".split()
LOG_LINE = r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z [a-z0-9-]+#1@\S+ (r\d+ )?(debug|info|warn|error|out|err) \| .*$"


class Run(wisp_test.TestCase):
    def run_file(self, *args, timeout=60, **options):
        self.wisp.write("rows.libsvm", job_files.rows())
        self.wisp.write("job.yaml", job_files.FROM_FILE)
        return self.wisp.run("run", "job.yaml", *args, timeout=timeout, **options)

    def test_quickstart_converges(self):
        done = self.wisp.run("run", wisp_test.SOURCE / "examples/quickstart.yaml", timeout=60)
        self.assertEqual(done.status, 0, done)
        self.assertEqual(self.wisp.result()["status"], "converged")
        self.assertIn(self.wisp.result()["iterate_hash"], done.stdout.splitlines()[-1])
        self.assertEqual(list(self.wisp.runtime.iterdir()), [])

    def test_result_is_the_object_of_json_and_has_every_key(self):
        done = self.run_file("--json")
        self.assertEqual(done.status, 0, done)
        result = done.json()
        self.assertEqual(result, self.wisp.result())
        self.assertEqual([key for key in RESULT_KEYS if key not in result], [])
        self.assertEqual(len(done.stdout.splitlines()), 1, "nothing but the object on stdout")
        self.assertEqual((result["status"], result["method"], result["workers"]), ("converged", "isega", 4))
        self.assertEqual(result["job_id"], self.wisp.job_folder().name)
        self.assertEqual(result["updates"], 4 * result["rounds"])
        self.assertEqual(result["uplink_bytes"] + result["downlink_bytes"], result["total_bytes"])
        self.assertEqual(result["dense_uplink_bytes"], 4 * result["rounds"] * 20 * 8)

    def test_loss_is_what_numpy_says_of_the_model(self):
        self.assertEqual(self.run_file().status, 0)
        x = np.load(self.wisp.job_folder() / "model.npy")
        loss = reference.logistic_loss(self.wisp.folder / "rows.libsvm", 20, 1e-3, x)
        self.assertLess(abs(loss - self.wisp.result()["loss"]), 1e-12)

    def test_job_folder_has_metrics_and_provenance(self):
        self.assertEqual(self.run_file().status, 0)
        folder = self.wisp.job_folder()
        self.assertEqual((folder.parent / "latest").resolve(), folder)
        self.assertEqual(folder.stat().st_mode & 0o077, 0)
        metrics = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
        rounds = [each["round"] for each in metrics]
        self.assertEqual((rounds[0], rounds), (0, sorted(rounds)))
        self.assertEqual(metrics[-1]["loss"], self.wisp.result()["loss"])
        provenance = json.loads((folder / "provenance.json").read_text())
        for key in ["version", "commit", "compiler", "flags", "cpu_features", "data", "hosts"]:
            self.assertIn(key, provenance)
        self.assertRegex(provenance["data"]["sha256"], "^[0-9a-f]{64}$")
        for line in (folder / "events.jsonl").read_text().splitlines():
            json.loads(line)

    def test_the_resolved_job_file_runs_again_to_the_same_hash(self):
        self.assertEqual(self.run_file().status, 0)
        first = self.wisp.result()
        again = self.wisp.run("run", self.wisp.job_folder() / "job.yaml", "--json", cwd="/", timeout=60)
        self.assertEqual(again.status, 0, again)
        self.assertEqual(again.json()["iterate_hash"], first["iterate_hash"])
        self.assertNotEqual(again.json()["job_id"], first["job_id"])

    def test_every_actor_has_a_log_of_lines_in_the_one_format(self):
        self.assertEqual(self.run_file().status, 0)
        for actor in ["master", "worker-0", "worker-1", "worker-2", "worker-3"]:
            lines = (self.wisp.job_folder() / f"logs/{actor}/1.log").read_text().splitlines()
            self.assertTrue(lines, actor)
            for line in lines:
                self.assertRegex(line, LOG_LINE)
                self.assertIn(f" {actor}#1@", line)

    def test_actors_that_did_what_they_should_are_not_shown_as_killed(self):
        self.assertEqual(self.run_file().status, 0)
        rows = json.loads(self.wisp.run("ps", "--json").stdout)["actors"]
        self.assertEqual({(each["state"], each["cause"]) for each in rows}, {("exited", "exit status 0")})

    def test_finished_is_0_and_1_if_the_gap_is_required(self):
        short = ["--set", "stop.rounds=5", "--json"]
        done = self.run_file(*short)
        self.assertEqual((done.status, done.json()["status"], done.json()["rounds"]), (0, "finished", 5), done)
        self.assertIn("rounds", done.json()["reason"])
        self.assertEqual(self.run_file("--require-gap", *short).status, 1)
        self.assertEqual(self.run_file("--require-gap").status, 0)

    def test_diverged_is_1(self):
        self.wisp.write("rows.libsvm", job_files.rows())
        self.wisp.write("job.yaml", job_files.FROM_FILE.replace("logistic", "least-squares").replace("isega", "gd")
                        .replace("paper", "1e6").replace("optimum: solve", "optimum: 0"))
        done = self.wisp.run("run", "job.yaml", "--json")
        self.assertEqual((done.status, done.json()["status"]), (1, "diverged"), done)
        self.assertEqual(self.wisp.result()["status"], "diverged")

    def test_cancelled_keeps_the_model_it_had(self):
        self.wisp.write("endless.yaml", job_files.ENDLESS)
        running = self.wisp.start("run", "endless.yaml", "--json")
        running.wait_for("^round 0 ")
        running.send(signal.SIGINT)
        done = running.wait(12)
        self.assertEqual((done.status, done.json()["status"]), (130, "cancelled"), done)
        self.assertEqual(np.load(self.wisp.job_folder() / "model.npy").shape, (50,))

    def test_quiet_says_only_the_summary(self):
        done = self.run_file("-q")
        self.assertEqual((done.status, done.stderr), (0, ""), done)
        self.assertIn("converged", done.stdout)

    def test_not_a_terminal_gets_plain_lines(self):
        for env in [{}, {"NO_COLOR": None}]:
            done = self.run_file(env=env)
            self.assertNotRegex(done.stdout + done.stderr, "[\x1b\r]")
            self.assertRegex(done.stderr, r"(?m)^job from-file-[0-9a-f]+ in /")
            self.assertRegex(done.stderr, r"(?m)^round 0  loss 0\.69314718  gap ")

    def test_nobody_reads_what_it_says(self):
        self.wisp.write("rows.libsvm", job_files.rows())
        self.wisp.write("job.yaml", job_files.FROM_FILE)
        for streams in [">&-", "2>&-", ">&- 2>&-", "<&- >&- 2>&-"]:
            done = self.wisp.run("-c", f'exec "$0" run job.yaml {streams}', self.wisp.binary, binary="/bin/sh",
                                 timeout=60)
            self.assertEqual((streams, done.status), (streams, 0), done)
            self.assertEqual(self.wisp.result()["status"], "converged")

    def test_two_jobs_at_once(self):
        self.wisp.write("rows.libsvm", job_files.rows())
        self.wisp.write("job.yaml", job_files.FROM_FILE)
        jobs = [self.wisp.start("run", "job.yaml", "--json") for _ in range(3)]
        hashes = {each.wait(60).json()["iterate_hash"] for each in jobs}
        self.assertEqual(len(hashes), 1)
        self.assertEqual(list(self.wisp.runtime.iterdir()), [])

    def test_spaces_and_quotes_in_paths(self):
        folder = "it's a \"folder\" with ü"
        self.wisp.write(f"{folder}/rows.libsvm", job_files.rows())
        self.wisp.write(f"{folder}/job.yaml", job_files.FROM_FILE)
        done = self.wisp.run("run", f"{folder}/job.yaml", "--state-dir", f"{folder}/state", timeout=60)
        self.assertEqual(done.status, 0, done)
        ps = self.wisp.run("ps", "--state-dir", f"{folder}/state")
        self.assertIn("worker-3", ps.stdout)
        job = next((self.wisp.folder / folder / "state/jobs").glob("from-file-*"))
        json.loads((job / "provenance.json").read_text())


class Detached(wisp_test.TestCase):
    def setUp(self):
        super().setUp()
        self.wisp.write("endless.yaml", job_files.ENDLESS)
        done = self.wisp.run("run", "-d", "endless.yaml")
        self.assertEqual(done.status, 0, done)
        self.job = done.stdout.strip()
        self.addCleanup(self.wisp.run, "down", "-j", self.job)  # before the sandbox is looked through

    def test_prints_its_id_and_runs_on(self):
        self.assertRegex(self.job, r"^endless-[0-9a-f]{8}$")
        self.assertEqual(self.wisp.job_folder().name, self.job)
        actors = json.loads(self.wisp.run("ps", "--json").stdout)["actors"]
        self.assertEqual({each["name"]: each["state"] for each in actors},
                         {name: "running" for name in ["master", "worker-0", "worker-1", "worker-2"]})
        for each in actors:
            self.assertIn(each["pid"], self.wisp.alive())

    def test_logs_follow_until_the_job_ends(self):
        logs = self.wisp.start("logs", "-f", "worker-1")
        logs.wait_for(r"worker-1\S* .*\| ")
        self.assertEqual(self.wisp.run("down").status, 0)
        done = logs.wait(10)
        self.assertEqual(done.status, 0, done)
        self.assertNotIn("worker-0", done.stdout)

    def test_wait_ends_with_the_job(self):
        timed_out = self.wisp.run("wait", "-j", self.job, "--timeout", "100ms")
        self.assertEqual(timed_out.status, 124, timed_out)
        waiting = self.wisp.start("wait", "-j", self.job)
        self.assertEqual(self.wisp.run("down").status, 0)
        done = waiting.wait(10)
        self.assertEqual(done.status, 143, done)  # as its driver: `down` is a SIGTERM
        self.assertIn("cancelled", done.stderr)

    def test_down_twice(self):
        first = self.wisp.run("down")
        self.assertEqual(first.status, 0, first)
        self.assertRegex(first.stderr, f"{self.job} is down: cancelled")
        self.assertEqual(self.wisp.alive(), {})
        self.assertEqual(list(self.wisp.runtime.iterdir()), [])
        for again in [self.wisp.run("down"), self.wisp.run("down", "-j", self.job), self.wisp.run("down", "--force")]:
            self.assertEqual(again.status, 0, again)

    def test_down_by_force(self):
        done = self.wisp.run("down", "--force")
        self.assertEqual(done.status, 0, done)
        self.assertLess(done.seconds, 5)
        self.assertEqual(self.wisp.wait_gone(2), {})

    def test_down_refuses_to_choose_between_two(self):
        other = self.wisp.run("run", "-d", "endless.yaml").stdout.strip()
        done = self.wisp.run("down")
        self.assertNotEqual(done.status, 0, done)
        self.assertIn(self.job, done.stderr)
        self.assertIn(other, done.stderr)
        self.assertEqual(self.wisp.run("down", "-j", other).status, 0)


class DetachedThatFails(wisp_test.TestCase):
    def test_says_why_and_has_its_exit_status(self):
        self.wisp.write("endless.yaml", job_files.ENDLESS)
        done = self.wisp.run("run", "-d", "endless.yaml", env={"WISP_RUNTIME_DIR": "/tmp/" + "x" * 120})
        self.assertEqual(done.status, 1, done)
        self.assertEqual(done.stdout, "")
        self.assertRegex(done.stderr, "WISP_RUNTIME_DIR")

    def test_ctrl_c_while_it_starts_reaches_it(self):
        os.mkfifo(self.wisp.folder / "rows.libsvm")  # from which nothing comes
        self.wisp.write("job.yaml", job_files.FROM_FILE)
        running = self.wisp.start("run", "-d", "job.yaml")
        running.wait_for(r"^reading the data \(3 s\)")
        running.send(signal.SIGINT)
        done = running.wait(5)
        self.assertEqual((done.status, done.stdout), (130, ""), done)
        self.assertEqual(self.wisp.result()["status"], "cancelled")
        self.assertEqual(self.wisp.wait_gone(1), {})

    def test_errors_of_the_data_have_the_status_they_have_in_front(self):
        self.wisp.write("job.yaml", job_files.FROM_FILE)
        done = self.wisp.run("run", "-d", "job.yaml")
        self.assertEqual((done.status, done.stdout), (3, ""), done)
        self.assertRegex(done.stderr, r"(?m)^job.yaml:4:\d+: error: cannot read .*/rows.libsvm: No such file")

    def test_down_without_any_job(self):
        done = self.wisp.run("down")
        self.assertEqual((done.status, done.stderr), (0, "no job is running\n"), done)


if __name__ == "__main__":
    wisp_test.main()
