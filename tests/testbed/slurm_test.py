"""Jobs on the nodes of Slurm: a real controller and daemons on a testbed of namespaces. Needs root and Slurm."""
import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

import job_files
import slurm_cluster
import testbed
import wisp_test

WORKERS = "actors: { master: { restart: never }, worker: { replicas: 4, restart: never } }\n"
ENDLESS = job_files.ENDLESS.replace(job_files.ACTORS, WORKERS + "launcher: slurm\n")
SHORT = ENDLESS.replace("1000000000", "200")
START = 60  # seconds


def why_not():
    return testbed.why_not() or slurm_cluster.why_not()


def install(folder):
    """The program and what it needs, into a folder that all hosts have. Its path there."""
    binary = Path(os.environ.get("WISP_BIN", testbed.SOURCE / "build/dev/bin/wisp")).resolve()
    (folder / "bin").mkdir()
    (folder / "lib").mkdir()
    shutil.copy(binary, folder / "bin/wisp")
    needed = subprocess.run(["ldd", binary], stdout=subprocess.PIPE, text=True, check=True).stdout
    for path in map(Path, re.findall(r"=> (/\S+)", needed)):
        if any(path.match(pattern) for pattern in [*testbed.BROUGHT, "libwisp.so*"]):
            shutil.copy(path, folder / "lib")
    return folder / "bin/wisp"


class OnSlurm(wisp_test.TestCase):
    HOSTS = 2

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.bed = None
        if why_not() is None:
            cls.bed = cls.enterClassContext(testbed.Testbed(cls.HOSTS, shared=True))
            cls.enterClassContext(slurm_cluster.SlurmCluster(cls.bed))
            cls.program = install(cls.bed.shared)

    def setUp(self):
        if self.bed is None:
            self.skipTest(why_not())
        tempfile.tempdir = str(self.bed.shared)  # the sandbox is on all hosts
        self.addCleanup(setattr, tempfile, "tempdir", None)
        super().setUp()
        self.addCleanup(self._cancel_all)

    def _cancel_all(self):
        self.slurm("scancel", "--user=root")
        self.wait_until(lambda: self.slurm("squeue", "-h") == "", "Slurm has nothing to do")

    def slurm(self, *command):
        return self.bed["h1"].run(*command)

    def start(self, *args, under=()):
        """`wisp ARGS...` on h1, where people log in."""
        enter = self.bed["h1"].enter_command()
        command = [*enter[1:], "env", "-C", self.wisp.folder, *under, self.program, *args]
        return self.wisp.start(*command, binary=enter[0])

    def run_there(self, *args, under=(), timeout=60):
        return self.start(*args, under=under).wait(timeout)

    def start_endless(self, *args):
        self.wisp.write("endless.yaml", ENDLESS)
        running = self.start("run", "endless.yaml", *args)
        self.job = running.wait_for(r"^Slurm job (\d+): ", START)[1]
        running.wait_for("^round [1-9]", START)
        return running

    def state(self, job):
        return re.search(r"JobState=(\w+)", self.slurm("scontrol", "show", "job", job))[1]

    def hash_of(self, text):
        """What this machine computes."""
        self.wisp.write("here.yaml", text.replace("launcher: slurm\n", ""))
        return self.wisp.run("run", "here.yaml", "--json", timeout=60).json()["iterate_hash"]

    def hosts(self):
        """Of the job that was last: those where something was started."""
        events = (self.wisp.job_folder("endless") / "events.jsonl").read_text().splitlines()
        return {event["host"] for event in map(json.loads, events) if event["event"] == "started"}

    def pid_of(self, pattern):
        """The process, not a child that it has just forked, which still bears its words."""
        found = [pid for pid, command in self.wisp.alive().items() if re.search(pattern, command)]
        self.assertTrue(found, self.wisp.alive())
        return min(found)

    def wait_until(self, holds, what, seconds=20):
        end = time.monotonic() + seconds
        while not holds():
            self.assertLess(time.monotonic(), end, f"waited {seconds} s in vain until {what}")
            time.sleep(0.1)


class Missing(wisp_test.TestCase):
    def test_submission_without_slurm(self):
        self.wisp.write("job.yaml", SHORT)
        done = self.wisp.run("run", "job.yaml", env={"PATH": "/nowhere", "SLURM_JOB_ID": None})
        self.assertEqual(done.status, 3, done)
        self.assertRegex(done.stderr, r"^job\.yaml:7:11: error: cannot start sbatch: No such file or directory\n")
        self.assertIn("submit where Slurm is installed", done.stderr)
        self.assertEqual(self.wisp.jobs(), [])

    def test_allocation_without_slurm(self):
        self.wisp.write("job.yaml", SHORT)
        done = self.wisp.run("run", "job.yaml", env={"PATH": "/nowhere", "SLURM_JOB_ID": 7,
                                                      "SLURM_JOB_NODELIST": "h[1-2]"})
        self.assertEqual(done.status, 3, done)
        self.assertRegex(done.stderr, r"^job\.yaml:7:11: error: cannot start scontrol: No such file or directory; "
                                      "it is part of Slurm")


class Allocated(OnSlurm):
    ALLOCATE = ("salloc", "-Q", "--nodes=2", "--exclusive")

    def test_nodes_of_the_allocation_compute_what_this_machine_does(self):
        self.wisp.write("job.yaml", SHORT)
        done = self.run_there("run", "job.yaml", "--json", under=self.ALLOCATE)
        self.assertEqual((done.status, done.json()["status"]), (0, "finished"), done)
        self.assertEqual(self.hosts(), {"h1", "h2"})
        self.assertEqual(done.json()["iterate_hash"], self.hash_of(SHORT))
        self.assertEqual(self.wisp.wait_gone(2), {})

    def test_megabytes_go_through_a_step_both_ways(self):
        """The program to the nodes, rows to a worker, and a line for each of them back."""
        self.wisp.write("rows.libsvm", job_files.rows(2000))
        self.wisp.write("job.yaml", job_files.FROM_FILE.replace("rounds: 50000", "rounds: 50") + "launcher: slurm\n")
        done = self.run_there("run", "job.yaml", "--json", under=self.ALLOCATE)
        self.assertEqual(done.status, 0, done)
        sent = self.bed["h2"].run("sh", "-c", "du -sk ~/.local/state/wisp/bundles").split()[0]
        self.assertGreater(int(sent), 2000)
        self.bed["h2"].run("sh", "-c", "ls ~/.local/state/wisp/data/*")

    def test_host_that_is_not_allocated(self):
        self.wisp.write("job.yaml", SHORT + "hosts: [ h1, h9 ]\n")
        done = self.run_there("run", "job.yaml", under=self.ALLOCATE)
        self.assertEqual(done.status, 3, done)
        self.assertRegex(done.stderr, r"job\.yaml:9:14: error: host 'h9' is not in the Slurm allocation \d+: "
                                      "that has h1 and h2")

    def test_doctor_goes_the_same_way(self):
        self.wisp.write("job.yaml", SHORT)
        done = self.run_there("doctor", "job.yaml", "--json", under=self.ALLOCATE)
        results = {(each["host"], each["check"]): each["result"] for each in done.json()["checks"]}
        self.assertEqual([check for host, check in results if host == "h2"],
                         ["srun", "shell", "machine", "libc", "tools", "disk", "program", "agent", "clock", "ports"],
                         done)
        self.assertEqual((results["h2", "shell"], results["h2", "agent"]), ("ok", "ok"), done)

    def test_plan_names_the_nodes(self):
        self.wisp.write("job.yaml", SHORT)
        done = self.run_there("plan", "job.yaml", under=self.ALLOCATE)
        self.assertRegex(done.stdout, r"(?m)^h2: srun --nodes=1 --ntasks=1 .*--nodelist=h2 --overlap .* /bin/sh$")


class Submitted(OnSlurm):
    def test_followed_it_says_what_it_would_say_here(self):
        self.wisp.write("job.yaml", SHORT + "slurm: { nodes: 2, time: 10m }\n")
        done = self.run_there("run", "job.yaml", "--json")
        self.assertEqual((done.status, done.json()["status"]), (0, "finished"), done)
        self.assertRegex(done.stderr, r"(?m)^Slurm job \d+: endless-[0-9a-f]{8} in /")
        self.assertEqual(self.hosts(), {"h1", "h2"})
        self.assertEqual(self.wisp.wait_gone(2), {})
        self.assertEqual(done.json()["iterate_hash"], self.hash_of(SHORT))
        listed = self.wisp.run("ps", "-j", str(self.wisp.folder / "job.yaml"), "--json")
        self.assertIn(done.json()["job_id"], listed.stdout)

    def test_detached_it_is_found_by_its_id(self):
        self.wisp.write("job.yaml", SHORT)
        done = self.run_there("run", "-d", "job.yaml")
        self.assertEqual(done.status, 0, done)
        waited = self.run_there("wait", "-j", done.stdout.strip(), "--json")
        self.assertEqual((waited.status, waited.json()["status"]), (0, "finished"), waited)

    def test_template_of_ones_own(self):
        self.wisp.write("job.sbatch", "#!/bin/bash\n#SBATCH --nodes=2\necho \"on $SLURM_JOB_NUM_NODES\"\n{run}\n")
        self.wisp.write("job.yaml", SHORT.replace("replicas: 4", "replicas: 2") + "slurm: { template: job.sbatch }\n")
        done = self.run_there("run", "job.yaml")
        self.assertEqual(done.status, 0, done)
        self.assertIn("on 2\n", done.stdout)
        self.assertEqual(self.hosts(), {"h1", "h2"})

    def test_status_of_a_run_that_fails_comes_back(self):
        self.wisp.write("job.yaml", SHORT.replace("format: synthetic, rows: 400", "path: nowhere.libsvm"))
        done = self.run_there("run", "job.yaml")
        self.assertEqual(done.status, 3, done)
        self.assertRegex(done.stderr, r"error: cannot read \S+/nowhere\.libsvm: No such file or directory")

    def test_what_slurm_refuses_is_shown_in_the_file(self):
        self.wisp.write("job.yaml", SHORT + "slurm: { partition: fast }\n")
        done = self.run_there("run", "job.yaml")
        self.assertEqual(done.status, 3, done)
        self.assertRegex(done.stderr, r"(?s)^job\.yaml:9:21: error: sbatch did not take the job \(exit status 1\)\n"
                                      ".*nvalid partition")
        self.assertEqual(self.wisp.jobs(), [])

    def test_job_that_waits_says_so_and_ends_by_ctrl_c(self):
        self.wisp.write("job.yaml", SHORT + "slurm: { nodes: 1 }\n")
        self.slurm("scontrol", "update", "PartitionName=main", "State=DOWN")
        self.addCleanup(self.slurm, "scontrol", "update", "PartitionName=main", "State=UP")
        running = self.start("run", "job.yaml")
        running.wait_for(r"^waiting for Slurm job \d+: PENDING \(\w+\)", START)
        os.kill(self.pid_of(r"^\S*/bin/wisp run "), signal.SIGINT)
        done = running.wait(20)
        self.assertEqual(done.status, 130, done)
        self.assertEqual(self.wisp.jobs(), [])


class Ending(OnSlurm):
    TWO = ("--set", "slurm.nodes=2")

    def assert_cancelled(self, done, status):
        self.assertEqual((done.status, self.wisp.result()["status"]), (status, "cancelled"), done)
        self.assertEqual(self.wisp.wait_gone(15), {})


class Ended(Ending):
    def test_scancel(self):
        running = self.start_endless(*self.TWO)
        self.slurm("scancel", self.job)
        self.assert_cancelled(running.wait(30), 143)
        self.assertEqual(self.state(self.job), "CANCELLED")

    def test_scancel_of_an_allocation_whose_driver_hears_nothing(self):
        """salloc passes no signal on to what it has started."""
        self.wisp.write("endless.yaml", ENDLESS)
        running = self.start("run", "endless.yaml", under=Allocated.ALLOCATE)
        running.wait_for("^round [1-9]", START)
        self.slurm("scancel", "--user=root")
        self.assert_cancelled(running.wait(30), 143)

    def test_scancel_of_the_script_alone_is_graceful(self):
        running = self.start_endless(*self.TWO)
        self.slurm("scancel", "--batch", "--signal=TERM", self.job)
        self.assert_cancelled(running.wait(30), 143)
        self.assertIn("iterate_hash", self.wisp.result())

    def test_ctrl_c(self):
        running = self.start_endless(*self.TWO)
        os.kill(self.pid_of(r"^\S*/bin/wisp run endless"), signal.SIGINT)
        self.assert_cancelled(running.wait(30), 130)

    def test_down_from_where_people_log_in(self):
        running = self.start_endless("--set", "slurm.nodes=1", "--set", "hosts=[h2]")
        down = self.run_there("down", "-j", "endless")
        self.assertEqual(down.status, 0, down)
        self.assertRegex(down.stderr, "endless-[0-9a-f]{8} is down: cancelled")
        self.assert_cancelled(running.wait(30), 143)


class Killed(Ending):
    def test_killed_driver(self):
        running = self.start_endless(*self.TWO)
        os.kill(self.pid_of(r"^\S*/bin/wisp run --submitted"), signal.SIGKILL)
        done = running.wait(30)
        self.assertNotEqual(done.status, 0, done)
        self.assertEqual(self.wisp.wait_gone(15), {})

    def test_killed_follower_leaves_the_job_running(self):
        running = self.start_endless(*self.TWO)
        os.kill(self.pid_of(r"^\S*/bin/wisp run endless"), signal.SIGKILL)
        running.wait(10)
        self.assertEqual(self.state(self.job), "RUNNING")

    def test_agent_that_is_killed_is_a_failure(self):
        running = self.start_endless(*self.TWO)
        self.bed["h2"].kill(r"/bundles/\S* agent$")
        done = running.wait(30)
        self.assertEqual(done.status, 4, done)
        self.assertRegex(done.stderr, r"first to fail: (master|worker-\d)#1@h2 in round \d+\n"
                                      r"  cause: host h2 was lost: h2: the agent, or srun on the way to it, ended")
        self.assertEqual(self.wisp.wait_gone(15), {})


if __name__ == "__main__":
    testbed.enter()
    wisp_test.main()
