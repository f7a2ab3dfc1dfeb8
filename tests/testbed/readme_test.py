"""What the README says of several hosts, on hosts that have nothing, from a machine that knows only their ssh names."""
import re

import testbed
import wisp_test
from on_testbed import OnTestbed

README = wisp_test.SOURCE / "README.md"


class Readme(OnTestbed):
    HOSTS = 4

    def section(self):
        return re.search(r"^## On several hosts$(.*?)^## ", README.read_text(), re.M | re.S).group(1)

    def test_three_hosts(self):
        hosts = re.search(r"^```yaml$(.*?)^```$", self.section(), re.M | re.S).group(1)
        quickstart = wisp_test.SOURCE / "examples/quickstart.yaml"
        job = f"version: 1\nname: three-hosts\ninclude: [ {quickstart} ]\n{hosts}"
        here = self.wisp.run("run", quickstart, "--json", timeout=60)
        there = self.run_on(job, "--json")
        self.assertEqual((there.status, there.json()["status"]), (0, "converged"), there)
        self.assertEqual(there.json()["iterate_hash"], here.json()["iterate_hash"])
        self.assert_nothing_runs(2)

    def test_two_hosts_as_a_newcomer_does_it(self):
        """First `doctor`, then the job, then the log of one actor; then again, when its hosts know it."""
        job = wisp_test.SOURCE / "examples/two-hosts.yaml"
        self.assertIn("(examples/two-hosts.yaml)", self.section())
        doctor = self.wisp.run("doctor", job, *self.settings(), timeout=30)
        self.assertEqual(doctor.status, 0, doctor)
        hashes = set()
        for _ in range(2):
            done = self.wisp.run("run", job, *self.settings(), "--json", timeout=60)
            self.assertEqual((done.status, done.json()["status"]), (0, "converged"), done)
            hashes.add(done.json()["iterate_hash"])
        self.assertEqual(len(hashes), 1)
        self.assertRegex(self.wisp.run("logs", "worker-0").stdout, r"worker-0")
        self.assertRegex(self.wisp.run("inspect", "worker-0").stdout, r"@n[12]|n[12]")
        self.assert_nothing_runs(2)


if __name__ == "__main__":
    testbed.enter()
    wisp_test.main()
