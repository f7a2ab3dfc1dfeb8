"""tools/demo.sh slow-link, its shortest form, on nine hosts. Needs root; skips without."""
import json
import subprocess
import sys
import xml.etree.ElementTree as xml

import testbed
import wisp_test

PROGRAM = wisp_test.SOURCE / "tools/demo.sh"


def demo(wisp, *args):
    env = wisp.env(WISP_BIN=wisp.binary, MPLCONFIGDIR=wisp.folder / "matplotlib", PATH="/usr/sbin:/usr/bin:/sbin:/bin")
    return subprocess.run([PROGRAM, *args], env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, timeout=170)


class SlowLink(wisp_test.TestCase):
    def setUp(self):
        super().setUp()
        missing = subprocess.run([sys.executable, "-c", "import matplotlib"], stderr=subprocess.DEVNULL).returncode
        if reason := testbed.why_not() or (missing and "no python3-matplotlib"):
            self.skipTest(reason)

    def test_sparse_updates_reach_the_level_with_fewer_bytes(self):
        out = self.wisp.folder / "out"
        done = demo(self.wisp, "slow-link", "--quick", "--only", "news20", "--out", out)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        [part] = json.loads((out / "table.json").read_text())
        dense, sparse, *rings = part["rows"]
        self.assertLess(20 * sparse["up"] / sparse["steps"], dense["up"] / dense["steps"], part)
        self.assertLess(4 * sparse["down"] / sparse["steps"], dense["down"] / dense["steps"], part)
        for row in rings:
            self.assertRegex(row["name"], "OpenMPI")
            self.assertRegex(row["note"], r"^[\d.]+ ms a round")
        self.assertIn("| async-sgd, top-1 % + memory + delta |", (out / "table.md").read_text())
        self.assertTrue(xml.parse(out / "news20.svg").getroot().tag.endswith("svg"))
        self.assertIn("test loss", (out / "news20.svg").read_text())


class Refused(wisp_test.TestCase):
    def test_what_it_does_not_know(self):
        for args in ([], ["fast-link"]):
            done = demo(self.wisp, *args)
            self.assertEqual(done.returncode, 64, done.stderr)
            self.assertIn("usage: tools/demo.sh slow-link", done.stderr)
        done = demo(self.wisp, "slow-link", "--only", "mnist")
        self.assertEqual(done.returncode, 2, done.stderr)
        self.assertIn("no part mnist; there are news20, lenet, isega", done.stderr)


if __name__ == "__main__":
    wisp_test.main()
