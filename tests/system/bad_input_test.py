"""What the person at the terminal reads when job file, data, folders or machine are not as they should be."""
import re
import shutil
import subprocess

import job_files
import wisp_test

JOB = """version: 1
name: bad
problem: { kind: logistic, l2: 1e-3, data: { path: rows.libsvm, dim: 20 } }
method: { kind: gd, step_size: paper }
actors: { worker: { replicas: 4 } }
stop: { rounds: 50 }
"""
GOOD_ROWS = "1 1:0.5 3:1\n-1 2:1\n1 1:1\n-1 4:1\n"


class BadInput(wisp_test.TestCase):
    def run_job(self, text=JOB, rows=GOOD_ROWS, *args, **options):
        if rows is not None:
            self.wisp.write("rows.libsvm", rows)
        self.wisp.write("bad.yaml", text)
        return self.wisp.run("run", "bad.yaml", *args, **options)

    def assert_nothing_left(self):
        self.assertEqual(self.wisp.wait_gone(1), {})
        self.assertEqual(list(self.wisp.runtime.iterdir()), [])


class JobFile(BadInput):
    def check(self, old, new, *lines):
        """The message's first lines, exactly; `$` stands for the end of what is said."""
        self.assertIn(old, JOB)
        done = self.run_job(JOB.replace(old, new))
        self.assertEqual((done.status, done.stdout), (3, ""), done)
        said = done.stderr.splitlines()
        self.assertEqual(said[:len(lines)], list(lines))
        self.assertEqual(self.wisp.jobs(), [], "no job folder for a job that can't be")

    def test_unknown_value(self):
        self.check("kind: gd,", "kind: gdd,", "bad.yaml:4:17: error: unknown method 'gdd'",
                   "    4 | method: { kind: gdd, step_size: paper }",
                   "      |                 ^~~ did you mean 'gd'? (gd | ibcd | isega | sgd | saga | nesterov | ibgd | "
                   "isaga-shared | isaga | isgd | iasgd | async-sgd | async-isgd | async-isega)")

    def test_unknown_key(self):
        self.check("stop:", "bogus: 1\nstop:", "bad.yaml:6:1: error: unknown key 'bogus'",
                   "    6 | bogus: 1", "      | ^~~~~")

    def test_neighbours_word_for_a_key(self):
        self.check("step_size: paper", "learning_rate: 1",
                   "bad.yaml:4:21: error: unknown key 'learning_rate' in method",
                   "    4 | method: { kind: gd, learning_rate: 1 }",
                   "      |                     ^~~~~~~~~~~~~ did you mean 'step_size'?")

    def test_misspelt_key(self):
        self.check("replicas", "replcas", "bad.yaml:5:21: error: unknown key 'replcas' in actors.worker",
                   "    5 | actors: { worker: { replcas: 4 } }",
                   "      |                     ^~~~~~~ did you mean 'replicas'?")

    def test_duplicate_key_names_both_lines(self):
        self.check("stop:", "seed: 1\nseed: 2\nstop:",
                   "bad.yaml:7:1: error: duplicate key 'seed'; it was first given in line 6")

    def test_out_of_range(self):
        for old, new, says in [
                ("replicas: 4", "replicas: 0",
                 "5:31: error: actors.worker.replicas must be a whole number from 1 to 65535, not '0'"),
                ("rounds: 50", "rounds: -1", "6:17: error: stop.rounds must be a whole number of at least 1, not '-1'"),
                ("rounds: 50", "rounds: 50.5",
                 "6:17: error: stop.rounds must be a whole number of at least 1, not '50.5'"),
                ("l2: 1e-3", "l2: -1", "3:32: error: problem.l2 must be 1/N or a number of at least 0, not '-1'"),
                ("l2: 1e-3", "l2: nan", "3:32: error: problem.l2 must be 1/N or a number of at least 0, not 'nan'"),
                ("version: 1", "version: 2", "1:10: error: version must be 1, not '2'")]:
            self.check(old, new, "bad.yaml:" + says)

    def test_number_without_unit_suggests_one(self):
        for add, says, suggests in [
                ("timeouts: { start: 10 }", "6:20: error: timeouts.start needs a unit", "^~ did you mean 10s?"),
                ("evaluate: { every: 10 }", "6:20: error: evaluate.every needs a unit", "^~ did you mean '10 rounds'?"),
                ("network: { max_message: 64 }", "6:25: error: network.max_message needs a unit",
                 "^~ did you mean 64MiB?")]:
            self.check("stop:", f"{add}\nstop:", "bad.yaml:" + says, f"    6 | {add}",
                       "      | " + " " * (int(says.split(":")[1]) - 1) + suggests)

    def test_all_errors_at_once(self):
        done = self.run_job(JOB.replace("gd,", "gdd,").replace("rounds: 50", "round: 50").replace("1e-3", "abc"))
        self.assertEqual(re.findall(r"(?m)^bad.yaml:(\d+):\d+: error: ", done.stderr), ["3", "4", "6"], done)

    def test_missing_job_file(self):
        done = self.wisp.run("run", "none.yaml")
        self.assertEqual((done.status, done.stderr), (3, "none.yaml: error: No such file or directory\n"), done)

    def test_no_job_file_is_a_matter_of_usage(self):
        self.assertEqual(self.wisp.run("run").status, 2)

    def test_set_of_an_unknown_key(self):
        done = self.run_job(JOB, GOOD_ROWS, "--set", "stop.roundz=5")
        self.assertEqual(done.status, 3, done)
        self.assertRegex(done.stderr, "unknown key 'roundz' in stop")
        self.assertRegex(done.stderr, "did you mean 'rounds'?")


class Data(BadInput):
    def check(self, rows, says):
        done = self.run_job(JOB, rows)
        self.assertEqual(done.status, 3, done)
        self.assertIn(f"\n{self.wisp.folder}/rows.libsvm:{says}", done.stderr)
        self.assertEqual(self.wisp.result()["status"], "failed")
        self.assert_nothing_left()

    def test_line_that_is_no_row(self):
        for rows, says in [
                ("1 0:1\n", "1: error: index 0; indices count from 1\n"),
                ("1 1:1\n-1 2:1 2:3\n", "2: error: index 2 comes twice in this row; keep one of them\n"),
                ("1 1:1\n\n-1 3:1 2:3\n", "3: error: index 2 comes after 3; indices must increase\n"),
                ("abc 1:1\n", "1: error: label 'abc' is not a number"),
                ("1 1:1 2:x\n", "1: error: value 'x' of index 2 is not a number"),
                ("1 b:1\n", "1: error: 'b:1' has no whole number before its colon"),
                ("1 1:nan\n", "1: error: value 'nan' of index 1 is not a finite number"),
                ("1 1:1e999\n", "1: error: value '1e999' of index 1 is not a finite number"),
                ("1 1:1\n-1 21:1\n",
                 "2: error: index 21 is above the dimension 20; raise problem.data.dim, or leave it out\n"),
                ("1 99999999999999999999:1\n", "1: error: the index of '99999999999999999999:1' is too large")]:
            with self.subTest(rows):
                self.check(rows, says)

    def test_no_rows(self):
        self.check("", " error: has no rows")
        self.check("\n\n", " error: has no rows")

    def test_more_labels_than_classes(self):
        self.check("1 1:1\n2 1:1\n3 1:1\n", " error: there are more than two labels, but logistic needs two classes")

    def test_missing_file(self):
        done = self.run_job(JOB, None)
        self.assertEqual(done.status, 3, done)
        self.assertIn(f"bad.yaml:3:52: error: cannot read {self.wisp.folder}/rows.libsvm: No such file or directory\n",
                      done.stderr)

    def test_more_workers_than_rows(self):
        done = self.run_job(JOB.replace("replicas: 4", "replicas: 5"))
        self.assertEqual(done.status, 3, done)
        self.assertIn("bad.yaml:5:31: error: 5 workers, but the data has only 4 rows", done.stderr)
        self.assert_nothing_left()

    def test_rows_without_entries_are_rows(self):
        done = self.run_job(JOB, "1\n-1\n1\n-1\n", "--json")
        self.assertEqual((done.status, done.json()["loss"]), (0, 0.6931471805599453), done)


class Folders(BadInput):
    def test_file_in_place_of_the_state_folder(self):
        self.wisp.write("file", "")
        done = self.run_job(JOB, GOOD_ROWS, "--state-dir", "file")
        self.assertEqual(done.status, 1, done)
        self.assertRegex(done.stderr, rf"\Awisp: can.t make folder {self.wisp.folder}/file\S*: Not a directory\n\Z")
        self.assert_nothing_left()

    def test_no_folder_to_keep_the_job_in(self):
        done = self.run_job(JOB, GOOD_ROWS, env={"HOME": None, "XDG_STATE_HOME": None, "XDG_CONFIG_HOME": None})
        self.assertEqual(done.status, 1, done)
        self.assertRegex(done.stderr, "neither XDG_STATE_HOME nor HOME is set; use --state-dir")

    def test_runtime_folder_with_too_long_a_path(self):
        done = self.run_job(JOB, GOOD_ROWS, env={"WISP_RUNTIME_DIR": "/tmp/" + "x" * 100})
        self.assertEqual(done.status, 1, done)
        self.assertRegex(done.stderr, "the path of the sockets' folder is too long: /tmp/x+/[0-9a-f]+; "
                                      "set WISP_RUNTIME_DIR to a shorter one")
        self.assert_nothing_left()

    def test_runtime_folder_that_is_open_to_others(self):
        self.wisp.runtime.chmod(0o755)
        done = self.run_job()
        self.assertEqual(done.status, 1, done)
        self.assertRegex(done.stderr, rf"the folder for sockets {self.wisp.runtime} must be yours alone \(mode 0700\)")
        self.assert_nothing_left()

    def test_runtime_folder_that_is_a_link(self):
        link = self.wisp.folder / "link"
        link.symlink_to(self.wisp.runtime)
        done = self.run_job(env={"WISP_RUNTIME_DIR": link})
        self.assertEqual(done.status, 1, done)
        self.assertRegex(done.stderr, "must be yours alone")

    def test_runtime_folder_that_can_not_be_made(self):
        self.wisp.write("file", "")
        done = self.run_job(env={"WISP_RUNTIME_DIR": self.wisp.folder / "file/run"})
        self.assertEqual(done.status, 1, done)
        self.assertRegex(done.stderr, "cannot make the folder for sockets .*: Not a directory; set WISP_RUNTIME_DIR")


class Mounts(BadInput):
    """A read-only and a full folder, mounted where nobody else sees it: as root, whom permissions don't bind."""

    def setUp(self):
        super().setUp()
        if not shutil.which("unshare") or subprocess.run(["unshare", "-m", "true"], capture_output=True).returncode:
            self.skipTest("mounts of one's own need root")

    def run_with(self, mount, *args, then="true"):
        """`wisp run` with --state-dir disk, onto which `mount` mounts; `then` runs with it still mounted."""
        (self.wisp.folder / "disk").mkdir()
        self.wisp.write("rows.libsvm", GOOD_ROWS)
        words = " ".join(f"'{each}'" for each in args)
        script = f'{mount} || exit 99; "$0" run bad.yaml --state-dir disk {words}; status=$?; {then}; exit $status'
        return self.wisp.run("-m", "sh", "-c", script, self.wisp.binary, binary="/usr/bin/unshare", timeout=30)

    def test_read_only(self):
        self.wisp.write("bad.yaml", JOB)
        done = self.run_with("mount --bind disk disk && mount -o remount,bind,ro disk")
        self.assertEqual(done.status, 1, done)
        self.assertRegex(done.stderr,
                         rf"\Awisp: can.t make folder {self.wisp.folder}/disk\S*: Read-only file system\n\Z")
        self.assert_nothing_left()

    def test_full_from_the_start(self):
        self.wisp.write("bad.yaml", JOB)
        done = self.run_with("mount -t tmpfs -o size=8k,mode=700 none disk && head -c 8192 /dev/zero > disk/ballast")
        self.assertEqual(done.status, 1, done)
        self.assertRegex(done.stderr, r"(?m)^wisp: can't make \S*/disk/jobs/\S+: No space left on device; "
                                      r"--state-dir names another place for jobs$")
        self.assert_nothing_left()

    def test_full_during_the_run(self):
        self.wisp.write("bad.yaml", job_files.ENDLESS)
        done = self.run_with("mount -t tmpfs -o size=128k,mode=700 none disk", "--set", "evaluate.every=1 rounds",
                             then="cat disk/jobs/latest/state.json")
        self.assertEqual(done.status, 1, done)
        self.assertRegex(done.stderr, r"error: job endless-\w+ failed\n"
                                      r"  cause: cannot write \S+/metrics.jsonl: No space left on device")
        self.assert_nothing_left()


if __name__ == "__main__":
    wisp_test.main()
