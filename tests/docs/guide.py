"""Pages that show code: what they show, and whether it is what the files hold."""
import re
import textwrap
from pathlib import Path

SOURCE = Path(__file__).resolve().parents[2]


class Guide:
    """A page in which each block of code stands under the name of its file, and each output under its program:
    "`folder/name.cc`:" and "`folder/name.cc` prints:"."""

    def __init__(self, page):
        self.text = (SOURCE / page).read_text()
        found = re.findall(r"^`([^`\n]+)`( prints)?:\n\n```\w*\n(.*?)^```$", self.text, re.M | re.S)
        self.code = [(file, text) for file, prints, text in found if not prints]
        self.outputs = [(file, text) for file, prints, text in found if prints]

    def nameless(self):
        """How many blocks of C++ stand under no name."""
        named = sum(file.endswith((".cc", ".h")) for file, _ in self.code)
        return self.text.count("\n```cpp\n") - named

    def tests(self):
        return tests_in(self.text)


def tests_in(text):
    """The tests that it names: `Suite.a_test`."""
    return set(re.findall(r"`([A-Z]\w+\.[a-z]+_\w+)`", text))


def is_piece(text, whole):
    """Whether neighbouring lines of `whole` are `text`, but for an indentation that all of them have."""
    lines, all_lines = text.splitlines(), whole.splitlines()
    return any(textwrap.dedent("\n".join(all_lines[i:i + len(lines)])).splitlines() == lines
               for i in range(len(all_lines) - len(lines) + 1))


def compiled_tests():
    """The names of all GoogleTest tests, as the sources write them."""
    sources = (path.read_text() for path in (SOURCE / "tests").rglob("*_test.cc"))
    return {".".join(names) for text in sources for names in re.findall(r"^TEST(?:_F|_P)?\((\w+), (\w+)\)", text, re.M)}
