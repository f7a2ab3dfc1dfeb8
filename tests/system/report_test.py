"""`wisp report`, seen by a real browser. With WISP_SCREENSHOTS=<folder> it leaves there what it saw."""
import json
import os
from pathlib import Path

import wisp_test
from browser import Browser, why_not

JOB = """version: 1
name: seen
problem: { kind: logistic, l2: 1e-2, data: { format: synthetic, rows: 200, dim: 20 }, optimum: solve }
actors: { worker: { replicas: 4, isolation: thread } }
stop: { gap: 1e-8, rounds: 3000 }
sweep:
  method: [ { kind: gd, step_size: paper }, { kind: isega, step_size: paper } ]
"""

CURVES = """return [...document.querySelectorAll("svg[data-chart]")].map((svg) => {
  const frame = svg.getBoundingClientRect();
  return { title: svg.querySelector(".title").textContent,
           labels: [...svg.querySelectorAll(".label")].map((each) => each.textContent),
           x: frame.x, y: frame.y, width: frame.width, height: frame.height,
           curves: [...svg.querySelectorAll("path.curve")].map((curve) => {
             const box = curve.getBoundingClientRect();
             return { length: curve.getTotalLength(), stroke: getComputedStyle(curve).stroke,
                      inside: box.left >= frame.left - 1 && box.right <= frame.right + 1 &&
                              box.top >= frame.top - 1 && box.bottom <= frame.bottom + 1 };
           }) };
});"""
PAPER = 'return getComputedStyle(document.body).backgroundColor'
TIP = 'const tip = document.getElementById("tip"); return [getComputedStyle(tip).display, tip.textContent]'
EVIL = "<img src=x onerror=document.title='owned'>"


class Report(wisp_test.TestCase):
    def setUp(self):
        super().setUp()
        if reason := why_not():
            self.skipTest(reason)

    def report(self, *args):
        done = self.wisp.run("report", *args, "-o", "r.html")
        self.assertEqual(done.status, 0, done)
        return self.wisp.folder / "r.html"

    def keep(self, browser, name):
        if folder := os.environ.get("WISP_SCREENSHOTS"):
            browser.screenshot(Path(folder) / f"{name}.png")

    def test_a_sweep_as_people_see_it(self):
        done = self.wisp.run("run", self.wisp.write("job.yaml", JOB), timeout=60)
        self.assertEqual(done.status, 0, done)
        page = self.report("seen", "--trace", "t.json")
        self.assertIn("traceEvents", json.loads((self.wisp.folder / "t.json").read_text()))
        with Browser() as browser:
            browser.open(page)
            charts = browser.run(CURVES)
            self.assertEqual([chart["title"] for chart in charts],
                             ["gap by rounds", "gap by bytes of workers", "gap by bytes", "gap by seconds"])
            for chart in charts:
                self.assertEqual(len(chart["labels"]), 2, "both axes say what they are")
                self.assertEqual(len(chart["curves"]), 2)
                self.assertNotEqual(chart["curves"][0]["stroke"], chart["curves"][1]["stroke"])
                for curve in chart["curves"]:
                    self.assertGreater(curve["length"], 100)
                    self.assertTrue(curve["inside"], chart)
            self.assertEqual(browser.run(TIP)[0], "none")
            first = charts[0]
            browser.move_to(first["x"] + 0.3 * first["width"], first["y"] + 0.5 * first["height"])
            shown, text = browser.run(TIP)
            self.assertEqual(shown, "block")
            self.assertRegex(text, r"^\S+ at \d+  method=.*gd.*\n\S+ at \d+  method=.*isega")
            self.assertEqual(browser.run(PAPER), "rgb(255, 255, 255)")
            self.keep(browser, "light")
            browser.emulate(scheme="dark")
            self.assertEqual(browser.run(PAPER), "rgb(22, 22, 22)")
            self.keep(browser, "dark")
            browser.emulate("print", "dark")
            self.assertEqual(browser.run(PAPER), "rgb(255, 255, 255)")
            self.assertEqual(browser.run(TIP)[0], "none")
            self.keep(browser, "print")
            self.assertEqual(browser.complaints(), [])

    def test_asynchronous_jobs_and_names_that_would_be_markup(self):
        folder = self.wisp.folder / EVIL
        folder.mkdir()
        lines = [{"round": i, "loss": 1 / (1 + i), "uplink_bytes": 10 * i, "downlink_bytes": i, "seconds": i,
                  "staleness": {"histogram": [[0, 0, 5], [1, 1, 9], [2, 3, 4], [8, 15, 1]]}} for i in range(20)]
        (folder / "metrics.jsonl").write_text("\n".join(map(json.dumps, lines)))
        (folder / "result.json").write_text(json.dumps({"status": EVIL, "method": "</script><script>"}))
        page = self.report(folder)
        with Browser() as browser:
            browser.open(page)
            charts = browser.run(CURVES)
            self.assertEqual([chart["title"] for chart in charts][-1], "staleness")
            self.assertEqual(len(charts), 5)
            self.assertGreater(charts[-1]["curves"][0]["length"], 100)
            self.assertEqual(browser.run("return [document.title, document.images.length]"), ["wisp report", 0])
            self.assertIn(EVIL, browser.run("return document.body.innerText"))
            self.keep(browser, "staleness")
            self.assertEqual(browser.complaints(), [])


if __name__ == "__main__":
    wisp_test.main()
