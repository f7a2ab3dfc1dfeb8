"""The sandbox of system tests, tried on a shell in place of wisp."""
import signal
import unittest

import wisp_test


class Harness(unittest.TestCase):
    def setUp(self):
        self.wisp = wisp_test.Wisp(binary="/bin/sh")

    def tearDown(self):
        self.wisp.close()

    def test_run_captures_output_and_status(self):
        done = self.wisp.run("-c", "echo data; echo talk >&2; exit 3")
        self.assertEqual((done.stdout, done.stderr, done.status), ("data\n", "talk\n", 3))

    def test_the_last_line_is_the_json_object(self):
        self.assertEqual(self.wisp.run("-c", """echo hello; echo '{"rounds": 7}'""").json(), {"rounds": 7})

    def test_commands_see_the_folders_of_the_sandbox(self):
        done = self.wisp.run("-c", "echo $XDG_STATE_HOME $WISP_RUNTIME_DIR $MORE", env={"MORE": "x"})
        self.assertEqual(done.stdout.split(), [str(self.wisp.state), str(self.wisp.runtime), "x"])

    def test_run_fails_when_it_takes_too_long(self):
        with self.assertRaisesRegex(AssertionError, "still running after 0.1 s"):
            self.wisp.run("-c", "exec sleep 60", timeout=0.1)

    def test_wait_for_returns_the_match(self):
        running = self.wisp.start("-c", "echo round 12; exec sleep 60")
        self.assertEqual(running.wait_for(r"round (\d+)").group(1), "12")
        running.send(signal.SIGTERM)
        self.assertEqual(running.wait().status, -signal.SIGTERM)

    def test_wait_for_fails_at_the_end_of_the_output(self):
        with self.assertRaisesRegex(AssertionError, "in vain for 'never'"):
            self.wisp.start("-c", "echo once").wait_for("never")

    def test_alive_sees_what_outlived_its_parent(self):
        done = self.wisp.run("-c", "sleep 61 >/dev/null 2>&1 & echo $!")
        pid = int(done.stdout)
        self.assertEqual(self.wisp.alive(), {pid: "sleep 61"})
        self.assertEqual(self.wisp.wait_gone(0.1), {pid: "sleep 61"})
        wisp_test.kill(pid)
        self.assertEqual(self.wisp.wait_gone(5), {})

    def test_alive_sees_a_process_by_its_open_file_alone(self):
        running = self.wisp.start("-c", "exec 3>held; exec env -i sh -c 'cd /; echo ready; exec sleep 62'")
        running.wait_for("ready")
        self.assertEqual(list(self.wisp.alive()), [running.pid])

    def test_job_folders_are_found_by_name(self):
        for name in ["first-1a", "second-2b"]:
            self.wisp.write(f"state/wisp/jobs/{name}/result.json", '{"status": "converged"}')
        (self.wisp.state / "wisp/jobs/latest").symlink_to("second-2b")
        self.assertEqual(self.wisp.job_folder("first").name, "first-1a")
        self.assertEqual(self.wisp.result()["status"], "converged")
        self.assertEqual(len(self.wisp.jobs()), 2)
        with self.assertRaisesRegex(AssertionError, "no job folder of third"):
            self.wisp.job_folder("third")


class Skipping(wisp_test.TestCase):
    def test_data_that_is_not_there_skips(self):
        with self.assertRaises(unittest.SkipTest):
            self.data("no such file")


if __name__ == "__main__":
    wisp_test.main()
