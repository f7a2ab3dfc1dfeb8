"""Real data against reference optima: gd and isega reach them, isega in as many rounds and an eighth of the bytes."""

import numpy as np

import reference
import wisp_test

JOB = """
version: 1
name: {name}
problem:
  kind: logistic
  l2: 1e-3
  data: {{ path: "{path}", dim: {dim} }}
  optimum: {f_star}
method: {{ kind: {method}, step_size: paper }}
actors: {{ worker: {{ replicas: 10 }} }}
stop: {{ gap: 1e-6, rounds: 30000 }}
"""

FILES = {"a1a": "a1a", "mushrooms": "mushrooms", "phishing": "phishing.gz", "w1a": "w1a", "w8a": "w8a.gz",
         "a9a": "a9a.gz"}


class RealData(wisp_test.TestCase):
    def run_method(self, dataset, method):
        path = self.data("libsvm/" + FILES[dataset])
        row = reference.optimum(self.data("optima.csv"), dataset, "logistic", "1e-3")
        name = f"{dataset}-{method}"
        self.wisp.write(name + ".yaml", JOB.format(name=name, path=path, dim=row["d"], f_star=row["f_star"],
                                                   method=method))
        done = self.wisp.run("run", name + ".yaml", "--json", timeout=170)
        self.assertEqual(done.status, 0, done)
        result = done.json()
        self.assertEqual(result["status"], "converged", done)
        self.assertLessEqual(result["gap"], 1e-6)
        x = np.load(self.wisp.job_folder(name) / "model.npy")
        self.assertEqual(x.shape, (int(row["d"]),))
        loss = reference.logistic_loss(path, int(row["d"]), 1e-3, x)
        self.assertLess(abs(loss - result["loss"]), 1e-12)
        self.assertLessEqual(loss - float(row["f_star"]), 1e-6)
        return result

    def check(self, dataset):
        gd = self.run_method(dataset, "gd")
        isega = self.run_method(dataset, "isega")
        print(f"{dataset}: gd {gd['rounds']} rounds {gd['seconds']:.1f} s, "
              f"isega {isega['rounds']} rounds {isega['seconds']:.1f} s, "
              f"ratio {isega['rounds'] / gd['rounds']:.3f}, uplink 1/{gd['uplink_bytes'] / isega['uplink_bytes']:.2f}")
        self.assertLessEqual(isega["rounds"], 1.15 * gd["rounds"])
        self.assertLessEqual(isega["uplink_bytes"], gd["uplink_bytes"] / 8)


def add_case(dataset):
    setattr(RealData, "test_" + dataset, lambda self: self.check(dataset))


for each in FILES:
    add_case(each)


class Interpolation(wisp_test.TestCase):
    """Least squares on 500 rows of news20_bin, more coordinates than rows: every worker's gradient vanishes at x*."""

    JOB = """
version: 1
name: {name}
problem:
  kind: least-squares
  data: {{ path: "{path}", dim: 62061, rows: 500 }}
  optimum: 0
method: {{ kind: {method}, step_size: {step} }}
actors: {{ worker: {{ replicas: 10 }} }}
stop: {{ gap: 1e-8, rounds: 20000 }}
"""

    def run_method(self, method, step):
        path = self.data("libsvm/news20_bin.gz")
        self.wisp.write(method + ".yaml", self.JOB.format(name=method, path=path, method=method, step=step))
        done = self.wisp.run("run", method + ".yaml", "--json", timeout=170)
        self.assertEqual(done.status, 0, done)
        self.assertLessEqual(done.json()["loss"], 1e-8)
        x = np.load(self.wisp.job_folder(method) / "model.npy")
        self.assertLess(abs(reference.least_squares_loss(path, 62061, 0, x, 500) - done.json()["loss"]), 1e-12)
        return done.json()

    def test_ibcd_sends_a_quarter_of_gd(self):
        ibcd = self.run_method("ibcd", "paper")
        gd = self.run_method("gd", "theory")  # 1/L
        self.assertAlmostEqual(ibcd["L"], gd["L"], delta=1e-9 * gd["L"])
        print(f"ibcd {ibcd['rounds']} rounds {ibcd['seconds']:.1f} s, gd {gd['rounds']} rounds {gd['seconds']:.1f} s, "
              f"uplink 1/{gd['uplink_bytes'] / ibcd['uplink_bytes']:.2f}")
        self.assertLessEqual(ibcd["uplink_bytes"], gd["uplink_bytes"] / 4)


if __name__ == "__main__":
    wisp_test.main()
