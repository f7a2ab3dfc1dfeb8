"""Every YAML file of the project is run: examples/ and the README's."""
import re

import wisp_test
from loopback_sshd import LoopbackSshd, why_not

EXAMPLES = wisp_test.SOURCE / "examples"
LOCAL = ["quickstart", "gd", "ibcd-quadratic", "async-sgd"]


class Examples(wisp_test.TestCase):
    def converges(self, name, *args):
        done = self.wisp.run("run", EXAMPLES / f"{name}.yaml", "--json", *args, timeout=55)
        self.assertEqual(done.status, 0, done)
        self.assertEqual(done.json()["status"], "converged", done)
        return done.json()

    def test_local_ones(self):
        for name in LOCAL:
            with self.subTest(name):
                self.converges(name)

    def test_phishing(self):
        self.converges("phishing", "--var", f"DATA={self.data('libsvm/phishing.gz')}")

    def test_two_hosts_give_the_bits_of_one(self):
        if reason := why_not():
            self.skipTest(reason)
        here = self.converges("quickstart")
        with LoopbackSshd() as hosts:
            there = self.converges("two-hosts", "--set", f"ssh.config_file={hosts.ssh_config}",
                                   "--set", f"deploy.workdir={self.wisp.folder / 'work'}")
        self.assertEqual(there["iterate_hash"], here["iterate_hash"])

    def test_the_readmes_hosts_are_a_valid_part_of_a_job(self):
        text = (wisp_test.SOURCE / "README.md").read_text()
        part = re.search(r"^```yaml$(.*?)^```$", text, re.M | re.S).group(1)
        job = self.wisp.write("job.yaml", f"version: 1\ninclude: [ {EXAMPLES / 'quickstart.yaml'} ]\n{part}")
        done = self.wisp.run("plan", job)
        self.assertEqual(done.status, 0, done)
        self.assertRegex(done.stdout, "worker-7 +node3")

    def test_the_ways_to_hosts_are_valid_parts_of_a_job(self):
        text = (wisp_test.SOURCE / "docs/launchers.md").read_text()
        parts = re.findall(r"^```yaml$(.*?)^```$", text, re.M | re.S)
        self.assertEqual(len(parts), 2)
        for part, shown in zip(parts, ["pod-2: kubectl exec -i pod-2 -- sh", "slurm-4: srun --nodes=1 "]):
            job = self.wisp.write("job.yaml", f"version: 1\ninclude: [ {EXAMPLES / 'quickstart.yaml'} ]\n{part}")
            done = self.wisp.run("plan", job, env={"SLURM_JOB_ID": None})
            self.assertEqual(done.status, 0, done)
            self.assertIn(f"\n{shown}", done.stdout)
        script = re.search(r"^```sh$(.*?)\{run\}", text, re.M | re.S).group(1)
        self.assertIn(script, done.stdout, "the script that the page shows")

    def test_none_is_forgotten(self):
        names = {path.stem for path in EXAMPLES.glob("*.yaml")}  # plugin_test.py has those of the plugin
        self.assertEqual(names, set(LOCAL) | {"phishing", "two-hosts"})


if __name__ == "__main__":
    wisp_test.main()
