"""tools/demo.sh power-off, and what docs/power-off.md shows of it. Needs root; skips without."""
import re
import subprocess

import testbed
import wisp_test

PROGRAM = wisp_test.SOURCE / "tools/demo.sh"
PAGE = wisp_test.SOURCE / "docs/power-off.md"


def demo(wisp, *args):
    env = wisp.env(WISP_BIN=wisp.binary, PATH="/usr/sbin:/usr/bin:/sbin:/bin")
    return subprocess.run([PROGRAM, "power-off", *args], env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, timeout=170)


class PowerOff(wisp_test.TestCase):
    def test_it_ends_as_the_page_says(self):
        if reason := testbed.why_not():
            self.skipTest(reason)
        done = demo(self.wisp)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        shown = re.search(r"^---\n(cause: .*?)^```$", PAGE.read_text(), re.M | re.S).group(1)
        self.assertEqual(done.stdout, shown)
        for line in [r"^master@h1 sends no heartbeats", r"^master goes from h1, which is lost, to h2$",
                     r"^goes on from the checkpoint at update \d+$"]:
            self.assertRegex(done.stderr, "(?m)" + line)
            self.assertRegex(PAGE.read_text(), "(?m)" + line)


class Refused(wisp_test.TestCase):
    def test_host_that_it_does_not_have(self):
        done = demo(self.wisp, "--host", "h5")
        self.assertEqual(done.returncode, 2, done.stderr)
        self.assertIn("no host h5; there are h1, h2, h3, h4", done.stderr)


if __name__ == "__main__":
    wisp_test.main()
