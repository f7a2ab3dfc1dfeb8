"""docs/draws.md: what is made from it alone draws the numbers that wisp draws, and its examples are among them."""
import hashlib
import re
import struct
import sys
import unittest

import guide

sys.path.insert(0, str(guide.SOURCE / "tools"))

import wisp_draws  # noqa: E402  pylint: disable=wrong-import-position

PAGE = (guide.SOURCE / "docs/draws.md").read_text()
FROZEN = (guide.SOURCE / "tests/golden/draws.txt").read_text().splitlines()


def line(how, *place):
    """What tests/golden/draws.txt says of this draw."""
    numbers = wisp_draws.draw(how, *place)
    if len(numbers) <= 70:
        said = "".join(f" {number}" for number in numbers)
    else:
        digest = hashlib.sha256(struct.pack(f"<{len(numbers)}I", *numbers)).hexdigest()
        said = f" count {len(numbers)} sha256 {digest}"
    return f"{how} {' '.join(map(str, place))}:{said}"


class Draws(unittest.TestCase):
    def test_the_frozen_numbers_are_drawn(self):
        self.assertGreater(len(FROZEN), 40)
        for frozen in FROZEN:
            how, *place = frozen.partition(":")[0].split()
            with self.subTest(how=how, place=place):
                self.assertEqual(line(how, *map(int, place)), frozen)


class Page(unittest.TestCase):
    def test_its_examples_are_frozen(self):
        examples = re.findall(r"^(?:subset|stratified|bernoulli) \d.*$", PAGE, re.M)
        self.assertGreaterEqual(len(examples), 8)
        self.assertEqual(set(examples) - set(FROZEN), set())

    def test_its_random_numbers_are_those_of_the_stream(self):
        (numbers,) = re.findall(r"begins with\n\n```\n([\d\s]+)```", PAGE)
        stream = wisp_draws.Stream(42, 1, 7)
        for number in numbers.split():
            self.assertEqual(int(number), stream.next32())


if __name__ == "__main__":
    unittest.main()
