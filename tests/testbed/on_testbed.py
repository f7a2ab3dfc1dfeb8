"""What tests on the testbed share: a job on three of its hosts, and the wisp that runs it there."""
import re
import time

import job_files
import testbed
import wisp_test

HOSTS = """
hosts: { h1: { slots: 1 }, h2: { slots: 2 }, h3: { slots: 2 } }
actors:
  master: { host: h1, restart: never }
  worker: { replicas: 4, restart: never, placement: { kind: spread, hosts: [ h2, h3 ] } }
"""
ENDLESS = job_files.ENDLESS.replace(job_files.ACTORS, HOSTS)
SHORT = ENDLESS.replace("1000000000", "200")
START = 30  # seconds


class OnTestbed(wisp_test.TestCase):
    HOSTS = 3
    SSHD = {}  # see testbed.Testbed

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.bed = None
        if testbed.why_not() is None:
            cls.bed = cls.enterClassContext(testbed.Testbed(cls.HOSTS, sshd=cls.SSHD))

    def setUp(self):
        super().setUp()
        if self.bed is None:
            self.skipTest(testbed.why_not())

    def settings(self):
        return ["--set", f"ssh.config_file={self.bed.ssh_config}"]

    def run_on(self, text, *args, timeout=60):
        self.wisp.write("job.yaml", text)
        return self.wisp.run("run", "job.yaml", *self.settings(), *args, timeout=timeout)

    def assert_computes_what_this_machine_does(self, text=SHORT, workers=4):
        """The job on hosts, and the one of SHORT with as many workers here."""
        here = f"actors: {{ worker: {{ replicas: {workers} }} }}\n"
        self.wisp.write("here.yaml", SHORT.replace(HOSTS, here))
        wanted = self.wisp.run("run", "here.yaml", "--json", timeout=60)
        done = self.run_on(text, "--json")
        self.assertEqual((done.status, done.json()["status"]), (0, "finished"), done)
        self.assertEqual(done.json()["iterate_hash"], wanted.json()["iterate_hash"])
        self.assert_nothing_runs(2)

    def start(self, text=ENDLESS, *args):
        self.wisp.write("endless.yaml", text)
        running = self.wisp.start("run", "endless.yaml", *self.settings(), *args)
        running.wait_for("^round [1-9]", START)
        return running

    def processes(self, name):
        """Of wisp, on a host."""
        said = self.bed[name].run("ps", "-eo", "args")
        return [line for line in said.splitlines() if re.match(r"\S*/bundles/|\S*/wisp ", line)]

    def assert_nothing_runs(self, seconds, names=None):
        end = time.monotonic() + seconds
        left = {}
        for name in names or self.bed.hosts:
            while (left := self.processes(name)) and time.monotonic() < end:
                time.sleep(0.1)
            self.assertEqual(left, [], f"on {name}, {seconds} s after the end")
