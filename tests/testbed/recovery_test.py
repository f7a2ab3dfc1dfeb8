"""Runs whose hosts are switched off, cut off or stopped: they go on, with the same bits. WISP_SEED draws the moments,
WISP_SOAK says how many schedules of each method PowerOff tries. On a testbed of namespaces; needs root."""
import base64
import json
import os
import random
import shutil
import signal
import subprocess
import time
from datetime import datetime

import testbed
import wisp_test
from on_testbed import START, OnTestbed

SEED = int(os.environ.get("WISP_SEED", "1"))
SOAK = int(os.environ.get("WISP_SOAK", "0"))
DEAD = 10  # seconds of silence, then a node is taken for dead
ROUNDS = 1200
METHODS = ["gd", "ibcd", "isega", "isaga"]
WORKERS = {"h2": "worker-0", "h3": "worker-1", "h4": "worker-2"}
HERE = "actors: { worker: { replicas: 3 } }\n"
HOSTS = """
hosts: { "h[1-4]": { slots: 2 } }
actors:
  master: { host: h1 }
  worker: { replicas: 3, placement: { kind: spread, hosts: [ "h[2-4]" ] } }
"""
JOB = """
version: 1
name: power
problem: { kind: logistic, l2: 1e-3, data: { format: synthetic, rows: 20000, dim: 100 } }
method: { kind: %s, step_size: 0.5 }
""" + HOSTS + """
checkpoint: { every: 20 rounds }
evaluate: { every: 10 rounds }
stop: { rounds: 1200 }
"""
# Steps are so small that the last round is far from the optimum, where every way would end in the same bits.
ASYNC = JOB.replace("kind: %s, step_size: 0.5", "kind: async-sgd, step_size: 0.01").replace(
    "{ every: 10 rounds }", "{ every: 30 updates }").replace("{ rounds: 1200 }", "{ updates: 6000 }")


class Recovery(OnTestbed):
    HOSTS = 4
    undisturbed = {}  # by job: the hash, which this machine computes as well as any hosts

    def setUp(self):
        super().setUp()
        self.random = random.Random(f"{SEED} {self.id()}")

    def wanted(self, text):
        if text not in self.undisturbed:
            self.wisp.write("here.yaml", text.replace(HOSTS, HERE).replace("name: power", "name: here"))
            done = self.wisp.run("run", "here.yaml", "--json", timeout=60)
            self.assertEqual(done.status, 0, done)
            self.undisturbed[text] = done.json()["iterate_hash"]
        return self.undisturbed[text]

    def begin(self, text, *args, least=20, most=ROUNDS // 4):
        """The job in the background, when it has come to a round that is drawn."""
        self.wisp.write("power.yaml", text)
        running = self.wisp.start("run", "power.yaml", *self.settings(), "--json", *args)
        drawn = self.random.randrange(least, most)
        running.wait_for("^round 0 ", START)
        end = time.monotonic() + START
        while self.rounds() < drawn and running.process.poll() is None and time.monotonic() < end:
            time.sleep(0.002)
        self.assertGreaterEqual(self.rounds(), drawn, running.done())
        return running

    def rounds(self):
        """Those of the last line of its metrics."""
        try:
            lines = (self.wisp.job_folder("power") / "metrics.jsonl").read_text().splitlines()
            return json.loads(lines[-1])["round"]
        except (OSError, IndexError, json.JSONDecodeError):
            return -1

    def events(self, kind):
        lines = (self.wisp.job_folder("power") / "events.jsonl").read_text().splitlines()
        return [event for event in map(json.loads, lines) if event["event"] == kind]

    def switch_off(self, name, silently=False):
        """With its disk. When that was; it is switched on again at the end of the test."""
        host = self.bed[name]
        self.addCleanup(self.switch_on, name)
        moment = time.time()
        if silently:
            self.bed.cut(name)
            host.go_down()
        else:
            host.crash()
        return moment

    def switch_on(self, name):
        """With an empty disk, unless it is on."""
        host = self.bed[name]
        if not host.is_on():
            host.switch_on()

    def signal_processes(self, name, number, pattern):
        """Those of the host whose command lines match."""
        self.bed[name].run("sh", "-c", f"kill -{number} $(ps -eo pid,args | awk '$2 ~ /^[^ ]*wisp$/ && /{pattern}/ "
                                       "{ print $1 }')")

    def assert_went_on(self, text, running, lost, process, timeout=60):
        """To the same end, with `process` on another host than `lost`."""
        done = running.wait(timeout)
        self.assertEqual((done.status, done.json()["status"]), (0, "finished"), done)
        self.assertEqual(done.json()["iterate_hash"], self.wanted(text), done)
        self.assertEqual((done.json()["rounds"], done.json()["updates"]), (ROUNDS, 3 * ROUNDS), done)
        self.assert_told(done, lost, process)
        return done

    def assert_told(self, done, lost, process):
        self.assertRegex(done.stderr, rf"{process}@{lost} has ended: host {lost} was lost: {lost}: ")
        self.assertRegex(done.stderr, rf"{process} goes from {lost}, which is lost, to h\d\n")
        [cause] = [event["cause"] for event in self.events("host lost") if event["host"] == lost]
        self.assertTrue(cause.startswith(f"{lost}: "), cause)
        [moved] = [event for event in self.events("moved") if event["process"] == process]
        actors = self.wisp.run("ps", "-j", "power", "--json").json()["actors"]
        [actor] = [each for each in actors if each["name"] == process]
        self.assertEqual((actor["host"], actor["attempt"]), (moved["host"], 2))
        self.assertNotEqual(actor["host"], lost)

    def seconds_until_back(self, moment, process):
        [back] = [event for event in self.events("back") if event["process"] == process]
        return datetime.fromisoformat(back["time"].replace("Z", "+00:00")).timestamp() - moment

    def lose(self, text, name, *args, silently=False):
        """One run, one host that is switched off; seconds until its actor is back."""
        process = "master" if name == "h1" else WORKERS[name]
        running = self.begin(text, *args)
        moment = self.switch_off(name, silently)
        self.assert_went_on(text, running, name, process)
        self.switch_on(name)
        return self.seconds_until_back(moment, process)

    def worker_host(self):
        return self.random.choice(list(WORKERS))


class SwitchedOff(Recovery):
    def test_host_of_a_worker(self):
        for method in METHODS:
            with self.subTest(method=method):
                self.lose(JOB % method, self.worker_host())

    def test_host_of_the_master_with_its_disk(self):
        for method in METHODS:
            with self.subTest(method=method):
                self.lose(JOB % method, "h1")

    def test_worker_of_an_asynchronous_run(self):
        running = self.begin(ASYNC)
        lost = self.worker_host()
        self.switch_off(lost)
        done = running.wait(60)
        self.assertEqual((done.status, done.json()["status"], done.json()["updates"]), (0, "finished", 6000), done)
        self.assert_told(done, lost, WORKERS[lost])


class ShutDown(Recovery):
    """A host that is shut down in order asks all its processes to end; the agent sees to it that they do."""

    def test_host_of_a_worker_and_of_the_master(self):
        text = JOB % "isega"
        for name, process in [("h2", "worker-0"), ("h1", "master")]:
            with self.subTest(name):
                running = self.begin(text)
                self.signal_processes(name, "TERM", " agent")
                done = running.wait(60)
                self.assertEqual(done.status, 0, done)
                self.assertEqual(done.json()["iterate_hash"], self.wanted(text), done)
                self.assertIn(f"{process} goes from {name}, which is lost, to h", done.stderr)
                [lost] = self.events("host lost")
                self.assertIn("the agent was asked to end, and not by this job", lost["cause"])


class Silently(Recovery):
    """Nobody hears that the host is off: its network is gone first."""

    def test_host_of_a_worker(self):
        took = self.lose(JOB % "isega", self.worker_host(), silently=True)
        self.assertLess(took, DEAD + 5)

    def test_host_of_the_master_with_its_disk(self):
        took = self.lose(JOB % "gd", "h1", silently=True)
        self.assertLess(took, DEAD + 5)


class Ways(Recovery):
    CHAIN = ["--set", "method.broadcast={ kind: dense, way: chain }"]
    TUNNEL = ["--set", "network.tunnel=true"]

    def test_host_with_a_relay_of_a_chain(self):
        self.lose(JOB % "isega", self.worker_host(), *self.CHAIN)

    def test_host_of_the_master_of_a_chain(self):
        self.lose(JOB % "isaga", "h1", *self.CHAIN)

    def test_in_a_tunnel(self):
        for name in ["h1", self.worker_host()]:
            with self.subTest(name=name):
                self.lose(JOB % "gd", name, *self.TUNNEL)

    def test_in_a_tunnel_through_which_nothing_is_said_any_more(self):
        took = self.lose(JOB % "isega", self.worker_host(), *self.TUNNEL, silently=True)
        self.assertLess(took, DEAD + 5)


class Waiting(Recovery):
    WAIT = ["--set", "failure.on_host_lost=wait"]

    def assert_came_back(self, text, running, name, process):
        done = running.wait(60)
        self.assertEqual((done.status, done.json()["iterate_hash"]), (0, self.wanted(text)), done)
        self.assertIn(f"host {name} is back\n", done.stderr)
        self.assertEqual([event["host"] for event in self.events("host back")], [name])
        self.assertEqual(self.events("moved"), [])
        actors = self.wisp.run("ps", "-j", "power", "--json").json()["actors"]
        self.assertEqual({each["name"]: each["host"] for each in actors}, {"master": "h1", **{
            worker: host for host, worker in WORKERS.items()}})
        self.assertEqual({each["name"] for each in actors if each["attempt"] > 1}, {process})

    def test_host_that_is_switched_on_again(self):
        for name, more in [(self.worker_host(), []), ("h1", Ways.TUNNEL)]:
            with self.subTest(name=name):
                text = JOB % "isaga"
                running = self.begin(text, *self.WAIT, *more, "--set", "ssh.connect_timeout=2s")
                self.switch_off(name)
                running.wait_for(f"waiting for host {name} to come back", 20)
                self.assert_still_told(running, name)
                self.switch_on(name)
                self.assert_came_back(text, running, name, WORKERS.get(name, "master"))

    def assert_still_told(self, running, name, times=3):
        """Every 3 s, with the reason."""
        began = time.monotonic()
        pattern = rf"(?s)(waiting for host {name} to come back: {name}: \w[^\n]*\n.*){{{times}}}"
        running.wait_for(pattern, 3 * times + 3)
        self.assertGreater(time.monotonic() - began, 3)

    def test_network_that_is_cut_and_mended(self):
        text, name = JOB % "ibcd", self.worker_host()
        running = self.begin(text, *self.WAIT, "--set", "ssh.connect_timeout=2s")
        self.addCleanup(self.bed.heal, name)
        self.bed.cut(name)
        running.wait_for(f"waiting for host {name} to come back", DEAD + 10)
        self.bed.heal(name)
        self.assert_came_back(text, running, name, WORKERS[name])


class Ended(Recovery):
    def test_job_that_is_to_end_with_a_host(self):
        for name in ["h1", self.worker_host()]:
            with self.subTest(name=name):
                running = self.begin(JOB % "gd", "--set", "failure.on_host_lost=fail")
                self.switch_off(name)
                done = running.wait(20)
                self.assertEqual(done.status, 4, done)
                self.assertRegex(done.stderr, rf"first to fail: {WORKERS.get(name, 'master')}#1@{name} in round \d+\n"
                                              rf"  cause: host {name} was lost: {name}: ")
                self.assertEqual(self.events("moved"), [])
                self.assert_nothing_runs(2, set(self.bed.hosts) - {name})
                self.switch_on(name)

    def test_when_all_hosts_are_off(self):
        running = self.begin(JOB % "gd")
        for name in self.bed.hosts:
            self.switch_off(name)
        done = running.wait(3 * DEAD)
        self.assertEqual(done.status, 4, done)
        self.assertRegex(done.stderr, r"  cause: no host is left; host h\d was lost: h\d: ")


class Zombies(Recovery):
    def test_host_that_stands_still(self):
        """It wakes beside those who have taken its place."""
        for name in ["h1", self.worker_host()]:
            with self.subTest(name=name):
                text, process = JOB % "isega", WORKERS.get(name, "master")
                running = self.begin(text)
                self.addCleanup(self.bed[name].thaw)
                self.bed[name].freeze()
                running.wait_for(rf"^{process} is back", DEAD + 10)
                self.bed[name].thaw()
                self.assert_went_on(text, running, name, process)
                self.assert_nothing_runs(15)

    def test_node_that_stands_still(self):
        """On a host that is well: another takes its place there."""
        text, name = JOB % "ibcd", self.worker_host()
        running = self.begin(text)
        self.signal_processes(name, "STOP", " node")
        done = running.wait(60)
        self.assertEqual((done.status, done.json()["iterate_hash"]), (0, self.wanted(text)), done)
        self.assertEqual(done.json()["updates"], 3 * ROUNDS)
        self.assertRegex(done.stderr, rf"{WORKERS[name]}@{name} has ended: no heartbeats for 10s\n")
        self.assertEqual(([event["host"] for event in self.events("restarted")], self.events("moved")), ([name], []))
        self.assert_nothing_runs(2)


class Copies(Recovery):
    TWO = ["--set", "checkpoint.copies=2"]
    KEPT = "/root/.local/state/wisp/checkpoints"

    def test_a_run_whose_driver_s_machine_is_lost_goes_on_from_the_copy(self):
        text = JOB % "isega"
        running = self.begin(text, *self.TWO)
        running.wait_for("^checkpoints are copied to h1$")
        running.send(signal.SIGKILL)
        running.wait(5)
        self.assert_nothing_runs(15)
        job = self.wisp.job_folder("power")
        number = job.name.rsplit("-")[-1]
        packed = self.bed["h1"].run("sh", "-c", f"tar -C {self.KEPT} -c {number} | base64")
        subprocess.run(["tar", "-C", self.wisp.folder, "-x"], input=base64.b64decode(packed), check=True)
        shutil.rmtree(job)
        done = self.wisp.run("run", "power.yaml", *self.settings(), "--json", "--set",
                             f"checkpoint.resume={self.wisp.folder / number}", timeout=60)
        self.assertEqual((done.status, done.json()["iterate_hash"]), (0, self.wanted(text)), done)

    def test_copies_go_elsewhere_when_their_host_is_lost_and_go_with_the_job(self):
        text = JOB % "gd"
        running = self.begin(text, *self.TWO)
        running.wait_for("^checkpoints are copied to h1$")
        self.switch_off("h1")
        running.wait_for("^checkpoints are copied to h2$")
        self.assert_went_on(text, running, "h1", "master")
        self.assertEqual(self.bed["h2"].run("sh", "-c", f"ls {self.KEPT} 2>/dev/null || true"), "")

    def test_a_job_on_one_machine_has_no_second_host(self):
        self.wisp.write("here.yaml", (JOB % "gd").replace(HOSTS, HERE))
        done = self.wisp.run("run", "here.yaml", *self.TWO)
        self.assertEqual(done.status, 3, done)
        self.assertIn("all of this job is on this machine: there is no second host", done.stderr)


class PowerOff(Recovery):
    """tools/soak.sh power-off."""

    def setUp(self):
        super().setUp()
        if SOAK == 0:
            self.skipTest("WISP_SOAK is not set")

    def test_schedules(self):
        for method in METHODS:
            began, heard, unheard = time.monotonic(), [], []
            for _ in range(SOAK):
                silently = self.random.random() < 0.5
                took = self.lose(JOB % method, self.random.choice(["h1", *WORKERS]), *self.way(), silently=silently)
                (unheard if silently else heard).append(took)
                self.wisp.run("prune", "--all")
            self.assertLess(max(unheard, default=0), DEAD + 5)
            print(f"\nfigures: {method}: {SOAK} hosts switched off in {time.monotonic() - began:.0f} s, the same bits; "
                  f"replaced after {spread(heard)} when heard of, {spread(unheard)} when silent", flush=True)

    def way(self):
        return self.random.choice([[], Ways.CHAIN, Ways.TUNNEL])


def spread(seconds):
    return f"{min(seconds):.1f} to {max(seconds):.1f} s ({len(seconds)})" if seconds else "-"


if __name__ == "__main__":
    testbed.enter()
    wisp_test.main()
