"""The plugin of examples/torch, where Debian's libtorch is installed, built against an installed wisp."""
import os
import subprocess
import tempfile
import unittest
from pathlib import Path

import wisp_test

EXAMPLE = wisp_test.SOURCE / "examples/torch"
CXX = os.environ.get("CXX", "c++")
HEADER = Path("/usr/include/torch/csrc/api/include/torch/torch.h")


def build(*command):
    done = subprocess.run([str(each) for each in command], capture_output=True, text=True)
    if done.returncode != 0:
        raise AssertionError(f"{' '.join(map(str, command))}\n{done.stdout}{done.stderr}")


@unittest.skipUnless(HEADER.exists(), "libtorch-dev is not installed")
class LeNet(wisp_test.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.room = tempfile.TemporaryDirectory(prefix="wisp-torch-")
        cls.addClassCleanup(cls.room.cleanup)
        cls.installed = Path(cls.room.name) / "installed"
        build("cmake", "--install", Path(os.environ["WISP_BIN"]).resolve().parents[1], "--prefix", cls.installed)
        build("cmake", "-S", EXAMPLE, "-B", f"{cls.room.name}/build", f"-DCMAKE_PREFIX_PATH={cls.installed}",
              f"-DCMAKE_CXX_COMPILER={CXX}", "-DCMAKE_BUILD_TYPE=Release")
        build("cmake", "--build", f"{cls.room.name}/build")
        cls.plugin = Path(cls.room.name) / "build/liblenet.so"

    def setUp(self):
        super().setUp()
        self.wisp.binary = str(self.installed / "bin/wisp")

    def train(self, *args):
        done = self.wisp.run("run", EXAMPLE / "lenet.yaml", "--json", "--var", f"PLUGIN={self.plugin}",
                             "--var", f"DATA={self.data('mnist')}", "--set", "problem.data.rows=500", *args,
                             timeout=300)
        self.assertEqual(done.status, 0, done)
        return done.json()

    def test_learns_from_digits_and_gives_its_bits_again(self):
        result = self.train("--set", "stop.rounds=40")
        self.assertEqual(result["dim"], 61706)
        self.assertLess(result["loss"], 2.296)  # from log(10) and a little more, where nothing is learnt
        self.assertGreater(result["test_accuracy"], 0.09)
        short = ["--set", "stop.rounds=3"]
        first = self.train(*short)
        self.assertEqual(self.train(*short)["iterate_hash"], first["iterate_hash"])


if __name__ == "__main__":
    wisp_test.main()
