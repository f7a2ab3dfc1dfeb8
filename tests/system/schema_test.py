"""The JSON Schema of job files agrees with wisp, and docs/job-file.md with the table of keys."""
import json
import os
import re

import job_schema
import wisp_test

EXAMPLES = wisp_test.SOURCE / "examples"
PAGE = wisp_test.SOURCE / "docs/job-file.md"
TABLE_COMMAND = "wisp list keys --markdown"

JOB = """version: 1
problem: { kind: logistic, l2: 1e-3, data: { path: rows.libsvm, dim: 20 }, optimum: 0.25 }
method: { kind: isega, step_size: paper, sparsifier: { kind: random-blocks, density: 1/n } }
actors: { worker: { replicas: 4 } }
stop: { gap: 1e-6, rounds: 50 }
"""


def with_line(*lines):
    return JOB + "\n".join(lines) + "\n"


def instead(old, new):
    assert JOB.count(old) == 1, old
    return JOB.replace(old, new)


GOOD = {
    "as it is": JOB,
    "bare words": instead("sparsifier: { kind: random-blocks, density: 1/n }", "sparsifier: random-blocks"),
    "a word for a method": re.sub("method:.*", "method: isega", JOB),
    "variables": instead("1e-3", '"${L2:-1e-3}"').replace("50", '"${R:-50}"').replace("isega", '"${M:-isega}"'),
    "a section that is a variable": with_line('launcher: "${L:-local}"'),
    "variables within text": with_line("name: a-${B:-b}-c", "seed: 1${DIGIT:-2}"),
    "numbers in quotes": instead("replicas: 4", 'replicas: "4"').replace("0.25", "'0.25'"),
    "text that looks like a number": with_line("name: 7"),
    "a version by which YAML sees a number": with_line("name: 1e-3-b"),
    "null is not given": with_line("seed: null", "launcher:", "network: ~").replace("density: 1/n", "density: null"),
    "one over N": instead("1e-3", "1/N"),
    "numbers of densities": instead("1/n", "0.25"),
    "percentages": instead("1/n", "12.5%"),
    "durations": with_line("timeouts: { start: 5m, shutdown_grace: 500ms }"),
    "sizes and ports": with_line("network: { max_message: 64MiB, ports: 1024-32767, transport: tcp }"),
    "rounds": with_line("evaluate: { every: 1 round }"),
    "seconds": with_line("evaluate: { every: 500ms }"),
    "checkpoints": with_line("checkpoint: { every: 10s, keep: 5, resume: ./job }"),
    "no checkpoints": with_line("checkpoint: never"),
    "no regular checkpoints": with_line("checkpoint: { every: never, resume: auto }"),
    "restarts": instead("replicas: 4", "replicas: 4, restart: { max: 5, within: 1m, backoff: 10ms }"),
    "no restarts": instead("worker:", "master: { restart: never }, worker:"),
    "no restarts, spelled out": instead("replicas: 4", "replicas: 4, restart: { kind: never, max: null }"),
    "lost hosts": with_line("failure: { on_host_lost: wait }"),
    "chaos": with_line("chaos:", "- { at: 30s, kill: worker-2, every: null }",
                       "- { every: 10s, kill: 'worker-*', until: 5m }",
                       "- { at: 1s, slow: '${W:-worker-0}', for: 5s, factor: 4 }",
                       "- { at: 1s, drop: 'host:local', for: 5s, rate: '0.5' }"),
    "no chaos": with_line("chaos: []"),
    "a list of hosts": with_line("hosts: [ 'n[1-2]', n9 ]"),
    "hosts": with_line("hosts: { 'n[01-16]': { slots: 2, address: 192.0.2.1 }, m: , '7': { ssh: { port: 22 } } }"),
    "ssh": with_line("ssh: { program: [ ssh, -4 ], options: { ServerAliveInterval: 5 }, connect_timeout: 3s }"),
    "a command": with_line("launcher: { kind: command, template: [ lxc, exec, '{host}', sh ] }", "hosts: [ n1 ]"),
    "slurm": with_line("launcher: slurm", "slurm: { partition: a, account: 7, time: 2h, nodes: 4, template: j.sh }"),
    "an environment": instead("replicas: 4", "replicas: 4, env: { A: 1, B: true, C: text, D: null }"),
    "x- keys": with_line("x-a: { anything: [ 1, $ ] }", "x-b: 1"),
    "anchors": with_line("x-grace: &grace 5s", "timeouts: { start: *grace }"),
    "vars": with_line("vars: { A: 1, B: text }"),
    "an include of nothing": with_line("include: []"),
    "a sweep": with_line("sweep: { seed: [ 1, 2 ], method: [ gd, { kind: isega, step_size: theory } ], dtype: }"),
    "what a sweep says": re.sub("method:.*", "sweep: { method: [ gd, isega ] }", JOB),
}

# Refused by both.
BAD = {
    "no version": JOB.replace("version: 1\n", ""),
    "another version": instead("version: 1", "version: 2"),
    "no problem": re.sub("problem:.*\n", "", JOB),
    "no method": re.sub("method:.*\n", "method:\n", JOB),
    "no kind": instead("kind: logistic, ", ""),
    "no kind of sparsifier": instead("kind: random-blocks, ", ""),
    "not a map": "- version: 1\n",
    "unknown key": with_line("sed: 7"),
    "unknown key in a section": instead("replicas: 4", "replica: 4"),
    "unknown key in a section of a section": instead("dim: 20", "dims: 20"),
    "a path for a key": with_line("stop.time: 5s"),
    "a key in the wrong place": instead("gap: 1e-6", "step_size: 1, gap: 1e-6"),
    "unknown method": instead("kind: isega", "kind: izega"),
    "unknown word for a problem": re.sub("problem:.*", "problem: logistik", JOB),
    "unknown sparsifier": instead("random-blocks", "top-kk"),
    "a list of methods": re.sub("method:.*", "method: [ gd ]", JOB),
    "unknown dtype": with_line("dtype: fp32"),
    "a word in capitals": with_line("dtype: Float32"),
    "unknown transport": with_line("network: { transport: udp }"),
    "a bare word for a plain section": with_line("network: tcp"),
    "a time without a unit": instead("rounds: 50", "time: 30"),
    "a time with an unknown unit": instead("rounds: 50", "time: 30d"),
    "a time of nothing": instead("rounds: 50", "time: 0s"),
    "half a time": instead("rounds: 50", "time: 1.5h"),
    "a size without a unit": with_line("network: { max_message: 1000000 }"),
    "a size with an unknown unit": with_line("network: { max_message: 64M }"),
    "rounds without a unit": with_line("evaluate: { every: 10 }"),
    "rounds in seconds": with_line("evaluate: { every: 10 s }"),
    "no checkpoint to keep": with_line("checkpoint: { keep: 0 }"),
    "checkpoints without a unit": with_line("checkpoint: { every: 50 }"),
    "a word for checkpoints": with_line("checkpoint: always"),
    "a number for restarts": instead("replicas: 4", "replicas: 4, restart: 3"),
    "restarts beside never": instead("replicas: 4", "replicas: 4, restart: { kind: never, max: 3 }"),
    "a time of nothing for restarts": instead("replicas: 4", "replicas: 4, restart: { within: 0s }"),
    "an unknown word for lost hosts": with_line("failure: { on_host_lost: retry }"),
    "chaos in a map": with_line("chaos: { at: 1s, kill: master }"),
    "chaos in words": with_line("chaos: [ kill ]"),
    "chaos without a time": with_line("chaos: [ { kill: master } ]"),
    "chaos with two times": with_line("chaos: [ { at: 1s, every: 1s, kill: master } ]"),
    "chaos of nothing": with_line("chaos: [ { at: 1s } ]"),
    "chaos of two things": with_line("chaos: [ { at: 1s, kill: master, stop: master, for: 1s } ]"),
    "chaos that does not say how": with_line("chaos: [ { at: 1s, drop: master, for: 1s } ]"),
    "chaos that says what it has not": with_line("chaos: [ { at: 1s, kill: master, for: 1s } ]"),
    "chaos that slows down nothing": with_line("chaos: [ { at: 1s, slow: master, for: 1s, factor: 1 } ]"),
    "one port": with_line("network: { ports: 20000 }"),
    "a port that is too low": with_line("network: { ports: 1023-2000 }"),
    "a port that is too high": with_line("network: { ports: 20000-40000 }"),
    "no replicas": instead("replicas: 4", "replicas: 0"),
    "too many replicas": instead("replicas: 4", "replicas: 65536"),
    "half a replica": instead("replicas: 4", "replicas: 1.5"),
    "replicas in words": instead("replicas: 4", "replicas: four"),
    "an octal number in quotes": instead("replicas: 4", "replicas: '010'"),
    "a negative seed": with_line("seed: -1"),
    "a seed of more than 64 bits": with_line("seed: 36893488147419103232"),
    "a step that is too small": instead("step_size: paper", "step_size: 0"),
    "a step that is no word of ours": instead("step_size: paper", "step_size: papers"),
    "a negative weight": instead("1e-3", "-1e-3"),
    "a density of nothing": instead("1/n", "0"),
    "a density of too much": instead("1/n", "1.5"),
    "a density by the rows": instead("1/n", "1/N"),
    "a gap that is text": instead("1e-6", "small"),
    "a diverged of one": instead("gap: 1e-6", "gap: 1e-6, diverged: 1"),
    "a switch that is a word": instead("replicas: 4", "replicas: 4, placement: { kind: pack, oversubscribe: yes }"),
    "a switch that is a number": instead("replicas: 4", "replicas: 4, placement: { kind: pack, oversubscribe: 1 }"),
    "a map for a value": instead("replicas: 4", "replicas: { of: 4 }"),
    "a list for a value": with_line("name: [ a ]"),
    "a value for a section": re.sub("stop:.*", "stop: 50", JOB),
    "a value for a list": with_line("hosts: [ n1 ]", "ssh: { program: ssh }"),
    "an empty list": with_line("hosts: [ n1 ]", "ssh: { program: [] }"),
    "a list in a list": with_line("hosts: [ n1 ]", "ssh: { program: [ [ ssh ] ] }"),
    "nothing in a list": with_line("hosts: [ n1, null ]"),
    "a host that is an option": with_line("hosts: { -oProxyCommand: {} }"),
    "a host with a blank": with_line("hosts: [ n 1 ]"),
    "a word for hosts": with_line("hosts: n1"),
    "a word for a host": with_line("hosts: { n1: 4 }"),
    "a user with a blank": with_line("hosts: { n1: { ssh: { user: 'a b' } } }"),
    "a port of ssh that is too high": with_line("hosts: { n1: { ssh: { port: 65536 } } }"),
    "a jump without a host": with_line("hosts: { n1: { ssh: { proxy_jump: 'u@' } } }"),
    "a workdir that is relative": with_line("deploy: { workdir: work }"),
    "an address that is a name": with_line("hosts: { n1: { address: node1.lab } }"),
    "a subnet without its size": with_line("network: { subnet: 192.0.2.0 }"),
    "a name with a dot": with_line("name: a.b"),
    "a name that is too long": with_line("name: " + 65 * "a"),
    "a variable's name with a dash": instead("replicas: 4", "replicas: 4, env: { A-B: 1 }"),
    "a list as an environment": instead("replicas: 4", "replicas: 4, env: [ A ]"),
    "an option of ssh with a blank": with_line("ssh: { options: { 'Port 22': 1 } }"),
    "a command that is not said": with_line("launcher: command", "hosts: [ n1 ]"),
    "a command without its words": with_line("launcher: { kind: command }", "hosts: [ n1 ]"),
    "a command for another launcher": with_line("launcher: { kind: ssh, template: [ '{host}' ] }", "hosts: [ n1 ]"),
    "no nodes": with_line("launcher: slurm", "slurm: { nodes: 0 }"),
    "a time of Slurm's own": with_line("launcher: slurm", "slurm: { time: '1-00:00:00' }"),
    "a lone dollar": instead("rows.libsvm", "$DATA"),
    "a path of nothing": instead("rows.libsvm", "''"),
    "an include that is a word": with_line("include: other.yaml"),
    "vars in a list": with_line("vars: [ A ]"),
    "a sweep of no lists": with_line("sweep: { seed: 1 }"),
    "a sweep in a list": with_line("sweep: [ seed ]"),
    "a variable of more than text": with_line("vars: { A: [ 1 ] }"),
    "an actor of one's own": instead("replicas: 4 }", "replicas: 4 }, evaluator: { class: 'my::Evaluator' }"),
    "an actor without a class": "version: 1\nactors: { evaluator: { main: true } }\n",
    "a class that no plugin brings": "version: 1\nactors: { evaluator: { class: 'my::Evaluator', main: true } }\n",
}

# What a schema can't know, and wisp refuses: each with why.
WISP_ALONE = {
    "what theory forbids: gd sends all": instead("kind: isega", "kind: gd"),
    "several keys: a gap needs an optimum": instead(", optimum: 0.25", ""),
    "several keys: something must stop a job": re.sub("stop:.*", "stop: { diverged: 1e4 }", JOB),
    "several keys: more workers than slots": with_line("hosts: { n1: { slots: 2 } }"),
    "several keys: hosts that the job has not": instead("replicas: 4", "replicas: 4, placement: { hosts: [ m ] }"),
    "several keys: a master's host that the job has not": instead("worker:", "master: { host: m }, worker:"),
    "several keys: rows from a file and made": instead("dim: 20", "dim: 20, format: synthetic"),
    "several keys: a tunnel in plaintext": with_line("network: { tunnel: true, security: plaintext }"),
    "limits of numbers: an address that can't be": with_line("hosts: { n1: { address: 192.0.2.256 } }"),
    "limits of numbers: a subnet of more bits than there are": with_line("network: { subnet: 192.0.2.0/33 }"),
    "several keys: restarts of a run whose order is recorded": with_line("record: r", "checkpoint: { keep: 2 }"),
    "several keys: chaos for nobody": with_line("chaos: [ { at: 1s, kill: worker-9 } ]"),
    "several keys: a host twice": with_line("hosts: { 'n[1-2]': {}, n2: {} }"),
    "several keys: a command that leads to one host only": with_line("launcher: { kind: command, template: [ sh ] }",
                                                                     "hosts: [ n1 ]"),
    "several keys: ssh where it is not taken": with_line("launcher: slurm", "ssh: { program: [ ssh ] }"),
    "several keys: slurm where it is not taken": with_line("slurm: { nodes: 2 }"),
    "order of numbers: the last port before the first": with_line("network: { ports: 20063-20000 }"),
    "limits of units: a size that is too small": with_line("network: { max_message: 1KiB }"),
    "limits of units: more than all": instead("1/n", "150%"),
    "spelling of a number: a reader of YAML takes it for 8": instead("replicas: 4", "replicas: 010"),
    "spelling of a number: a whole one with an exponent": instead("replicas: 4", "replicas: 1e1"),
    "spelling of a number: in base 16": instead("replicas: 4", "replicas: 0x4"),
    "spelling of a number: no number": instead("gap: 1e-6", "gap: .inf"),
    "spelling of a truth value": instead("replicas: 4", "replicas: 4, placement: { kind: pack, oversubscribe: True }"),
    "a variable that is not set": instead("1e-3", '"${NOWHERE}"'),
    "a variable of the wrong kind": instead("1e-3", '"${L2:-much}"'),
    "a pattern of hosts that counts down": with_line("hosts: [ 'n[3-1]' ]"),
    "a key of a sweep": with_line("sweep: { sed: [ 1 ] }"),
    "what a file includes": "include: [ nothing.yaml ]\n",
}

VALUES = ["null", "true", "0", "1", "-1", "0.5", "70000", "1e30", "word", "''", "a b", "/a/path", "~/a", "[]",
          "[ a ]", "[ null ]", "{}", "{ kind: a }", "{ A: b }", "{ 'a b': c }", "10s", "64MiB", "10 rounds",
          "20000-20063", "1/n", "1/N", "50%", "theory", "solve", "process", "u@h:22", "2001:db8::1", '"${V:-1}"',
          '"$$"', '"$"']

HOST_NAMES = ["ssh.hostname", "ssh.user", "ssh.proxy_jump"]


class Schema(wisp_test.TestCase):
    def setUp(self):
        super().setUp()
        if job_schema.MISSING:
            self.skipTest(job_schema.MISSING)
        self.schema = job_schema.Schema(self.wisp.run("config", "--schema").stdout)

    def check(self, text):
        """The exit status of `wisp config`, and what the schema says."""
        self.wisp.write("job.yaml", text)
        done = self.wisp.run("config", "job.yaml")
        self.assertIn(done.status, (0, 3), done)
        return done, self.schema.errors(text)

    def test_examples(self):
        for path in EXAMPLES.glob("*.yaml"):
            with self.subTest(path.name):
                self.assertEqual(self.schema.errors(path.read_text()), [])
                done = self.wisp.run("config", path, "--format", "json")
                self.assertEqual(done.status, 0, done)
                self.assertEqual(self.schema.errors(done.stdout), [], "the resolved file")

    def test_good_files_are_taken_by_both(self):
        for name, text in GOOD.items():
            with self.subTest(name):
                done, errors = self.check(text)
                self.assertEqual((done.status, errors), (0, []), f"{text}\n{done}")

    def test_bad_files_are_refused_by_both(self):
        for name, text in BAD.items():
            with self.subTest(name):
                done, errors = self.check(text)
                self.assertEqual(done.status, 3, f"{text}\n{done}")
                self.assertNotEqual(errors, [], f"{text}\n{done}")

    def test_what_only_wisp_can_know(self):
        for name, text in WISP_ALONE.items():
            with self.subTest(name):
                done, errors = self.check(text)
                self.assertEqual((done.status, errors), (3, []), f"{text}\n{done}")

    def test_a_file_that_includes_another_need_not_be_complete(self):
        self.wisp.write("base.yaml", JOB)
        for more in ("stop: { rounds: 7 }", "method: { step_size: 0.1 }", "version:", "problem: null"):
            self.assertEqual(self.schema.errors(f"include: [ base.yaml ]\n{more}\n"), [], more)
        done, errors = self.check("include: [ base.yaml ]\nstop: { round: 7 }\n")
        self.assertEqual(done.status, 3, done)
        self.assertEqual([path for path, _ in errors], ["stop"])

    def leaves(self):
        """The paths of all keys that hold a value, in a job with a host n1."""
        rows = json.loads(self.wisp.run("list", "keys", "--json").stdout)
        lists = ("actors.*", "chaos.*")  # of others, and with rules of their own
        paths = [row["key"].replace("hosts.*", "hosts.n1") for row in rows if not row["key"].startswith(lists)]
        sections = {path.rpartition(".")[0] for path in paths}
        special = {"include", "vars", "plugins", "sweep"}  # read before the others
        special |= {row["key"] for row in rows if row["description"].startswith("of ")}  # one kind has them
        return [each for each in paths if each not in sections | special and not each.endswith(".kind")]

    def job_of(self, leaves, value):
        """(text, {line: path}) of a job in which each key has this value."""
        kinds = {"problem": "logistic", "method": "isega", "method.sparsifier": "random-blocks", "launcher": "command"}
        lines, paths, open_sections = [], {}, []
        for path in leaves:
            *sections, name = path.split(".")
            for depth, section in enumerate(sections):
                if open_sections[:depth + 1] != sections[:depth + 1]:
                    lines.append("  " * depth + f"{section}:")
                    kind = kinds.get(".".join(sections[:depth + 1]))
                    lines += ["  " * (depth + 1) + f"kind: {kind}"] if kind else []
                    open_sections = sections[:depth + 1]
            open_sections = sections
            lines.append("  " * len(sections) + f"{name}: {value}")
            paths[len(lines)] = path
        return "\n".join(lines) + "\n", paths

    def refused_by_wisp_alone(self, leaves, value, about_the_value):
        """The keys that wisp refuses this value for, and the schema does not; the other way round there is none."""
        text, paths = self.job_of(leaves, value)
        self.wisp.write("job.yaml", text)
        done = self.wisp.run("config", "job.yaml", "--json")
        mistakes = json.loads(done.stdout)["errors"] if done.status == 3 else []
        by_wisp = {paths.get(each["line"]) for each in mistakes if about_the_value.search(each["message"])}
        by_schema = {path for path, _ in self.schema.errors(text)}
        by_schema = {leaf for leaf in leaves for path in by_schema if path == leaf or path.startswith(leaf + ".")}
        messages = {each["message"] for each in mistakes}
        by_wisp |= {leaf for leaf in by_schema if f"'{leaf}' is missing" in messages}  # where its section stands
        self.assertEqual(by_schema - by_wisp, set(), f"refused by the schema alone: {value}\n{done}")
        return by_wisp - by_schema - {None}

    def test_every_key_with_all_sorts_of_values(self):
        leaves = self.leaves()
        self.assertGreater(len(leaves), 40)
        about_the_value = re.compile("must be|needs a unit|^unknown|is empty|is no(t| host)|is missing|a lone")
        only_wisp = set()
        half = len(leaves) // 2  # wisp says the first 100 mistakes
        for value in VALUES:
            for part in (leaves[:half], leaves[half:]):
                only_wisp |= {(path, value) for path in self.refused_by_wisp_alone(part, value, about_the_value)}
        only_wisp = {(path, value) for path, value in only_wisp if "${" not in value}  # what comes out isn't known
        # Text that YAML takes for a number, where not all texts fit.
        names = ["actors.master.host", "network.interface", *(f"hosts.n1.{key}" for key in HOST_NAMES)]
        self.assertEqual(only_wisp, {("name", "0.5")} | {(each, "-1") for each in names})


class Page(wisp_test.TestCase):
    def test_holds_the_table_of_keys(self):
        table = self.wisp.run("list", "keys", "--markdown").stdout
        text = PAGE.read_text()
        before, mark, _ = text.partition(f"<!-- {TABLE_COMMAND} -->\n")
        self.assertTrue(mark, f"{PAGE.name} has no line {TABLE_COMMAND}")
        if os.environ.get("WISP_UPDATE_DOCS"):
            PAGE.write_text(before + mark + table)
        self.assertEqual(PAGE.read_text(), before + mark + table, "repeat with WISP_UPDATE_DOCS=1 in the environment")


if __name__ == "__main__":
    wisp_test.main()
