"""How the model gets to the workers: one hash whatever goes down which way, and the bytes that are said."""
import loopback_sshd
import wisp_test

DIM = 3000
ROUNDS = 30
WORKERS = 4
DENSE = ROUNDS * WORKERS * DIM * 8

JOB = """
version: 1
name: way-down
seed: 7
problem: {{ kind: least-squares, data: {{ format: synthetic, rows: 60, dim: %d }} }}
method: {{ kind: {method}, step_size: paper }}
actors: {{ worker: {{ replicas: %d }} }}
stop: {{ rounds: %d }}
""" % (DIM, WORKERS, ROUNDS)

HOSTS = """
include: [ job.yaml ]
version: 1
name: way-down-ssh
ssh: {{ config_file: "{config}" }}
deploy: {{ workdir: "{workdir}" }}
hosts: {{ n1: {{ slots: 2 }}, n2: {{ slots: 2 }} }}
"""


class Down(wisp_test.TestCase):
    def result_of(self, broadcast, *args, file="job.yaml"):
        done = self.wisp.run("run", file, "--json", "--set", f"method.broadcast={broadcast}", *args, timeout=60)
        self.assertEqual(done.status, 0, done)
        result = done.json()
        self.assertEqual(result["dense_downlink_bytes"], DENSE)
        self.assertEqual(result["ring_bytes"], ROUNDS * 2 * (WORKERS - 1) * DIM * 8 // WORKERS)
        self.assertEqual(result["total_bytes"], result["uplink_bytes"] + result["downlink_bytes"])
        return result

    def write_job(self, method):
        self.wisp.write("job.yaml", JOB.format(method=method))

    def test_one_hash_and_the_bytes_of_each_way(self):
        self.write_job("ibcd")
        dense = self.result_of("dense")
        delta = self.result_of("delta")
        hashes = {each["iterate_hash"] for each in (dense, delta)}
        self.assertEqual(dense["downlink_bytes"], DENSE)
        moved = 1 - (1 - 1 / WORKERS)**WORKERS  # of the coordinates, where all have a gradient
        self.assertLess(delta["downlink_bytes"] / DENSE, moved + 0.1)
        for more in [[], ["--set", "actors.worker.isolation=thread"]]:
            chain = self.result_of("{ kind: delta, way: chain }", *more)
            self.assertEqual(chain["downlink_bytes"] * WORKERS, delta["downlink_bytes"])
            self.assertEqual(chain["master_downlink_bytes"], chain["downlink_bytes"])
            hashes.add(chain["iterate_hash"])
        done = self.wisp.run("simulate", "job.yaml", "--json", "--seeds", "3", "--set",
                             "method.broadcast={ kind: delta, way: chain }", timeout=60)
        self.assertEqual(done.json()["violations"], 0, done)
        hashes.add(done.json()["iterate_hash"])
        self.assertEqual(len(hashes), 1)

    def test_from_host_to_host(self):
        self.write_job("ibcd")
        wanted = self.result_of("dense")["iterate_hash"]
        with loopback_sshd.LoopbackSshd() as hosts:
            self.wisp.write("ssh.yaml", HOSTS.format(config=hosts.ssh_config, workdir=self.wisp.folder / "work"))
            for kind in ["dense", "delta"]:
                chain = self.result_of(f"{{ kind: {kind}, way: chain }}", file="ssh.yaml")
                self.assertEqual(chain["iterate_hash"], wanted)
                self.assertEqual(chain["downlink_bytes"], 2 * chain["master_downlink_bytes"])
            log = self.wisp.run("logs", "relay-1", "-j", "way-down-ssh")
            self.assertIn("gives the model to 2 workers", log.stdout)

    def test_sparse_is_said_to_be_of_wisp(self):
        self.write_job("isega")
        sparse = "method.broadcast={ kind: sparse, density: 10% }"
        plan = self.wisp.run("plan", "job.yaml", "--set", sparse)
        self.assertIn("the 300 of 3000 coordinates that lag most; wisp's own extension", plan.stdout)
        result = self.result_of("{ kind: sparse, density: 10% }")
        self.assertLess(result["downlink_bytes"], 0.2 * DENSE)

    def test_density_without_a_use_is_refused(self):
        self.write_job("isega")
        done = self.wisp.run("config", "job.yaml", "--set", "method.broadcast={ kind: delta, density: 10% }")
        self.assertEqual(done.status, 3, done)
        self.assertIn("leave its density out, or use kind: sparse", done.stderr)

    def test_relay_that_may_not_come_back_ends_the_run_by_its_name(self):
        self.write_job("gd")
        running = self.wisp.start("run", "job.yaml", "--set", "stop.rounds=1000000000", "--set",
                                  "method.broadcast={ way: chain }", "--set", "actors.worker.restart=never")
        running.wait_for("^round [1-9]", 30)
        self.assertEqual(self.wisp.run("kill", "relay-0", "-j", "way-down").status, 0)
        done = running.wait(20)
        self.assertNotEqual(done.status, 0, done)
        self.assertRegex(done.stderr, "first to fail: relay-0")

    def test_relay_that_is_killed_comes_back(self):
        self.write_job("ibcd")
        wanted = self.result_of("{ kind: delta, way: chain }")["iterate_hash"]
        running = self.wisp.start("run", "job.yaml", "--json", "--set", "method.broadcast={ kind: delta, way: chain }",
                                  "--set", "checkpoint.every=1 rounds")
        running.wait_for("^round 0")
        self.wisp.run("kill", "relay-0", "-j", "way-down")  # if it is still there
        self.assertEqual(running.wait(30).json()["iterate_hash"], wanted)


if __name__ == "__main__":
    wisp_test.main()
