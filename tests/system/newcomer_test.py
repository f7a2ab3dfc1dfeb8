"""What people do on their first day: odd sizes, odd files, odd terminals, no home."""
import fcntl
import json
import os
import pty
import select
import signal
import struct
import subprocess
import termios

import job_files
import wisp_test

SHORT = job_files.ENDLESS.replace("name: endless\n", "").replace("1000000000", "50").replace("kind: gd", "kind: isega")


class Sizes(wisp_test.TestCase):
    def run_short(self, *args, timeout=60):
        self.wisp.write("short.yaml", SHORT)
        done = self.wisp.run("run", "short.yaml", "--json", *args, timeout=timeout)
        self.assertEqual((done.status, done.json()["rounds"]), (0, 50), done)
        return done.json()

    def test_many_workers(self):
        processes = self.run_short("--workers", "64")
        threads = self.run_short("--workers", "64", "--set", "actors.worker.isolation=thread")
        self.assertEqual(processes["workers"], 64)
        self.assertEqual(processes["iterate_hash"], threads["iterate_hash"])

    def test_one_worker_and_one_dimension(self):
        self.assertEqual(self.run_short("--workers", "1")["workers"], 1)
        self.assertEqual(self.run_short("--set", "problem.data.dim=1")["dim"], 1)

    def test_summary_of_one_worker(self):
        self.wisp.write("short.yaml", SHORT)
        done = self.wisp.run("run", "short.yaml", "--workers", "1", "--set", "method.indices=raw")
        self.assertIn("isega, 1 worker, dimension 50", done.stdout)
        self.assertRegex(done.stdout, r"(?m)^uplink .*x dense: block numbers cost more than they save")


class Files(wisp_test.TestCase):
    def check(self, content, says):
        (self.wisp.folder / "odd.yaml").write_bytes(content)
        done = self.wisp.run("run", "odd.yaml")
        self.assertEqual(done.status, 3, done)
        self.assertRegex(done.stderr, r"\Aodd.yaml(:\d+:\d+)?: error: " + says)
        self.assertEqual(self.wisp.jobs(), [])

    def test_that_are_no_job(self):
        self.check(b"", "the file is empty; a job begins with 'version: 1'")
        self.check(b"[1, 2]\n", "a job file is a map of keys")
        self.check(b"version: 1\n", "'problem' is missing")
        self.check(b"\x7fELF\x02\x01\x01\x00\xff\xfe", "not UTF-8 text")
        self.check(b"a: [1\n", "")

    def test_windows_line_ends(self):
        (self.wisp.folder / "crlf.yaml").write_bytes(SHORT.replace("\n", "\r\n").encode())
        self.assertEqual(self.wisp.run("run", "crlf.yaml").status, 0)

    def test_folder_in_place_of_a_file(self):
        (self.wisp.folder / "rows.libsvm").mkdir()
        self.wisp.write("job.yaml", job_files.FROM_FILE)
        done = self.wisp.run("run", "job.yaml")
        self.assertEqual(done.status, 3, done)
        self.assertRegex(done.stderr, r"rows.libsvm: error: Is a directory; set problem.data.path")
        self.assertEqual(self.wisp.run("run", ".").status, 3)

    def test_name_of_the_job_is_the_files(self):
        self.wisp.write("we ird.job.yaml", SHORT)
        done = self.wisp.run("run", "we ird.job.yaml", "--json")
        self.assertRegex(done.json()["job_id"], r"^we-ird-job-[0-9a-f]{8}$")
        self.assertEqual(self.wisp.run("ps", "-j", "we ird.job.yaml").status, 0)

    def test_data_that_never_comes(self):
        os.mkfifo(self.wisp.folder / "rows.libsvm")
        self.wisp.write("job.yaml", job_files.FROM_FILE)
        running = self.wisp.start("run", "job.yaml")
        running.wait_for(r"^reading the data \(3 s\)")
        running.send(signal.SIGINT)
        done = running.wait(5)
        self.assertEqual(done.status, 130, done)
        self.assertRegex(done.stdout, r"\Astatus        cancelled: stopped before its end\njob folder    /\S+\n\Z")
        self.assertIsNone(self.wisp.result()["loss"], "there was none")


class Environment(wisp_test.TestCase):
    def run_short(self, *args, env):
        self.wisp.write("short.yaml", SHORT)
        done = self.wisp.run("run", "short.yaml", *args, env=env, timeout=60)
        self.assertEqual(done.status, 0, done)
        return done

    def test_nothing_is_set(self):
        self.wisp.write("short.yaml", SHORT)
        done = self.wisp.run("-i", self.wisp.binary, "run", "short.yaml", "--state-dir", "state", "--json",
                             binary="/usr/bin/env", timeout=60)
        self.assertEqual((done.status, done.json()["status"]), (0, "finished"), done)

    def test_temporary_folder_that_is_not_there(self):
        self.run_short(env={"WISP_RUNTIME_DIR": None, "TMPDIR": "/no/such/folder"})

    def test_secrets_of_the_environment_are_not_written_down(self):
        self.run_short(env={"MY_TOKEN": "xyzzy-4711"})
        found = subprocess.run(["grep", "-r", "xyzzy-4711", self.wisp.state], capture_output=True, text=True)
        self.assertEqual(found.stdout, "")


class Terminal(wisp_test.TestCase):
    """A pseudo-terminal; `screen()` is what was written to it."""

    def start(self, *args, size=(24, 80)):
        ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", *size, 0, 0))
        def take_it():
            os.setsid()
            fcntl.ioctl(0, termios.TIOCSCTTY, 0)
        process = subprocess.Popen([self.wisp.binary, *args], stdin=theirs, stdout=theirs, stderr=theirs,
                                   env=self.wisp.env(NO_COLOR=None, TERM="xterm"),
                                   cwd=self.wisp.folder, preexec_fn=take_it)
        os.close(theirs)
        self.addCleanup(os.close, ours)
        self.addCleanup(lambda: (process.kill(), process.wait()))
        return process, ours

    def read(self, ours, until=None, seconds=20):
        text = b""
        while until is None or until not in text:
            if not select.select([ours], [], [], seconds)[0]:
                self.fail(f"waited {seconds} s in vain for {until!r} in {text!r}")
            try:
                text += os.read(ours, 4096)
            except OSError:  # nobody has it open any more
                break
        return text

    def test_one_line_renews_itself_and_ctrl_c_stops(self):
        self.wisp.write("endless.yaml", job_files.ENDLESS)
        process, ours = self.start("run", "endless.yaml")
        self.read(ours, b"rounds/s")
        os.write(ours, b"\x03")
        text = self.read(ours)
        self.assertEqual(process.wait(5), 130, text)
        self.assertIn(b"stopping after this round (Ctrl-C again: stop at once)", text)
        self.assertIn(b"cancelled", text)
        self.assertEqual(self.wisp.wait_gone(2), {})

    def test_line_fits_a_tiny_terminal(self):
        self.wisp.write("endless.yaml", job_files.ENDLESS)
        process, ours = self.start("run", "endless.yaml", size=(5, 30))
        text = self.read(ours, b"round 0")
        text += self.read(ours, b"\r\x1b[K")
        text += self.read(ours, b"\r\x1b[K")
        process.send_signal(signal.SIGINT)
        text += self.read(ours)
        self.assertEqual(process.wait(5), 130)
        for line in text.split(b"\r\x1b[K"):
            if line.startswith(b"round "):
                self.assertLessEqual(len(line.split(b"\r")[0]), 30, line)

    def test_terminal_that_is_closed_ends_the_job(self):
        self.wisp.write("endless.yaml", job_files.ENDLESS)
        process, ours = self.start("run", "endless.yaml")
        self.read(ours, b"round 0")
        os.dup2(os.open("/dev/null", os.O_RDWR), ours)  # the last descriptor of its other end
        self.assertEqual(process.wait(12), 129)
        self.assertEqual(self.wisp.result()["status"], "cancelled")


class FullDisk(wisp_test.TestCase):
    def test_what_it_says_finds_no_room(self):
        self.wisp.write("short.yaml", SHORT)
        for streams, status in [("2>/dev/full", 0), (">/dev/full 2>&1", 1)]:
            done = self.wisp.run("-c", f'"$0" run short.yaml {streams}', self.wisp.binary, binary="/bin/sh", timeout=60)
            self.assertEqual((streams, done.status), (streams, status), done)
            self.assertEqual(self.wisp.result()["status"], "finished")


class LookingCommands(wisp_test.TestCase):
    def test_before_any_job(self):
        for command in ["ps", "logs", "wait"]:
            done = self.wisp.run(command)
            self.assertEqual(done.status, 6, done)
            self.assertRegex(done.stderr, r"\Awisp: .*no job", command)
        self.assertEqual(json.loads(self.wisp.run("ps", "-a", "--json").stdout), [])

    def test_a_job_or_actor_that_is_not_there(self):
        self.wisp.write("short.yaml", SHORT)
        self.wisp.run("run", "short.yaml")
        for args in [["ps", "-j", "nope"], ["logs", "-j", "nope"], ["wait", "-j", "nope"], ["down", "-j", "nope"]]:
            done = self.wisp.run(*args)
            self.assertEqual(done.status, 6, done)
            self.assertRegex(done.stderr, r"\Awisp: no job fits 'nope'; the latest are\n  short-")
        done = self.wisp.run("logs", "worker-9")
        self.assertNotEqual(done.status, 0)
        self.assertRegex(done.stderr, r"has no actor 'worker-9'; did you mean 'worker-\d'\? "
                                      r"\((?:driver \| )?master \| worker-0 \| worker-1 \| worker-2\)")

    def test_wrong_words(self):
        for args in [["bogus"], ["run", "--bogus", "x.yaml"], ["logs", "-n", "x"]]:
            self.assertEqual(self.wisp.run(*args).status, 2, args)
        self.assertEqual(self.wisp.run("help").status, 0)


if __name__ == "__main__":
    wisp_test.main()
