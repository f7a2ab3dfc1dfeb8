"""What a host that is cut off has kept of its logs, when it is back. Needs root; skips without."""
import testbed
import wisp_test
from on_testbed import OnTestbed

KEPT = "/root/.local/state/wisp/logs"


class Kept(OnTestbed):
    def kept(self, name):
        """{actor: text} of the copies on a host."""
        files = self.bed[name].run("sh", "-c", f"find {KEPT} -name '*.log' 2>/dev/null; true").split()
        return {path.split("/")[-2]: self.bed[name].run("cat", path) for path in files}

    def test_a_host_that_returns_gives_what_it_has(self):
        running = self.start()
        self.addCleanup(self.bed.heal, "h3")
        self.bed.cut("h3")
        self.assertEqual(running.wait(25).status, 4)
        away = self.wisp.run("logs", "-n", "1")
        self.assertEqual(away.status, 0, away)
        self.assertRegex(away.stderr, r"(?m)^waiting for h3: ssh connecting \(\d s of 20 s\)$")
        self.assertIn("the last lines of h3 were not collected: cannot start on h3: timeout\n    ssh: ", away.stderr)
        self.assert_nothing_runs(15, ["h3"])
        kept = self.kept("h3")
        self.assertEqual(set(kept), {"worker-1", "worker-3"})
        self.assertEqual([self.kept(name) for name in ("h1", "h2")], [{}, {}])
        self.bed.heal("h3")
        down = self.wisp.run("down", "-j", "endless", timeout=30)
        self.assertEqual(down.status, 0, down)
        for actor, text in kept.items():
            self.assertEqual((self.wisp.job_folder() / f"logs/{actor}/1.log").read_text(), text)
        self.assertEqual(self.kept("h3"), {})
        self.assertEqual(self.wisp.run("logs").stderr, "")


if __name__ == "__main__":
    testbed.enter()
    wisp_test.main()
