"""A synchronous method gives the same bits wherever its actors live and whatever the processor offers."""
import loopback_sshd
import wisp_test

JOB = """
version: 1
name: hash
seed: 7
dtype: {dtype}
problem: {{ kind: {problem}, l2: 1e-3, data: {{ path: rows.libsvm, dim: 37 }} }}
method: {{ kind: {method}, step_size: paper }}
actors: {{ worker: {{ replicas: 5 }} }}
stop: {{ rounds: 60 }}
"""

HOSTS = """
include: [ hash.yaml ]
version: 1
name: hash-ssh
ssh: {{ config_file: "{config}" }}
deploy: {{ workdir: "{workdir}" }}
hosts: {{ n1: {{ slots: 3 }}, n2: {{ slots: 3 }} }}
"""

# Without them a libm or a compiler that picks its code by processor would give other bits.
MASKED = "glibc.cpu.hwcaps=-AVX2_Usable,-FMA_Usable,-AVX2,-FMA,-AVX512F"

METHODS = ["gd", "ibcd", "isega", "isaga", "isgd, batch_size: 3", "nesterov"]


def rows():
    """203 rows, so that shards are uneven; no pattern that a method could like."""
    lines = []
    for row in range(203):
        label = 1 if (row * 7919) % 13 < 6 else -1
        entries = [f"{i + 1}:{((row * 31 + i * 17) % 101 - 50) / 37:.6g}" for i in range(37) if (row + i * i) % 4 == 0]
        lines.append(" ".join([str(label), *entries]))
    return "\n".join(lines) + "\n"


class OneHash(wisp_test.TestCase):
    def hash_of(self, *args, file="hash.yaml", env=None):
        done = self.wisp.run("run", file, "--json", *args, timeout=60, env=env)
        self.assertEqual(done.status, 0, done)
        result = done.json()
        self.assertEqual((result["status"], result["rounds"]), ("finished", 60))
        self.assertRegex(result["iterate_hash"], "^[0-9a-f]{16}$")
        return result["iterate_hash"]

    def simulated_hash(self):
        done = self.wisp.run("simulate", "hash.yaml", "--seeds", "3", "--json", timeout=60)
        self.assertEqual(done.status, 0, done)
        result = done.json()
        self.assertEqual((result["seeds"], result["violations"]), (3, 0), result)
        return result["iterate_hash"]

    def check(self, dtype):
        self.wisp.write("rows.libsvm", rows())
        seen = set()
        with loopback_sshd.LoopbackSshd() as hosts:
            for method in METHODS:
                problem = "least-squares" if method == "ibcd" else "logistic"
                self.wisp.write("hash.yaml", JOB.format(dtype=dtype, method=method, problem=problem))
                self.wisp.write("ssh.yaml", HOSTS.format(config=hosts.ssh_config, workdir=self.wisp.folder / "work"))
                hashes = {
                    "processes, ipc": self.hash_of(),
                    "processes, tcp": self.hash_of("--set", "network.transport=tcp"),
                    "threads": self.hash_of("--set", "actors.worker.isolation=thread"),
                    "no AVX2, no FMA": self.hash_of(env={"GLIBC_TUNABLES": MASKED}),
                    "two sshd's": self.hash_of(file="ssh.yaml"),
                    "virtual time, all faults": self.simulated_hash(),
                }
                self.assertEqual(len(set(hashes.values())), 1, (dtype, method, hashes))
                seen |= set(hashes.values())
        self.assertEqual(len(seen), len(METHODS), "each method has bits of its own")

    def test_float64(self):
        self.check("float64")

    def test_float32(self):
        self.check("float32")


if __name__ == "__main__":
    wisp_test.main()
