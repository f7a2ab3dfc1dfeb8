"""Jobs on hosts that a command of the job file leads to. Here it leads to this machine; no root needed."""
import signal

import job_files
import wisp_test

HOSTS = """
launcher: { kind: command, template: [ env, "WISP_TEST_HOST={host}", sh ] }
hosts: { a: { slots: 2, address: 127.0.0.1 }, b: { slots: 2, address: 127.0.0.2 } }
actors: { master: { restart: never }, worker: { replicas: 4, restart: never } }
"""
ENDLESS = job_files.ENDLESS.replace(job_files.ACTORS, HOSTS)
SHORT = ENDLESS.replace("1000000000", "200")


class ByCommand(wisp_test.TestCase):
    def run_there(self, text, *args):
        self.wisp.write("job.yaml", text)
        return self.wisp.run("run", "job.yaml", "--set", f"deploy.workdir={self.wisp.folder}/work", *args, timeout=60)

    def test_computes_what_this_machine_does(self):
        self.wisp.write("here.yaml", SHORT.replace(HOSTS, "actors: { worker: { replicas: 4 } }\n"))
        here = self.wisp.run("run", "here.yaml", "--json", timeout=60)
        there = self.run_there(SHORT, "--json")
        self.assertEqual((there.status, there.json()["status"]), (0, "finished"), there)
        self.assertEqual(there.json()["iterate_hash"], here.json()["iterate_hash"])
        self.assertEqual(len(list((self.wisp.folder / "work/bundles").iterdir())), 1, "the program was brought there")
        self.assertEqual(self.wisp.wait_gone(2), {})

    def test_killed_driver_leaves_nothing(self):
        self.wisp.write("endless.yaml", ENDLESS)
        running = self.wisp.start("run", "endless.yaml", "--set", f"deploy.workdir={self.wisp.folder}/work")
        running.wait_for("^round [1-9]", 40)
        agents = [command for command in self.wisp.alive().values() if command.endswith("/bin/wisp agent")]
        self.assertEqual(len(agents), 2, agents)
        running.send(signal.SIGKILL)
        running.wait(5)
        self.assertEqual(self.wisp.wait_gone(15), {})

    def test_command_that_fails_is_named_with_its_words(self):
        done = self.run_there(SHORT.replace("[ env, ", "[ env, --no-such-option, "))
        self.assertEqual(done.status, 4, done)
        self.assertRegex(done.stderr, r"(?m)^  a: env ended \(exit status 125\) before a shell could answer\n"
                                      r" +env: unrecognized option '--no-such-option'")
        self.assertRegex(done.stderr, "`env --no-such-option WISP_TEST_HOST=a sh` must start a shell there")
        self.assertEqual(self.wisp.result()["status"], "failed")

    def test_host_without_an_address_is_named_with_the_key(self):
        done = self.run_there(SHORT.replace("a: { slots: 2, address: 127.0.0.1 }", "a.invalid: { slots: 2 }"))
        self.assertEqual(done.status, 4, done)
        self.assertRegex(done.stderr, r"cannot start on a\.invalid: it has no address that is known here\n(.*\n)+"
                                      r" +set hosts\.a\.invalid\.address")
        self.assertEqual(self.wisp.wait_gone(2), {})

    def test_doctor_goes_the_same_way(self):
        self.wisp.write("job.yaml", SHORT)
        done = self.wisp.run("doctor", "job.yaml", "--set", f"deploy.workdir={self.wisp.folder}/work", "--json",
                             timeout=60)
        checks = {(each["host"], each["check"]): each["result"] for each in done.json()["checks"]}
        self.assertEqual([check for host, check in checks if host == "b"],
                         ["env", "shell", "machine", "libc", "tools", "disk", "program", "agent", "clock", "ports"],
                         done)
        self.assertEqual(checks["a", "agent"], "ok", done)


if __name__ == "__main__":
    wisp_test.main()
