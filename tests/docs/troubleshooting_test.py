"""docs/troubleshooting.md: its messages are those of the sources, and what ssh's complaints mean is all there."""
import re
import unittest

import guide

PAGE = (guide.SOURCE / "docs/troubleshooting.md").read_text()
ROOMS = ["cli", "launcher", "config", "runtime", "base"]


def strings_of(text):
    """Its string literals, neighbours joined."""
    joined = re.sub(r'"\s*\n\s*"', "", text)
    return [literal.replace('\\"', '"') for literal in re.findall(r'"((?:[^"\\\n]|\\.)*)"', joined)]


def messages():
    """What stands first in the rows of the tables with messages."""
    tables = re.findall(r"^\| message \|.*\n\|[-|]+\n((?:\|.*\n)+)", PAGE, re.M)
    return [row.split("`")[1] for table in tables for row in table.splitlines()]


class Messages(unittest.TestCase):
    STRINGS = "\n".join(literal for room in ROOMS for path in sorted((guide.SOURCE / room).glob("*.cc"))
                        for literal in strings_of(path.read_text()))

    def test_the_sources_have_them(self):
        self.assertGreater(len(messages()), 60)
        for message in messages():
            for piece in filter(None, (each.strip() for each in message.split("…"))):
                with self.subTest(message=message):
                    self.assertTrue(piece in self.STRINGS, f"no source says {piece!r}")

    def test_every_complaint_of_ssh_is_there(self):
        text = (guide.SOURCE / "launcher/ssh.cc").read_text()
        meanings = set(re.findall(r'\{SshStep::k\w+, "(?:[^"\\]|\\.)*", "((?:[^"\\]|\\.)*)"', text))
        self.assertGreater(len(meanings), 10)
        self.assertEqual(meanings - set(messages()), set())

    def test_the_page_is_linked(self):
        self.assertTrue("(docs/troubleshooting.md)" in (guide.SOURCE / "README.md").read_text())


if __name__ == "__main__":
    unittest.main()
