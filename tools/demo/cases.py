"""The three parts of the slow-link demonstration: which job, how it is changed for what it is compared with."""
from dataclasses import dataclass, field

import data

DENSE = ["method.sparsifier=identity", "method.error_feedback=false", "method.broadcast=dense"]
SYNC = ["method.kind=sgd", "method.sparsifier=null", "method.error_feedback=null", "method.broadcast=null"]
HERE = ["hosts=null", "actors.master=null", "actors.worker.placement=null", "actors.worker.isolation=thread"]


@dataclass
class Case:
    name: str
    title: str
    file: str
    rate: str  # of every host's link, either way
    key: str  # of metrics: what falls to the same level
    goal: float
    dense_name: str
    sparse_name: str
    dense: list  # what --set makes of the job
    sparse: list
    budget: str  # key of stop
    steps: int  # of the dense job, whose last value is the level; sparse has LONGER times as many
    ring: list  # the job that an all-reduce would do, in rounds
    variables: dict = field(default_factory=dict)
    data: str = ""

    LONGER = 8

    @property
    def unit(self):
        return "rounds" if self.budget == "rounds" else "updates"

    def job(self, sets):
        options = []
        for each in sets:
            options += ["--set", each]
        for name, value in self.variables.items():
            options += ["--var", f"{name}={value}"]
        return [self.file, *options]


def rate(options):
    return "100mbit" if options.quick else "10mbit"


def news20(options, folder, say):
    what = data.news20(options.data, folder / "news20", say, 1500 if options.quick else 8000)
    steps = 60 if options.quick else 400
    return Case("news20", "logistic regression, d = 62,061", "examples/slow-link/news20.yaml", "100mbit",
                "test_loss", 8, "async-sgd, dense", "async-sgd, top-1 % + memory + delta", DENSE, [], "updates", steps,
                [*SYNC, "method.step_size=128", "stop.updates=null", "stop.rounds=400", "evaluate.every=2 rounds"],
                {"DATA": folder / "news20"}, what)


def isega(options, folder, say):
    what = data.news20(options.data, folder / "news20", say, 1500 if options.quick else 8000)
    steps = 10 if options.quick else 60
    gd = ["method.kind=gd", "method.sparsifier=null", "method.broadcast={ kind: dense, way: star }"]
    return Case("isega", "logistic regression, d = 62,061", "examples/slow-link/isega.yaml", rate(options), "loss", 4,
                "gd, unicast star", "isega, 1/8, chain", gd, [], "rounds", steps,
                ["method.kind=gd", "method.sparsifier=null", "method.broadcast=null"],
                {"DATA": folder / "news20"}, what)


def lenet(options, folder, say):
    rows = 1000 if options.quick else 4000
    what = data.mnist(options.data, folder / "mnist", say, rows, rows // 2)
    sets, variables = ["problem.data.rows=null"], {"DATA": folder / "mnist", "PLUGIN": options.plugin or "none"}
    title = "LeNet-5, d = 61,706"
    if not options.plugin:
        if not options.quick:
            say("no plugin of examples/torch (--plugin; docs/slow-link.md): a network of wisp's own takes its place")
        sets += ["plugins=null", "problem.kind=mlp", "problem.hidden=77"]
        title = "MLP of 77 hidden units, d = 61,215"
    return Case("lenet", title, "examples/slow-link/lenet.yaml", rate(options), "test_loss", 8,
                "async-sgd, dense", "async-sgd, top-1 % + memory + delta", [*sets, *DENSE], sets, "updates",
                50 if options.quick else 600,
                [*sets, *SYNC, "method.step_size=0.1", "stop.updates=null", "stop.rounds=400",
                 "evaluate.every=4 rounds"],
                variables, what)


ALL = {"news20": news20, "lenet": lenet, "isega": isega}
