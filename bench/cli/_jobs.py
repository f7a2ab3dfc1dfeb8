"""Jobs of the whole program that are run only to be measured."""
import json
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

WISP = os.environ["WISP_BIN"]


def row(name, value, unit, reference=None, goal=None, holds=None):
    ratio = value / reference if reference else None
    print(json.dumps({"name": name, "value": value, "unit": unit, "reference": reference, "ratio": ratio, "goal": goal,
                      "holds": holds}), flush=True)


class Sandbox:
    """Folders of one's own, in which job.yaml is the text `template`, formatted with `values`."""

    def __init__(self, template):
        self.template = template

    def __enter__(self):
        self.folder = Path(tempfile.mkdtemp(prefix="wisp-bench-"))
        self.env = dict(os.environ, XDG_STATE_HOME=str(self.folder), WISP_RUNTIME_DIR=str(self.folder / "run"))
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.folder, ignore_errors=True)

    def job(self, **values):
        path = self.folder / "job.yaml"
        path.write_text(self.template.format(**values))
        return str(path)

    def run(self, **values):
        """What --json says of it."""
        done = subprocess.run([WISP, "run", self.job(**values), "--json", "-q"], env=self.env, stdout=subprocess.PIPE,
                              check=True)
        return json.loads(done.stdout)

    def start(self, **values):
        return subprocess.Popen([WISP, "run", self.job(**values), "-q"], env=self.env, stdout=subprocess.DEVNULL)

    def metrics(self):
        """Whether a job has measured something yet."""
        files = list((self.folder / "wisp/jobs").glob("*-*/metrics.jsonl"))
        return any(each.stat().st_size for each in files)
