"""P1 for real: LeNet-5 on the MNIST files, 8 asynchronous worker processes over tcp (examples/torch, libtorch)."""
import os
from pathlib import Path

from claim import Found, claim, seeds_of
from figures import Figure
from p1 import name_of
from runs import SOURCE, CannotRun, by

DENSE, MEMORY, PLAIN = "dense", "top-1 % with memory", "top-1 % without memory"


def run(runner):
    """{name: points}, of the same seeds and updates each."""
    data = Path(os.environ.get("WISP_TEST_DATA", "")) / "mnist"
    plugin = Path(os.environ.get("WISP_LENET", SOURCE / "build/torch/liblenet.so"))
    for what, path in (("WISP_TEST_DATA: a folder with the MNIST files in mnist/", data / "train-images-idx3-ubyte.gz"),
                       ("build/torch: examples/torch/CMakeLists.txt says how it is built", plugin)):
        if not path.exists():
            raise CannotRun(f"needs {what}")
    points = runner.sweep("p1-lenet", variables={"DATA": data.absolute(), "PLUGIN": plugin.absolute()})
    groups = by(points, lambda p: name_of(p.settings))
    if len({(len(group), tuple(seeds_of(group))) for group in groups.values()}) != 1 or len(groups) != 3:
        raise CannotRun("not every run of it has ended")
    return groups


def accuracies(point):
    """(epochs, percent of the test rows whose class is found), by the updates that were applied."""
    lines = [line for line in point.metrics if line["updates"]]
    return [line["updates"] / 1000 for line in lines], [100 * line["test_accuracy"] for line in lines]


def last_three(point):
    return sum(accuracies(point)[1][-3:]) / 3


def mean(values):
    values = list(values)
    return sum(values) / len(values)


def accuracy(groups, name):
    found = [last_three(point) for point in groups[name]]
    return f"{name} {mean(found):.2f} % [{min(found):.2f}, {max(found):.2f}]"


def share(groups, name, what):
    """Of the bytes that dense runs of as many updates took."""
    def an_update(group):
        return sum(p.result[what] for p in group) / sum(p.result["updates"] for p in group)
    return an_update(groups[name]) / an_update(groups[DENSE])


def curves(groups):
    figure = Figure("LeNet-5 on MNIST, 8 asynchronous worker processes", "epochs (1000 updates each)",
                    "accuracy on the test rows, %", y_log=False, points=True)
    for name, group in groups.items():
        rows = list(zip(*(accuracies(point)[1] for point in group)))
        figure.add(name, accuracies(group[0])[0], [mean(row) for row in rows], [min(row) for row in rows],
                   [max(row) for row in rows])
    return figure


@claim("16b", "p1-lenet", "LeNet-5 on MNIST, worker processes over tcp: top-1 % with memory is as good as dense",
       "test accuracy, mean of the last three epochs and of the seeds, within 0.5 points of dense after equal updates; "
       "uplink <= 2.5 % and total <= 9 % of dense's bytes")
def lenet(runner):
    groups = run(runner)
    apart = mean(map(last_three, groups[MEMORY])) - mean(map(last_three, groups[DENSE]))
    up, total = share(groups, MEMORY, "uplink_bytes"), share(groups, MEMORY, "total_bytes")
    stale = mean(p.result["staleness_mean"] for group in groups.values() for p in group)
    return Found(f"{accuracy(groups, DENSE)}; {accuracy(groups, MEMORY)}: {apart:+.2f} points; uplink {up:.2%}, total "
                 f"{total:.2%} of dense; mean staleness {stale:.1f}",
                 abs(apart) <= 0.5 and up <= 0.025 and total <= 0.09, curves(groups), seeds_of(groups[DENSE]))


@claim("17b", "p1-lenet-no-memory", "the same without memory", "measured only")
def lenet_no_memory(runner):
    groups = run(runner)
    apart = mean(map(last_three, groups[PLAIN])) - mean(map(last_three, groups[DENSE]))
    return Found(f"{accuracy(groups, PLAIN)}: {apart:+.2f} points; uplink {share(groups, PLAIN, 'uplink_bytes'):.2%}, "
                 f"total {share(groups, PLAIN, 'total_bytes'):.2%} of dense", None, None, seeds_of(groups[DENSE]))
