"""Files of checkpoints that are cut short, changed or not written to the end, and what --resume makes of them.

WISP_SOAK=<n>: how many places of each kind are tried (`tools/soak.sh damage` does all).
"""
import os
import shutil
import subprocess

import kept_runs
import wisp_test

SOAK = int(os.environ.get("WISP_SOAK", "4"))


class Damaged(kept_runs.TestCase):
    def setUp(self):
        super().setUp()
        self.hash = self.expected("isega")
        self.forget_jobs()
        self.write_job("isega")
        done = self.go(failpoint="keeper.written:kill@2")
        self.assertEqual(done.status, -9, done)
        self.first = self.wisp.job_folder()
        self.files = self.checkpoints()
        self.assertGreaterEqual(len(self.files), 2, done)

    def drawn(self, count):
        return sorted(self.random.sample(range(count), min(SOAK, count)))

    def damages(self):
        """Each a name, and what becomes of the bytes of a file."""
        size = self.files[-1].stat().st_size
        for length in self.drawn(size):
            yield f"cut to {length}", lambda data, length=length: data[:length]
        for at in self.drawn(size):
            bit = 1 << self.random.randrange(8)
            yield f"byte {at} ^ {bit}", lambda data, at=at, bit=bit: (
                data[:at] + bytes([data[at] ^ bit]) + data[at + 1:])

    def forget_resumed(self):
        for each in self.wisp.jobs():
            if each != self.first:
                shutil.rmtree(each)

    def test_newest(self):
        """The one before it is taken, and the run ends with the same bits."""
        newest, before = self.files[-1], self.files[-2]
        whole = newest.read_bytes()
        tried = 0
        for tried, (name, damage) in enumerate(self.damages(), 1):
            with self.subTest(name):
                newest.write_bytes(damage(whole))
                done = self.go("--resume")
                self.assertEqual(self.good(done)["iterate_hash"], self.hash, f"{self.seed} {done}")
                self.assertRegex(done.stderr, rf"(?m)^{newest} can't be used: it(s| is| does) .*"
                                              r"; the one before it is taken$")
                self.assertIn(f"it goes on from {self.first}\n", done.stderr)
                self.assertNotIn(f"{before} can't", done.stderr)
                self.assert_whole()
            newest.write_bytes(whole)
            self.forget_resumed()
        print(f"{tried} damages of a checkpoint of {len(whole)} bytes: each was passed over")

    def test_all(self):
        for each in self.files:
            each.write_bytes(each.read_bytes()[:-1])
        done = self.go("--resume")
        self.assertEqual(done.status, 3, done)
        said = done.stdout + done.stderr
        for each in self.files:
            self.assertIn(f"{each} can't be used: its checksum does not match", said)
        self.assertIn(f"no checkpoint in {self.files[0].parent} can be used; run without --resume", said)
        self.assertEqual(self.wisp.jobs(), [self.first])

    def test_under_another_name(self):
        newest = self.files[-1]
        newest.rename(newest.with_name("999.ckpt"))
        done = self.go("--resume")
        self.assertEqual(self.good(done)["iterate_hash"], self.hash)
        self.assertIn(f"999.ckpt can't be used: it is that of number {newest.stem}, under another name", done.stderr)

    def test_that_can_not_be_read(self):
        newest = self.files[-1]
        newest.unlink()
        newest.mkdir()
        done = self.go("--resume")
        self.assertEqual(self.good(done)["iterate_hash"], self.hash)
        self.assertRegex(done.stderr, rf"(?m)^{newest} can't be used: .*; the one before it is taken$")

    def test_what_a_writer_left_that_was_killed(self):
        """It is no checkpoint, and the next one that is written there removes it."""
        left = self.files[-1].with_name(f"{int(self.files[-1].stem) + 1}.ckpt.aB3dE6")
        left.write_bytes(self.files[-1].read_bytes()[:100])
        done = self.go("--resume")
        self.assertEqual(self.good(done)["iterate_hash"], self.hash)
        self.assertNotIn("can't be used", done.stderr)
        self.assertEqual(self.unfinished(), [])


class Full(kept_runs.TestCase):
    """No room for checkpoints: a small file system of its own, which only root can have."""

    def mount(self, blocks):
        """The state folder on a tmpfs of so many KiB; of a mount namespace that ends with its processes."""
        probe = subprocess.run(["unshare", "-m", "true"], capture_output=True, check=False)
        if os.geteuid() != 0 or probe.returncode != 0:
            self.skipTest("no tmpfs: not root, or unshare -m is not allowed")
        return f'mount -t tmpfs -o size={blocks}k,mode=700 tmpfs "$XDG_STATE_HOME" || exit 99; '

    def go_there(self, blocks, dim):
        self.wisp.write("job.yaml", kept_runs.job("isega").replace(
            "data: { path: rows.libsvm, dim: 20 }", "data: { format: synthetic, rows: 60, dim: %d }" % dim))
        script = (self.mount(blocks) + f'"{self.wisp.binary}" run job.yaml --json; status=$?; '
                  'cd "$XDG_STATE_HOME/wisp/jobs/latest/" && cp -r . "$COPY"; exit $status')
        copy = self.wisp.folder / "copy"
        copy.mkdir()
        done = self.wisp.run("-m", "sh", "-c", script, binary=shutil.which("unshare"), env={"COPY": copy}, timeout=60)
        self.assertNotEqual(done.status, 99, done)
        self.assert_whole(copy)
        self.assertEqual(self.unfinished(copy), [])
        self.assertEqual(self.wisp.wait_gone(15), {})
        return done, copy, "".join(each.read_text() for each in sorted((copy / "logs").glob("*/*.log")))

    def test_for_checkpoints_alone(self):
        """A checkpoint has 8 * dim bytes and more for each actor: none fits. The run goes on, and says so."""
        done, copy, log = self.go_there(blocks=256, dim=20000)
        self.assertRegex(log, r"no checkpoint at update \d+: .*/\d+\.ckpt: No space left on device; there is none yet")
        self.assertEqual(self.checkpoints(copy), [])
        if done.status != 0:  # nor does the model that it ends with
            self.assertRegex(done.stderr, "No space left on device")

    def test_after_some(self):
        """Room for one, not for two at a time: the first stays."""
        done, copy, log = self.go_there(blocks=1500, dim=20000)
        self.assertRegex(log, r"no checkpoint at update \d+: .*/2\.ckpt: No space left on device; the last one is")
        self.assertEqual([each.name for each in self.checkpoints(copy)], ["1.ckpt"])
        if done.status != 0:
            self.assertRegex(done.stderr, "No space left on device")


if __name__ == "__main__":
    wisp_test.main()
