"""docs/actors.md and the pages beside it: their code is that of the examples, which print what the pages say."""
import os
import subprocess
import tempfile
import unittest
from pathlib import Path

import guide

ACTORS = guide.Guide("docs/actors.md")
EXAMPLES = guide.SOURCE / "examples/actors"
PROGRAMS = Path(os.environ["WISP_EXAMPLES"])


class Code(unittest.TestCase):
    def test_each_block_is_a_piece_of_its_file(self):
        for file, code in ACTORS.code:
            with self.subTest(file=file, code=code):
                self.assertTrue(guide.is_piece(code, (guide.SOURCE / file).read_text()))
        self.assertEqual(ACTORS.nameless(), 0)

    def test_each_example_is_shown(self):
        shown = {Path(file).name for file, _ in ACTORS.code}
        self.assertEqual(shown, {path.name for path in EXAMPLES.iterdir() if path.suffix in (".cc", ".h")})


class Output(unittest.TestCase):
    def test_each_program_prints_what_the_page_says(self):
        said = {}
        for file, text in ACTORS.outputs:
            said.setdefault(Path(file).stem, []).append(text)
        self.assertEqual(set(said), {path.stem for path in EXAMPLES.glob("*.cc")})
        for name, pieces in said.items():
            with self.subTest(name=name), tempfile.TemporaryDirectory() as folder:
                program = PROGRAMS / f"example_{name}"
                done = subprocess.run([program], cwd=folder, capture_output=True, text=True, timeout=60)
                self.assertEqual(done.returncode, 0, done.stderr)
                printed = "\n".join(line.rstrip() for line in done.stdout.splitlines())
                for piece in pieces:
                    why = f"{piece}\nbut it printed\n{printed}\n{done.stderr}"
                    self.assertTrue(guide.is_piece(piece, printed), why)


class Tests(unittest.TestCase):
    def test_the_tests_that_pages_name_exist(self):
        known = guide.compiled_tests()
        pages = [page.relative_to(guide.SOURCE) for page in (guide.SOURCE / "docs").rglob("*.md")]
        for page in pages + ["README.md", "ARCHITECTURE.md"]:
            self.assertEqual(guide.Guide(page).tests() - known, set(), page)
        self.assertGreater(len(ACTORS.tests()), 30)

    def test_each_row_of_the_table_names_a_test_or_an_example(self):
        table = ACTORS.text.split("## From Ray")[1].split("\n## ")[0]
        rows = [line for line in table.splitlines() if line.startswith("| ")]
        self.assertGreater(len(rows), 25)
        for row in rows[1:]:
            last = row.rstrip("| ").rpartition("|")[2]
            examples = [word for word in last.split("`")[1::2] if word.endswith(".cc")]
            self.assertTrue(examples or guide.tests_in(last) or last.strip() == "-", row)
            for each in examples:
                self.assertTrue((EXAMPLES / each).exists(), row)


class Pieces(unittest.TestCase):
    def test_a_piece_is_neighbouring_lines(self):
        whole = "a {\n  b;\n\n  c;\n}\n"
        for piece in ("a {\n  b;\n", "b;\n\nc;\n", "}\n"):
            self.assertTrue(guide.is_piece(piece, whole), piece)
        for other in ("a {\nb;\n", "b;\nc;\n", "a {\n}\n", "c\n"):
            self.assertFalse(guide.is_piece(other, whole), other)


if __name__ == "__main__":
    unittest.main()
