"""The commands around `wisp run`, on job files and job folders that the tests write themselves."""
import json
import signal

import wisp_test

# Worker i of 2 has least squares with the Hessian (2/4) diag(a^2) + l2: L is 16/2 + 0.5.
ROWS = "1 1:1\n1 2:2\n1 3:1\n1 4:4\n"
JOB = """version: 1
name: tiny
problem: { kind: least-squares, l2: 0.5, data: { path: rows.libsvm } }
method: { kind: isega, step_size: paper }
actors: { worker: { replicas: 2 } }
stop: { rounds: 50 }
"""
LOGS = {
    "master": ["2026-03-01T02:13:01.000Z master#1@local r0 info | begin",
               "2026-03-01T02:13:03.000Z master#1@local r10 info | end"],
    "worker-0": ["2026-03-01T02:13:02.000Z worker-0#1@local r5 warn | slow",
                 "2026-03-01T02:13:04.000Z worker-0#1@local err | segmentation fault"],
}


class Cli(wisp_test.TestCase):
    def write_job(self):
        self.wisp.write("rows.libsvm", ROWS)
        return self.wisp.write("tiny.yaml", JOB)

    def write_folder(self, status, name="tiny", job_id="12ab34cd", result=True):
        """A job folder whose driver has ended."""
        folder = f"state/wisp/jobs/{name}-{job_id}"
        actors = [{"name": actor, "class": "worker/float64", "host": "local", "pid": 4711, "state": "exited",
                   "attempt": 1, "cause": "", "started": "2026-03-01T02:13:00Z"} for actor in LOGS]
        state = {"job": name, "id": job_id, "file": "", "status": status, "started": "2026-03-01T02:13:00Z",
                 "actors": actors, "clock_offsets_us": {}}
        self.wisp.write(f"{folder}/state.json", json.dumps(state))
        if result:
            self.wisp.write(f"{folder}/result.json", json.dumps({"status": status}) + "\n")
        for actor, lines in LOGS.items():
            self.wisp.write(f"{folder}/logs/{actor}/1.log", "\n".join(lines) + "\n")
        return f"{name}-{job_id}"

    def check(self, status, *args, **options):
        done = self.wisp.run(*args, **options)
        self.assertEqual(done.status, status, done)
        return done


class Help(Cli):
    def test_help_is_data(self):
        first = self.check(0)
        self.assertIn("Usage: wisp [OPTIONS] [COMMAND]", first.stdout)
        self.assertEqual(first.stderr, "")
        for words in (["help"], ["--help"], ["-h"]):
            self.assertEqual(self.check(0, *words).stdout, first.stdout)

    def test_every_command_has_help(self):
        text = self.check(0, "help").stdout
        commands = [line.split()[0] for line in text.split("Commands:\n")[1].split("\n\n")[0].splitlines()]
        self.assertEqual(" ".join(commands),
                         "run config plan simulate ps status logs inspect kill down wait doctor report prune list "
                         "completion version help")
        for command in commands:
            shown = self.check(0, command, "--help").stdout
            self.assertIn(f"Usage: wisp {command} ", shown)
            self.assertEqual(self.check(0, "help", command).stdout, shown)

    def test_version(self):
        self.assertRegex(self.check(0, "version").stdout, r"\Awisp \d+\.\d+\.\d+ \(")
        version = self.check(0, "version", "--json").json()
        self.assertEqual(set(version), {"version", "commit", "compiler", "flags", "libraries"})

    def test_lists(self):
        self.assertIn("\nisega ", self.check(0, "list", "methods").stdout)
        self.assertIn("worker/float32", [row["class"] for row in self.check(0, "list", "actors", "--json").json()])
        for what in ("problems", "sparsifiers", "keys"):
            self.assertTrue(self.check(0, "list", what, "--json").json())


class Usage(Cli):
    def check_usage(self, pattern, *args):
        done = self.check(2, *args)
        self.assertEqual(done.stdout, "")
        self.assertRegex(done.stderr, r"\Awisp: ")
        self.assertRegex(done.stderr, pattern)

    def test_bad_usage(self):
        self.check_usage("unknown command 'rnu'; did you mean 'run'?", "rnu", "job.yaml")
        self.check_usage("run: unknown option '--detahc'; did you mean '--detach'?", "run", "job.yaml", "--detahc")
        self.check_usage("run: FILE is required; see 'wisp help run'", "run")
        self.check_usage("ps: takes no 'more'", "ps", "more")
        self.check_usage("--color: .*blue", "ps", "--color", "blue")


class JobFiles(Cli):
    def test_config_prints_what_it_has_resolved(self):
        self.write_job()
        text = self.check(0, "config", "tiny.yaml", "--workers", "3").stdout
        self.assertRegex(text, r"(?m)^    replicas: 3  # from --set$")
        self.assertRegex(text, r"(?m)^dtype: float64  # default$")
        self.wisp.write("again.yaml", text)
        resolved = self.check(0, "config", "tiny.yaml", "--workers", "3", "--format", "json").stdout
        self.assertEqual(self.check(0, "config", "again.yaml", "--json").stdout, resolved)
        self.assertEqual(json.loads(resolved)["actors"]["worker"]["replicas"], 3)

    def test_errors_all_at_once(self):
        self.wisp.write("bad.yaml", JOB.replace("isega", "isgea").replace("stop:", "stpo:"))
        done = self.check(3, "config", "bad.yaml")
        self.assertEqual(done.stdout, "")
        self.assertIn("bad.yaml:4:17: error: unknown method 'isgea'\n", done.stderr)
        self.assertIn("      |                 ^~~~~ did you mean 'isega'?", done.stderr)
        self.assertIn("bad.yaml:6:1: error: unknown key 'stpo'\n", done.stderr)
        errors = json.loads(self.check(3, "config", "bad.yaml", "--json").stdout)["errors"]
        self.assertLessEqual({(4, 17), (6, 1)}, {(each["line"], each["column"]) for each in errors})

    def test_combinations_that_theory_forbids(self):
        self.write_job()
        done = self.check(3, "config", "tiny.yaml", "--set", "method={kind: gd, sparsifier: random-blocks}")
        self.assertIn("method gd does not take the sparsifier random-blocks", done.stderr)

    def test_a_file_that_is_not_there(self):
        self.assertIn("none.yaml: error: ", self.check(3, "plan", "none.yaml").stderr)

    def test_plan(self):
        self.write_job()
        text = self.check(0, "plan", "tiny.yaml").stdout
        self.assertIn("N 4 rows, d 4, nnz 4 (25 %)", text)
        self.assertIn("L 8.5, mu 0.5, kappa 17", text)
        self.assertRegex(text, r"(?m)^step +theory [\d.e-]+, paper [\d.e-]+, used [\d.e-]+ \(paper\)$")
        self.assertRegex(text, r"(?m)^worker-1 +local +process +worker-1$")
        self.assertRegex(text, r"(?m)^local: \S+/wisp agent$")

    def test_plan_as_json(self):
        self.write_job()
        plan = self.check(0, "plan", "tiny.yaml", "--json").json()
        self.assertEqual((plan["rows"], plan["dim"], plan["nnz"], plan["workers"]), (4, 4, 4, 2))
        self.assertAlmostEqual(plan["L"], 8.5)
        self.assertAlmostEqual(plan["paper_step"], 1 / (8.5 * 2))  # 1 / (L (1 + 1/(n tau))), tau = 1/n
        self.assertEqual(plan["step"], plan["paper_step"])
        self.assertEqual(plan["uplink_bytes"], 2 * 2 * 8)
        self.assertEqual(plan["dense_uplink_bytes"], 2 * 4 * 8)

    def test_plan_of_hosts_starts_nothing(self):
        self.write_job()
        args = ["tiny.yaml", "--set", "hosts={node1: {slots: 1}, node2: {slots: 4}}",
                "--set", "actors.master.host=node2"]
        plan = self.check(0, "plan", *args, "--json").json()["launch"]
        self.assertEqual({node["name"]: node["host"] for node in plan["nodes"]},
                         {"master": "node2", "worker-0": "node1", "worker-1": "node2"})
        for agent in plan["agents"]:
            self.assertEqual(agent["argv"][0], "ssh")
            self.assertEqual(agent["argv"][-3:-1], ["--", agent["host"]])
        self.assertIn('\nnode1: ssh -o BatchMode=yes ', self.check(0, "plan", *args).stdout)


class JobFolders(Cli):
    def test_no_job_at_all(self):
        for command in (["ps"], ["logs"], ["wait"], ["inspect", "master"]):
            self.assertIn("there is no job in", self.check(6, *command).stderr)
        self.assertIn("no job is running", self.check(0, "down").stderr)
        self.check(6, "down", "-j", "nobody")

    def test_ps(self):
        title = self.write_folder("converged")
        done = self.check(0, "ps")
        self.assertRegex(done.stdout, r"\ANAME +CLASS +HOST +PID +STATE +ATTEMPT +UPTIME\n")
        self.assertRegex(done.stdout, r"(?m)^worker-0 +worker/float64 +local +4711 +exited +1 +-$")
        self.assertIn(f"{title}: converged", done.stderr)
        self.assertIsNone(self.check(0, "ps", "--json").json()["driver"])

    def test_ps_says_that_the_driver_is_gone(self):
        self.write_folder("running", result=False)
        self.assertIn("the driver is gone", self.check(0, "ps").stderr)

    def test_ps_of_all_jobs(self):
        self.write_folder("converged")
        self.write_folder("failed", "other", "ffff0000")
        text = self.check(0, "ps", "-a").stdout
        self.assertRegex(text, r"(?m)^tiny-12ab34cd +converged +2 ")
        self.assertRegex(text, r"(?m)^other-ffff0000 +failed +2 ")

    def test_logs_in_the_order_of_time(self):
        self.write_folder("failed")
        text = self.check(0, "logs").stdout
        self.assertEqual(text.splitlines(), sorted(sum(LOGS.values(), [])))
        self.assertEqual(self.check(0, "logs", "-f").stdout, text)
        self.assertEqual(self.check(0, "logs", "--no-prefix", "worker-*").stdout, "slow\nsegmentation fault\n")
        self.assertEqual(self.check(0, "logs", "--no-prefix", "-n", "1").stdout, "end\nsegmentation fault\n")
        rows = [json.loads(line) for line in self.check(0, "logs", "master", "--json").stdout.splitlines()]
        self.assertEqual([(row["round"], row["text"]) for row in rows], [(0, "begin"), (10, "end")])

    def test_colours_only_when_asked_for(self):
        self.write_folder("failed")
        self.assertNotIn("\x1b", self.check(0, "logs").stdout)
        self.assertIn("\x1b[", self.check(0, "logs", "--color", "always").stdout)

    def test_logs_of_an_unknown_actor(self):
        self.write_folder("failed")
        self.assertIn("did you mean 'worker-0'? (master | worker-0)", self.check(2, "logs", "worker-9").stderr)

    def test_inspect_an_actor_of_a_job_that_has_ended(self):
        title = self.write_folder("failed")
        done = self.check(0, "inspect", "worker-0")
        self.assertRegex(done.stdout, r"(?m)^log +\S+/logs/worker-0/1\.log +\d+ B$")
        self.assertIn(f"next: wisp logs worker-0 -j {title}", done.stderr)
        self.assertIn("did you mean 'worker-0'?", self.check(2, "inspect", "worker-9").stderr)

    def test_logs_end_quietly_when_nobody_reads(self):
        title = self.write_folder("failed")
        lines = "".join(f"2026-03-01T02:14:00.000Z worker-0#1@local r{i} info | {'x' * 200}\n" for i in range(20000))
        self.wisp.write(f"state/wisp/jobs/{title}/logs/worker-0/1.log", lines)
        done = self.wisp.run("-c", '"$0" logs | head -n 1; exit ${PIPESTATUS[0]}', self.wisp.binary, binary="/bin/bash")
        self.assertEqual((done.status, len(done.stdout.splitlines()), done.stderr), (0, 1, ""), done)

    def test_wait_gives_the_status_of_a_job_that_has_ended(self):
        for status, expected in (("converged", 0), ("finished", 0), ("diverged", 1), ("failed", 1), ("cancelled", 130)):
            self.write_folder(status, status)
            self.assertEqual(self.check(expected, "wait", "-j", status, "--json").json(), {"status": status})
        self.write_folder("running", "killed", result=False)
        self.assertIn("the driver is gone", self.check(1, "wait", "-j", "killed").stderr)

    def test_down_is_idempotent(self):
        title = self.write_folder("converged")
        self.assertIn("no job is running", self.check(0, "down").stderr)
        self.assertIn(f"{title} is not running: converged", self.check(0, "down", "-j", "tiny", "--force").stderr)

    def test_the_state_folder_can_be_another(self):
        self.write_folder("converged")
        self.check(6, "ps", "--state-dir", self.wisp.folder / "elsewhere")
        self.check(0, "--state-dir", self.wisp.state / "wisp", "ps")


class RunningJob(Cli):
    """A job that would run for long, seen from other commands."""

    def setUp(self):
        super().setUp()
        self.wisp.write("long.yaml", """version: 1
name: long
problem: { kind: least-squares, l2: 0.5, data: { path: rows.libsvm } }
method: gd
actors: { worker: { replicas: 2 } }
stop: { time: 2h }
""")
        self.wisp.write("rows.libsvm", ROWS)
        self.run_ = self.wisp.start("run", "long.yaml")
        self.run_.wait_for(r"round \d+")

    def test_watched_and_ended(self):
        done = self.check(0, "ps")
        self.assertRegex(done.stdout, r"(?m)^worker-1 +worker/float64 +local +\d+ +running +1 +\d+s$")
        self.assertRegex(done.stderr, r"long-\w+: running \(driver \d+\)")
        seen = self.check(0, "inspect", "worker-1", "--json").json()
        self.assertEqual((seen["state"], seen["process"], seen["host"]), ("running", "worker-1", "local"))
        self.assertEqual([each["event"] for each in seen["events"]], ["started"])
        self.assertEqual((seen["config"]["replicas"], seen["config"]["isolation"]), (2, "process"))
        self.check(124, "wait", "--timeout", "200ms")
        logs = self.wisp.start("logs", "-f", "master")
        logs.wait_for("master#1@local")
        logs.send(signal.SIGINT)
        self.assertEqual(logs.wait().status, 130)
        waiting = self.wisp.start("wait")
        self.assertRegex(self.check(0, "down").stderr, r"long-\w+ is down: cancelled")
        self.assertEqual(waiting.wait().status, 143)
        self.assertEqual(self.run_.wait().status, 143)
        self.check(0, "down")

    def test_ended_by_force(self):
        self.check(0, "down", "--force")
        self.assertEqual(self.run_.wait().status, 143)


if __name__ == "__main__":
    wisp_test.main()
