"""A process of a job is killed at each step of a checkpoint's way to the disk, and nothing is lost.

How often it comes by a step depends on the machine: where it ended before its n-th time, it is killed at a time that
surely comes.
"""
import kept_runs
import wisp_test

# Steps of nodes: the times between which one is drawn, and one that surely comes. A node that is started again is
# killed again; it gets further each time.
NODES = {
    "master.cut": (3, 5, 2),
    "master.saved": (3, 5, 2),
    "master.durable": (1, 4, 1),
    "master.absorbed": (100, 200, 150),
    "master.advanced": (100, 200, 150),
    "worker.stepped": (100, 200, 150),
    "worker.part": (3, 5, 2),
    "worker.part_sent": (3, 5, 2),
}
# Of the driver, which goes on by --resume.
DRIVER = {
    "disk.begun.ckpt": (1, 4, 1),
    "disk.written.ckpt": (1, 4, 1),
    "disk.synced.ckpt": (1, 4, 1),
    "disk.renamed.ckpt": (1, 4, 1),
    "keeper.part": (1, 12, 1),
    "keeper.whole": (1, 4, 1),
    "keeper.written": (1, 4, 1),
}
# As it brings a run on whose master has been killed.
SUPERVISOR = ["supervisor.rewound", "supervisor.led"]


class Failpoints(kept_runs.TestCase):
    def times(self, bounds):
        first, last, sure = bounds
        return [self.random.randint(first, last), sure]

    def draw_method(self):
        method = self.random.choice(["gd", "isega"])
        return method, self.expected(method)

    def check_end(self, done, expected):
        result = self.good(done)
        if expected is not None:
            self.assertEqual(result["iterate_hash"], expected, f"{self.seed} {done}")
        self.assert_whole()
        self.assertEqual(self.unfinished(), [], done)
        self.assertEqual(self.wisp.wait_gone(15), {})

    def check_node(self, failpoint, method, expected):
        self.write_job(method)
        for n in self.times(NODES[failpoint]):
            done = self.go(failpoint=f"{failpoint}:kill@{n}")
            self.check_end(done, expected)
            if killed := self.killed(failpoint.split(".")[0]):
                return print(f"{failpoint}@{n} of {method}: killed {killed} times, {done.seconds:.1f} s")
        self.fail(f"{self.seed}: nothing was killed: {done}")

    def kill_driver(self, failpoint, bounds, *args, more=""):
        """Has the driver killed there; for all it is worth its files are whole."""
        for n in self.times(bounds):
            done = self.go(*args, failpoint=f"{failpoint}:kill@{n}{more}")
            self.assert_whole()
            if done.status == -9:
                self.assertEqual(self.wisp.wait_gone(15), {})
                return n
            self.good(done)
        return self.fail(f"{self.seed}: the driver was not killed: {done}")

    def has_checkpoint(self):
        return any(self.checkpoints(each) for each in self.wisp.jobs())

    def resume(self, *args, **more):
        """Goes on, if there is something to go on from, or anew."""
        if self.has_checkpoint():
            return self.go("--resume", *args, **more)
        refused = self.go("--resume")
        self.assertEqual(refused.status, 3, refused)
        self.assertIn("nothing to resume", refused.stdout + refused.stderr)
        return self.go(*args, **more)

    def check_driver(self, failpoint, bounds, method, expected, more=""):
        self.forget_jobs()
        self.write_job(method)
        n = self.kill_driver(failpoint, bounds, more=more)
        again = ["--resume"] if self.has_checkpoint() else []
        done = self.go(*again, failpoint=f"{failpoint}:kill@{self.random.randint(1, 2)}")
        self.assert_whole()
        if done.status != -9:  # so far had it come when it was killed that it ended first
            self.good(done)
        print(f"{failpoint}@{n} of {method}, then {'again' if done.status == -9 else 'at its end'}")
        self.check_end(self.resume(), expected)


class Nodes(Failpoints):
    def test_each(self):
        for failpoint in NODES:
            with self.subTest(failpoint):
                method, expected = self.draw_method()
                self.check_node(failpoint, method, expected)


class Driver(Failpoints):
    def test_each(self):
        for failpoint, bounds in DRIVER.items():
            with self.subTest(failpoint):
                method, expected = self.draw_method()
                self.check_driver(failpoint, bounds, method, expected)


class Supervisor(Failpoints):
    def test_each(self):
        for failpoint in SUPERVISOR:
            with self.subTest(failpoint):
                method, expected = self.draw_method()
                self.check_driver(failpoint, (2, 2, 2), method, expected, more=",master.durable:kill@2")


class Async(Failpoints):
    def test_nodes(self):
        for failpoint in NODES:
            with self.subTest(failpoint):
                self.check_node(failpoint, "async-sgd", None)

    def test_driver(self):
        for failpoint, bounds in DRIVER.items():
            with self.subTest(failpoint):
                self.check_driver(failpoint, bounds, "async-sgd", None)

    def test_supervisor(self):
        for failpoint in SUPERVISOR:
            with self.subTest(failpoint):
                self.check_driver(failpoint, (2, 2, 2), "async-sgd", None, more=",master.durable:kill@2")


class Errors(Failpoints):
    """What can't be written is said, and is all that is lost."""

    def test_run_goes_on(self):
        for failpoint in [each for each in DRIVER if each.startswith("disk.")]:
            for method in ["isega", "async-sgd"]:
                with self.subTest(failpoint, method=method):
                    expected = self.expected(method) if method == "isega" else None
                    self.write_job(method)
                    done = self.go(failpoint=f"{failpoint}:error@2")
                    self.check_end(done, expected)
                    folder = self.wisp.job_folder() / "ckpt"
                    self.assertRegex(self.log_text(), rf"no checkpoint at update \d+: .*{folder}/2\.ckpt.*"
                                                      r"; the last one is that of update \d+")
                    self.assertNotEqual(self.checkpoints(), [])

    def test_first_of_all(self):
        expected = self.expected("gd")
        self.write_job("gd")
        done = self.go("--set", "checkpoint.every=200 rounds", failpoint="disk.begun.ckpt:error@1")
        self.check_end(done, expected)
        self.assertRegex(self.log_text(), r"no checkpoint at update \d+: .*/1\.ckpt.*; there is none yet")


if __name__ == "__main__":
    wisp_test.main()
