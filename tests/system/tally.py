"""Jobs of the method of tests/support/tally_plugin.cc, whose x says which updates have counted; and their processes, to
be killed."""
import os
import signal
from pathlib import Path

import numpy

PLUGIN = Path(os.environ["WISP_BIN"]).parent / "test_tally.so"


def job(name, consistency, workers, seconds, pause=0):
    """The text of a job file. A step takes `pause` milliseconds."""
    return f"""
version: 1
name: {name}
problem: {{ kind: logistic, l2: 1e-3, data: {{ format: synthetic, rows: {10 * workers}, dim: {3 * workers} }} }}
method: {{ kind: tally, consistency: {consistency}, pause: {pause} }}
actors:
  master: {{ restart: {{ max: 1000000, backoff: 10ms }} }}
  worker: {{ replicas: {workers}, restart: {{ max: 1000000, backoff: 10ms }} }}
checkpoint: {{ every: 1s }}
evaluate: {{ every: 1s }}
stop: {{ time: {seconds}s, diverged: 1e300 }}
plugins: [ {PLUGIN} ]
"""


def mix(worker, steps):
    """As the plugin mixes, for steps 0 .. steps-1; their sum."""
    with numpy.errstate(over="ignore"):
        x = numpy.uint64(worker << 40) + numpy.arange(1, steps + 1, dtype=numpy.uint64)
        x = (x ^ (x >> numpy.uint64(30))) * numpy.uint64(0xbf58476d1ce4e5b9)
        x = (x ^ (x >> numpy.uint64(27))) * numpy.uint64(0x94d049bb133111eb)
        return int(((x ^ (x >> numpy.uint64(31))) % numpy.uint64(1 << 20)).sum(dtype=numpy.uint64))


def check(test, workers, where):
    """Fails unless each update has counted once in the model of the newest job. How many there were."""
    x = numpy.load(test.wisp.job_folder() / "model.npy").reshape(workers, 3)
    updates = 0
    for worker, (steps, numbers, mixed) in enumerate(x):
        steps = int(steps)
        updates += steps
        test.assertGreater(steps, 0, f"worker {worker}, {where}")
        test.assertEqual(int(numbers), steps * (steps + 1) // 2, f"worker {worker}, {where}")
        test.assertEqual(int(mixed), mix(worker, steps), f"worker {worker}, {where}")
    test.assertEqual(updates, test.wisp.result()["updates"])
    return updates


def nodes(job_id):
    """{actor: pid} of the nodes of a job that are there now."""
    found = {}
    for process in Path("/proc").iterdir():
        try:
            words = (process / "cmdline").read_bytes().split(b"\0")
            if not process.name.isdigit() or words[1:2] != [b"node"]:
                continue
            variables = (process / "environ").read_bytes().split(b"\0")
            environment = dict(each.split(b"=", 1) for each in variables if b"=" in each)
        except OSError:
            continue
        if environment.get(b"WISP_JOB_ID", b"").decode() == job_id:
            found[environment[b"WISP_ACTOR"].decode()] = int(process.name)
    return found


def kill(pid):
    """Whether it was still there."""
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return False
    return True
