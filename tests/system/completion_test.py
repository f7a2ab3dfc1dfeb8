"""What shells offer at TAB: their scripts, with the words that a shell would hand them."""
import json
import os
import shutil
import subprocess

import wisp_test

ASK = """
source <(wisp completion bash)
COMP_WORDS=("$@")
COMP_CWORD=$(( $# - 1 ))
_wisp wisp "${COMP_WORDS[COMP_CWORD]#=}" "${COMP_WORDS[COMP_CWORD - 1]}"
(( ${#COMPREPLY[@]} )) && printf '%s\\n' "${COMPREPLY[@]}"
true
"""


class Completion(wisp_test.TestCase):
    def shell(self, program, *args):
        env = self.wisp.env()
        env["PATH"] = os.path.dirname(self.wisp.binary) + ":" + env["PATH"]
        return subprocess.run([program, *args], env=env, cwd=self.wisp.folder, stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=30)

    def offered(self, *words):
        done = self.shell("bash", "--norc", "-c", ASK, "bash", "wisp", *words)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return done.stdout.splitlines()

    def write_job(self):
        actors = [{"name": name, "host": "local", "state": "exited", "started": "2026-03-01T02:13:00Z"}
                  for name in ("master", "worker-0", "worker-1")]
        state = {"job": "tiny", "id": "12ab34cd", "status": "failed", "started": "2026-03-01T02:13:00Z",
                 "actors": actors}
        self.wisp.write("state/wisp/jobs/tiny-12ab34cd/state.json", json.dumps(state))

    def test_bash_completes_commands_and_options(self):
        self.assertEqual(self.offered("ins"), ["inspect"])
        self.assertEqual(self.offered("run", "--det"), ["--detach"])
        self.assertEqual(self.offered("run", "--detach", "--req"), ["--require-gap"])
        self.assertEqual(self.offered("list", "me"), ["methods"])
        self.assertEqual(self.offered("nonsense", "--nothing-begins-so"), [])
        commands = self.wisp.run("help").stdout.split("Commands:\n")[1].split("\n\n")[0].splitlines()
        self.assertEqual(self.offered(""), [line.split()[0] for line in commands])

    def test_bash_takes_the_equals_sign_for_a_word(self):
        self.assertEqual(self.offered("ps", "--color", "al"), ["always"])
        self.assertEqual(self.offered("ps", "--color", "=", "al"), ["always"])
        self.assertEqual(self.offered("ps", "--color", "="), ["auto", "always", "never"])

    def test_bash_completes_jobs_actors_and_files(self):
        self.write_job()
        self.wisp.write("a job.yaml", "")
        self.assertEqual(self.offered("ps", "-j", "ti"), ["tiny-12ab34cd"])
        self.assertEqual(self.offered("logs", "-f", "worker-"), ["worker-0", "worker-1"])
        self.assertEqual(self.offered("inspect", "-j", "tiny", "m"), ["master"])
        self.assertEqual(self.offered("run", "a"), ["a job.yaml"])
        self.assertEqual(self.offered("ps", "--job", "=", "a"), ["a job.yaml"])

    def test_without_a_job_nothing_is_offered_and_nothing_said(self):
        self.assertEqual(self.offered("logs", ""), [])

    def test_other_shells_can_read_their_scripts(self):
        shells = [each for each in ("zsh", "fish") if shutil.which(each)]
        if not shells:
            self.skipTest("there is neither zsh nor fish")
        for shell in shells:
            self.wisp.write("script", self.wisp.run("completion", shell).stdout)
            done = self.shell(shell, "-n", "script")
            self.assertEqual((done.returncode, done.stderr), (0, ""))

    def test_an_unknown_shell(self):
        done = self.wisp.run("completion", "tcsh")
        self.assertEqual(done.status, 2)
        self.assertIn("tcsh", done.stderr)


if __name__ == "__main__":
    wisp_test.main()
