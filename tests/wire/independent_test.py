"""An independent decoder against wisp's own: on the golden files, on damaged ones, and on the examples of
docs/wire_format.md."""
import json
import os
import random
import re
import subprocess
import sys
import unittest
from pathlib import Path

SOURCE = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(SOURCE / "tools"))

import wisp_wire  # noqa: E402  pylint: disable=wrong-import-position

GOLDEN = SOURCE / "tests/golden/wire"
PAGE = (SOURCE / "docs/wire_format.md").read_text()
DECODER = os.environ["WISP_DECODE"]

SMALL = 60  # bytes of a file of which every bit is flipped
SAMPLE = 150  # bits of a larger one


def goldens():
    return json.loads((GOLDEN / "manifest.json").read_text())


def of_wisp(kind, settings, cases):
    """What wisp's decoder says of each."""
    lines = "".join(json.dumps({"kind": kind, "settings": settings, "bytes": case.hex()}) + "\n" for case in cases)
    done = subprocess.run([DECODER], input=lines, capture_output=True, text=True, check=True, timeout=300)
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(answers) == len(cases), done.stderr
    return answers


def of_python(kind, settings, case):
    try:
        return wisp_wire.decode(kind, case, **settings)
    except wisp_wire.Refused:
        return None


def alike(decoded):
    """Without what each says in its own way: why the rest of a frame was dropped, and text that is no UTF-8."""
    if isinstance(decoded, str):
        return re.sub("[\ufffd\udc80-\udcff]+", "\ufffd", decoded)
    if isinstance(decoded, list):
        return [alike(each) for each in decoded]
    if isinstance(decoded, dict):
        return {name: bool(each) if name == "dropped" else alike(each) for name, each in decoded.items()}
    return decoded


def damaged(good, seed):
    """What may become of bytes on their way: (what was done, the bytes)."""
    for size in range(len(good)):
        yield f"cut to {size}", good[:size]
    for more in (b"\x00", b"\xff", b"\x00" * 8, b"\xc0\xc4\x00"):
        yield f"with {more.hex()} behind", good + more
    bits = range(8 * len(good))
    if len(good) > SMALL:
        bits = random.Random(seed).sample(bits, SAMPLE)
    for bit in bits:
        flipped = bytearray(good)
        flipped[bit // 8] ^= 1 << bit % 8
        yield f"bit {bit}", bytes(flipped)


class Golden(unittest.TestCase):
    def test_files_are_decoded_to_what_was_encoded(self):
        self.assertGreater(len(goldens()), 80)
        for each in goldens():
            with self.subTest(file=each["file"]):
                decoded = wisp_wire.decode(each["kind"], (GOLDEN / each["file"]).read_bytes(), **each["settings"])
                self.assertEqual(decoded, each["decoded"])

    def test_there_are_no_others(self):
        named = {each["file"] for each in goldens()} | {"manifest.json"}
        self.assertEqual({path.name for path in GOLDEN.iterdir()}, named)

    def test_every_codec_and_support_is_among_them(self):
        vectors = [each["decoded"]["vector"] for each in goldens() if each["kind"] == "update"]
        pairs = {(vector["support"], vector["index_codec"]) for vector in vectors}
        wanted = {(support, codec) for support in ("blocks", "indices") for codec in wisp_wire.INDEX_CODECS}
        self.assertEqual(pairs, wanted | {("all", "")})
        self.assertEqual({vector["codec"] for vector in vectors}, set(wisp_wire.VALUE_CODECS))
        frames = [each["decoded"] for each in goldens() if each["kind"] == "frame"]
        self.assertEqual({frame["kind"] for frame in frames}, set(wisp_wire.FRAME_KINDS))
        self.assertEqual({message["kind"] for frame in frames for message in frame["messages"]},
                         set(wisp_wire.MESSAGE_KINDS))


class Damaged(unittest.TestCase):
    def test_both_refuse_it_or_decode_the_same(self):
        refused = taken = 0
        for each in goldens():
            good = (GOLDEN / each["file"]).read_bytes()
            whats, cases = zip(*damaged(good, each["file"]))
            for what, case, answer in zip(whats, cases, of_wisp(each["kind"], each["settings"], cases)):
                decoded = of_python(each["kind"], each["settings"], case)
                why = f"{each['file']}, {what}: {answer.get('refused', 'taken')}"
                self.assertEqual(alike(answer.get("decoded")), alike(decoded), why)
                if decoded is None:
                    self.assertTrue(answer["refused"], why)
                    self.assertLessEqual(answer["largest"], 64 << 10, why)
                refused += decoded is None
                taken += decoded is not None
        print(f"figures: {refused} refused, {taken} taken by both")
        self.assertGreater(refused, 10000)
        self.assertGreater(taken, 1000)


class Page(unittest.TestCase):
    def examples(self):
        """(kind, settings, bytes, what they are decoded to) of each pair of blocks."""
        found = re.findall(r"^```bytes (\w+)([^\n]*)\n(.*?)^```\n\n```json\n(.*?)^```$", PAGE, re.M | re.S)
        self.assertEqual(len(found), PAGE.count("\n```bytes"))
        self.assertEqual(len(found), PAGE.count("\n```json"))
        for kind, words, text, decoded in found:
            settings = {name: int(value) for name, value in (word.split("=") for word in words.split())}
            yield kind, settings, bytes.fromhex(re.sub(r"#.*", "", text)), json.loads(decoded)

    def test_examples_are_decoded_by_both(self):
        kinds = set()
        for kind, settings, data, decoded in self.examples():
            with self.subTest(kind=kind, settings=settings):
                self.assertEqual(wisp_wire.decode(kind, data, **settings), decoded)
                (answer,) = of_wisp(kind, settings, [data])
                self.assertEqual(answer.get("decoded"), decoded, answer)
                kinds.add(kind)
        self.assertEqual(kinds, {"frame", "control", "hello", "model", "update", "tap", "indices", "values"})

    def test_examples_show_every_codec(self):
        numbers = {data[0] for kind, _, data, _ in self.examples() if kind == "indices"}
        all_but_one = set(range(len(wisp_wire.INDEX_CODECS))) - {wisp_wire.INDEX_CODECS.index("stratified")}
        self.assertEqual(numbers, all_but_one)  # docs/draws.md has that one
        codecs = {settings["codec"] for kind, settings, _, _ in self.examples() if kind == "values"}
        self.assertEqual(codecs, set(range(1, len(wisp_wire.VALUE_CODECS))))

    def test_versions_are_those_of_the_code(self):
        (wire,) = re.findall(r"kWireVersion = (\d+);", (SOURCE / "runtime/wire.h").read_text())
        (control,) = re.findall(r"kControlVersion = (\d+);", (SOURCE / "runtime/control_frame.h").read_text())
        said = dict(re.findall(r"^\| ([^|]+) \| (\d+) \|", PAGE.split("## Versions")[1].split("\n##")[0], re.M))
        self.assertEqual(said, {"frames, and all that travels in them": wire, "control frames": control,
                                "records of a tap": str(wisp_wire.TAP_VERSION)})
        self.assertEqual((wire, control), (str(wisp_wire.WIRE_VERSION), str(wisp_wire.CONTROL_VERSION)))


class Bombs(unittest.TestCase):
    """A few bytes that say that they are many: refused by both, and nothing large is asked for."""

    def test_what_did_not_come_is_not_allocated(self):
        settings = {"scalar": 8, "dim": 2 ** 32 - 1, "seed": 1, "worker": 0, "round": 1}
        most = b"\xce\xff\xff\xff\xff"
        cases = [b"\xdd" + b"\xff" * 4, b"\x91" * 40, b"\xc6" + b"\xff" * 4, b"\x93\x01\x00\xdd" + b"\xff" * 4,
                 b"\x93\x01\x00" + b"\x91" * 20 + b"\xc0", b"\x93\x01\x00\xc6" + b"\xff" * 4]
        for support in range(3):
            for codec in range(len(wisp_wire.VALUE_CODECS)):
                for numbers in range(len(wisp_wire.INDEX_CODECS)):
                    blocks = most if support == 1 else b"\x00"
                    count = most if support else b"\x00"
                    listed = b"\xc4\x01" + bytes([numbers]) if support else b"\xc4\x00"
                    head = most + bytes([support]) + blocks + count + bytes([codec])
                    cases.append(b"\x93\x01\x00\x97" + head + listed + b"\xc4\x64" + bytes(100))
        for case, answer in zip(cases, of_wisp("update", settings, cases)):
            with self.subTest(case=case.hex()):
                self.assertIsNone(of_python("update", settings, case))
                self.assertTrue(answer.get("refused"), answer)
                self.assertLessEqual(answer["largest"], 64 << 10)


if __name__ == "__main__":
    unittest.main()
