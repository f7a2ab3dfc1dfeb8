"""`wisp doctor` on hosts that are well, and on hosts with each kind of trouble."""
import time

import ssh_test

JOB = """version: 1
problem: { kind: logistic, l2: 0.1, data: { format: synthetic, rows: 60, dim: 12 } }
method: gd
stop: { rounds: 1 }
"""


class Doctor(ssh_test.OnHosts):
    def doctor(self, *hosts, args=()):
        self.wisp.write("job.yaml", JOB + "hosts: { " + ", ".join(f"{each}: {{}}" for each in hosts) + " }\n")
        return self.wisp.run("doctor", "job.yaml", *self.settings(), *args, timeout=60)

    def rows(self, done):
        return {(each["host"], each["check"]): each for each in done.json()["checks"]}

    def test_good_hosts(self):
        done = self.doctor("n1", "n2")
        self.assertEqual(done.status, 0, done)
        self.assertRegex(done.stdout, r"(?m)^HOST +CHECK +RESULT +DETAIL$")
        self.assertRegex(done.stdout, rf"(?m)^n2 +connection +ok +{self.sshd.addresses[1]}$")
        self.assertRegex(done.stdout, r"(?m)^n1 +libc +ok +glibc [\d.]+, [\d.]+ is needed$")
        self.assertRegex(done.stdout, r"(?m)^n1 +clock +ok +[+-]\d+ ms$")
        self.assertRegex(done.stdout, r"(?m)^n1 +sshd +ok +\S")
        self.assertRegex(done.stdout, r"(?m)^n1 +program +ok +this version was brought$")
        for name, address in [("n1", self.sshd.addresses[0]), ("n2", self.sshd.addresses[1]),
                              ("this machine", "127.0.0.1")]:
            self.assertRegex(done.stdout, rf"(?m)^{name} +ports +ok +{address} \(20000-32767\) is reached by all$")
        self.assertIn("all is well", done.stderr)
        self.assertRegex(self.doctor("n1").stdout, r"(?m)^n1 +program +ok +this version was there$")
        self.assertEqual(len(list((self.workdir / "bundles").iterdir())), 1, "as a job would bring it")
        self.assertEqual(self.wisp.alive(), {})
        self.assertEqual(list(self.wisp.runtime.iterdir()), [])

    def test_each_kind_of_trouble_at_once(self):
        begin = time.monotonic()
        done = self.doctor("n1", "closed", "nokey", "newhost", "wronghost", "nowhere.invalid", args=["--json"])
        self.assertLess(time.monotonic() - begin, 30)
        self.assertEqual((done.status, done.json()["ok"]), (4, False), done)
        rows = self.rows(done)
        self.assertEqual(rows["n1", "agent"]["result"], "ok", "the others do not disturb it")
        for host, check, words in (("closed", "connection", "Connection refused"),
                                   ("nokey", "login", "Permission denied (publickey)"),
                                   ("newhost", "host key", "Host key verification failed"),
                                   ("wronghost", "host key", "the host key has changed"),
                                   ("nowhere.invalid", "name", "Could not resolve hostname")):
            row = rows[host, check]
            self.assertEqual(row["result"], "fail", row)
            self.assertIn(words, row["detail"])
            self.assertIn(host, row["remedy"])
            self.assertEqual(rows[host, "agent"]["result"], "skipped")
        for row in rows.values():
            self.assertEqual(bool(row["remedy"]), row["result"] in ("warn", "fail"), row)

    def test_a_work_directory_that_can_not_be(self):
        self.wisp.write("work", "a file")
        done = self.doctor("n1", args=["--json"])
        self.assertEqual(done.status, 4, done)
        self.assertEqual(self.rows(done)["n1", "disk"]["result"], "fail")
        self.assertIn(str(self.workdir), self.rows(done)["n1", "disk"]["remedy"])
        self.assertRegex(self.doctor("n1").stderr, "failed: 1, warnings: 0")

    def test_a_slow_host_is_waited_for_aloud(self):
        script = self.wisp.write("slow-ssh", "#!/bin/sh\nexec sleep 1000\n")
        script.chmod(0o700)
        done = self.doctor("n1", args=["--set", f"ssh.program=[{script}]", "--set", "timeouts.start=5s"])
        self.assertEqual(done.status, 4, done)
        self.assertRegex(done.stderr, r"waiting for n1: ssh connecting \(3 s of 5 s\)")
        self.assertRegex(done.stdout, r"(?m)^n1 +connection +fail +no answer within 5s$")

    def test_without_a_file_this_machine_alone(self):
        done = self.wisp.run("doctor")
        self.assertEqual(done.status, 0, done)
        self.assertEqual({line.split()[0] for line in done.stdout.splitlines()[1:]}, {"local"})
        self.assertEqual(self.wisp.run("doctor", "none.yaml").status, 3)


if __name__ == "__main__":
    ssh_test.wisp_test.main()
