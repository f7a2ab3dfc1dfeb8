"""Values of a job file that look like commands, options or ways out of a folder: an error or plain text, never more."""
import ssh_test
import wisp_test

MARK = "made-by-injection"
# What a shell, ssh or a path would make something of. Each makes a file called MARK if it is let.
EVIL = {
    "substitution": "$(touch {mark})", "backticks": "`touch {mark}`", "semicolon": "; touch {mark};",
    "pipe": "x | touch {mark}", "background": "x & touch {mark} &", "newline": "x\ntouch {mark}\n",
    "single quote": "'; touch {mark}; '", "double quote": '"; touch {mark}; "', "redirection": "x > {mark}",
    "option": "-oProxyCommand=touch {mark}", "option without blanks": "-oProxyCommand=touch$IFS{mark}",
    "other folder": "../../{mark}", "absolute": "/x/{mark}", "NUL": "x\0touch {mark}", "escape": "\033]0;{mark}\007",
    "long": "x" * 300 + "{mark}"}
# Where a name or an address is expected: key by key, with what the error begins with.
NAMED = [
    ("name", "name: %s"),
    ("hosts.h1.address", "hosts: { h1: { address: %s } }"),
    ("hosts.h1.ssh.hostname", "hosts: { h1: { ssh: { hostname: %s } } }"),
    ("hosts.h1.ssh.user", "hosts: { h1: { ssh: { user: %s } } }"),
    ("hosts.h1.ssh.proxy_jump", "hosts: { h1: { ssh: { proxy_jump: %s } } }"),
    ("hosts.h1.ssh.port", "hosts: { h1: { ssh: { port: %s } } }"),
    ("hosts", "hosts: { %s: {} }"),
    ("hosts", "hosts: [ %s ]"),
    ("actors.master.host", "actors: { master: { host: %s } }"),
    ("actors.worker.placement.hosts", "actors: { worker: { placement: { kind: spread, hosts: [ %s ] } } }"),
    ("actors.worker.env", "actors: { worker: { env: { %s: 1 } } }"),
    ("ssh.options", "ssh: { options: { %s: x } }"),
    ("network.ports", "network: { ports: %s }"),
    ("network.security", "network: { security: %s }"),
    ("method", "method: %s"),
]
JOB = """version: 1
problem: { kind: logistic, l2: 0.1, data: { format: synthetic, rows: 60, dim: 12 } }
method: gd
stop: { rounds: 2 }
"""


def quoted(text):
    """As a double-quoted scalar of YAML."""
    out = "".join(f"\\x{ord(c):02x}" if ord(c) < 32 else "\\" + c if c in '"\\' else c for c in text)
    return f'"{out.replace("$", "$$")}"'


class Injection(ssh_test.OnHosts):
    def evil(self, text):
        return text.replace("{mark}", str(self.wisp.folder / MARK))

    def assert_nothing_made(self, what):
        self.assertEqual(list(self.wisp.folder.rglob(f"*{MARK}*")), [], what)
        self.assertEqual(self.wisp.jobs(), [], f"no job folder for a job that can't be: {what}")

    def test_names_are_names(self):
        for kind, text in EVIL.items():
            for key, line in NAMED:
                value = line.replace("%s", quoted(self.evil(text)))
                kept = [each for each in JOB.splitlines() if not value.startswith(each.split(":")[0] + ":")]
                job = self.wisp.write("job.yaml", "\n".join([*kept, value, ""]))
                done = self.wisp.run("run", job, *self.settings())
                what = f"{kind} in {value}: {done}"
                self.assertEqual((done.status, done.stdout), (3, ""), what)
                self.assertRegex(done.stderr, r"(?m)^(\S*/)?job\.yaml:\d+:\d+: error: ", what)
                self.assertNotRegex(done.stderr, r"[\x00-\x09\x0b-\x1f]", "what is shown of it is safe for a terminal")
            self.assert_nothing_made(kind)

    def test_actors_of_ones_own_and_arguments(self):
        for kind, text in EVIL.items():
            value = self.evil(text)
            self.wisp.write("job.yaml", f"version: 1\nactors: {{ {quoted(value)}: {{ class: x, main: true }} }}\n")
            done = self.wisp.run("run", "job.yaml")
            self.assertEqual(done.status, 3, f"{kind}: {done}")
            if "\0" in value:
                continue  # no argument holds one
            self.wisp.write("job.yaml", JOB)
            for words, status in [(["run", "job.yaml", "--set", f"name={value}"], (2, 3)),
                                  (["run", "job.yaml", "--set", f"{value}=1"], (2, 3)),
                                  (["run", "job.yaml", "--var", value], (2, 3)),
                                  (["logs", "-j", value], (2, 6)), (["ps", "-j", value], (2, 6)),
                                  (["down", "-j", value], (2, 3, 6))]:
                done = self.wisp.run(*words)
                self.assertIn(done.status, status, f"{kind}: {done}")
        self.assert_nothing_made("arguments")

    def test_text_is_text(self):
        """What may be any text gets where it is meant for, and nothing else is done with it: a job runs on hosts."""
        mark = self.wisp.folder / MARK
        evil = f"$(touch {mark})`touch {mark}`; touch {mark} | touch {mark} & '\"\\ %h -oProxyCommand=touch"
        workdir = self.wisp.folder / f"w $(touch {MARK}) `touch {MARK}`;'\"*?[x]"
        self.wisp.write("job.yaml", JOB.replace("stop:", f"vars: {{ EVIL: {quoted(evil)} }}\nstop:") + f"""
hosts: {{ n1: {{ slots: 2 }}, n2: {{ slots: 4 }} }}
actors:
  master: {{ host: n1, env: {{ EVIL: "${{EVIL}}" }} }}
  worker: {{ replicas: 2, env: {{ EVIL: {quoted(evil)}, LD_X: "-x" }} }}
deploy: {{ workdir: {quoted(str(workdir))} }}
ssh: {{ options: {{ SetEnv: {quoted('EVIL="' + evil.replace(chr(34), "") + '"')} }} }}
""")
        done = self.wisp.run("run", "job.yaml", "--set", f"ssh.config_file={self.sshd.ssh_config}", timeout=60)
        self.assertEqual(done.status, 0, done)
        self.assertTrue((workdir / "bundles").is_dir(), "it is where it was to be")
        self.assertFalse(mark.exists())
        self.assertEqual([path for path in self.wisp.folder.rglob(MARK)], [])
        self.assertEqual(self.wisp.wait_gone(2), {})

    def test_ways_out_of_a_job_folder(self):
        """Names of actors and attempts that `logs` and `inspect` would look for elsewhere."""
        self.wisp.write("job.yaml", JOB)
        self.assertEqual(self.wisp.run("run", "job.yaml").status, 0)
        (self.wisp.state / "secret").mkdir()
        (self.wisp.state / "secret/1.log").write_text("2026-03-01T02:13:07.123Z x#1@y - info | outside\n")
        for name in ["../../../../secret", str(self.wisp.state / "secret"), "../logs/../../../../secret", ".."]:
            for words in [["logs", name], ["inspect", name]]:
                done = self.wisp.run(*words)
                self.assertNotIn("outside", done.stdout + done.stderr)
                self.assertNotEqual(done.status, 0, done)


if __name__ == "__main__":
    wisp_test.main()
