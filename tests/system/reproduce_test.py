"""tools/reproduce.sh: one small claim as people run it, and every job file of examples/papers as wisp reads it."""
import json
import re
import subprocess
import sys
import xml.etree.ElementTree as xml

import wisp_test

PAPERS = wisp_test.SOURCE / "examples/papers"
PROGRAM = wisp_test.SOURCE / "tools/reproduce.sh"


def has_matplotlib():
    return subprocess.run([sys.executable, "-c", "import matplotlib"], stderr=subprocess.DEVNULL).returncode == 0


class Reproduce(wisp_test.TestCase):
    def reproduce(self, *args, timeout=150):
        if not has_matplotlib():
            self.skipTest("no python3-matplotlib")
        env = self.wisp.env(WISP_BIN=self.wisp.binary, MPLCONFIGDIR=self.wisp.folder / "matplotlib")
        return subprocess.run([PROGRAM, *args], env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True, timeout=timeout)

    def test_a_claim_has_a_row_and_a_figure(self):
        out = self.wisp.folder / "out"
        done = self.reproduce("p2-tau-one", "--seeds", "1,2", "--out", out)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        [row] = json.loads((out / "table.json").read_text())
        self.assertEqual((row["claim"], row["holds"], row["seeds"]), ("15", True, ["1", "2"]))
        self.assertRegex(done.stdout, r"\| 15 p2-tau-one: .* \| the same iterate, to rounding .* \| 1 2 \| holds \|")
        figure = xml.parse(out / "p2-tau-one.svg").getroot()
        self.assertTrue(figure.tag.endswith("svg"))
        text = (out / "p2-tau-one.svg").read_text()
        for word in ("rounds", "gap, relative to the first", "isega"):
            self.assertIn(word, text)
        again = self.reproduce("15", "--seeds", "1,2", "--out", out)
        self.assertEqual(len(list((out / "state/jobs").glob("p2-tau-one-*"))), 6, "none has run twice")
        self.assertEqual(again.returncode, 0, again.stderr)

    def test_an_unknown_claim_is_refused(self):
        done = self.reproduce("p3")
        self.assertEqual(done.returncode, 1)
        self.assertIn("no claim p3; there are 1:p2-fig3 ", done.stderr)

    def test_every_claim_has_its_file_and_every_file_is_valid(self):
        listed = self.reproduce("--list")
        self.assertEqual(listed.returncode, 0, listed.stderr)
        numbers = [line.split()[0] for line in listed.stdout.splitlines()]
        self.assertEqual({re.sub(r"\D", "", number) for number in numbers}, {str(n) for n in range(1, 22)})
        sources = "".join(path.read_text() for path in (wisp_test.SOURCE / "tools/reproduce").glob("*.py"))
        used = set(re.findall(r'runner\.(?:sweep|simulate)\("([^"]+)"', sources))
        self.assertEqual(used, {path.stem for path in PAPERS.glob("*.yaml")})
        known = set()
        for what in ("methods", "problems", "sparsifiers", "keys"):
            known |= set(re.findall(r"[\w.-]+", self.wisp.run("list", what).stdout))
        for path in sorted(PAPERS.glob("*.yaml")):
            with self.subTest(path.stem):
                missing = set(re.findall(r"kind: ([a-z0-9-]+)", path.read_text())) - known
                if missing:
                    self.skipTest(f"this wisp has no {', '.join(sorted(missing))}")
                done = self.wisp.run("config", path)
                self.assertEqual(done.status, 0, done)
                self.assertIn("\nsweep:\n", done.stdout)


if __name__ == "__main__":
    wisp_test.main()
