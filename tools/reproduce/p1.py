"""The claims about P1's setting: asynchronous SGD with sparse updates, in virtual time.

The paper's own figures are not known (docs/papers/p1.md): the numbers expected here are those of measurements of ours
on other data.
"""
import math

from claim import Found, claim
from figures import Figure
from runs import CannotRun, by, median, spread

NAMES = {"identity": "dense", "top-k+memory": "top-1 % with memory", "top-k": "top-1 % without memory",
         "random-k+memory": "random 1 % with memory"}


def name_of(settings):
    method = settings["method"]
    kind = next((word for word in ("top-k", "random-k") if word in method), "identity")
    return NAMES[kind + ("+memory" if "error_feedback" in method else "")]


def best_steps(ended):
    """{name: (step, losses over seeds, bytes an update)} with the step of the least median."""
    found = {}
    for name, group in by(ended, lambda each: name_of(each[0])).items():
        steps = by(group, lambda each: each[0]["method.step_size"])
        losses = {step: [run["loss"] for _, run in runs if run["loss"] is not None] for step, runs in steps.items()}
        whole = {step: values for step, values in losses.items() if len(values) == len(steps[step])}
        if not whole:
            raise CannotRun(f"{name}: no step of the grid ends with a finite loss")
        step = min(whole, key=lambda each: median(whole[each]))
        run = steps[step][0][1]
        found[name] = (step, whole[step], run["uplink_bytes"] / run["updates"])
    return found


def law_of(simulation):
    return next((word for word in ("geometric", "uniform") if word in simulation), "exponential times")


def bars(title, found):
    figure = Figure(title, "what a worker sends", "loss after 20000 updates", points=True)
    for name, (step, losses, _) in found.items():
        word = name.replace(" with", "\nwith") + f"\nstep {step}"
        figure.add(name, [word], [median(losses)], [min(losses)], [max(losses)])
    return figure


def seeds(ended):
    return sorted({settings["seed"] for settings, _ in ended})


def describe(found, names):
    return "; ".join(f"{name}: {spread(found[name][1])} (step {found[name][0]})" for name in names)


@claim(16, "p1-memory", "with memory, top-1 % is as good as dense asynchronous SGD",
       "median loss within 35 % of dense after T >= 5 n d/k updates, >= 50x fewer bytes an update")
def memory(runner):
    ended = runner.simulate("p1-memory")
    found = best_steps(ended)
    dense, sparse = found["dense"], found["top-1 % with memory"]
    ratio, fewer = median(sparse[1]) / median(dense[1]), dense[2] / sparse[2]
    return Found(f"{describe(found, ['dense', 'top-1 % with memory'])}: {ratio:.2f}x; {fewer:.0f}x fewer bytes",
                 ratio <= 1.35 and fewer >= 50, bars("32 asynchronous workers, MLP, best steps", found), seeds(ended))


@claim(17, "p1-no-memory", "without memory, top-1 % is clearly worse", "measured only (>= 3x the loss in ours)")
def no_memory(runner):
    ended = runner.simulate("p1-memory")
    found = best_steps(ended)
    ratio = median(found["top-1 % without memory"][1]) / median(found["dense"][1])
    return Found(f"{describe(found, ['dense', 'top-1 % without memory'])}: {ratio:.2f}x", None, None, seeds(ended))


@claim(18, "p1-random", "random 1 % with memory is worse than top-1 % with memory", "measured only")
def random_k(runner):
    ended = runner.simulate("p1-memory")
    found = best_steps(ended)
    names = ["top-1 % with memory", "random 1 % with memory"]
    return Found(f"{describe(found, names)}: {median(found[names[1]][1]) / median(found[names[0]][1]):.2f}x", None,
                 None, seeds(ended))


@claim(19, "p1-ergodic", "what is left falls at least as 1/sqrt(T), dense or sparse",
       "measured only: slope of the gap over T, log-log, T = 1000 to 16000 (about -1/2 or steeper)")
def ergodic(runner):
    ended = runner.simulate("p1-ergodic")
    figure = Figure("Step falling as 1/sqrt(t), 32 asynchronous workers", "updates T", "gap", x_log=True, points=True)
    text = []
    names = {True: "top 10 % with memory", False: "dense"}
    for name, group in by(ended, lambda each: names["top-k" in each[0]["method"]]).items():
        gaps = {int(t): median([run["gap"] for _, run in runs])
                for t, runs in by(group, lambda each: each[0]["stop.updates"]).items()}
        ts = sorted(gaps)
        figure.add(name, ts, [gaps[t] for t in ts])
        slope = math.log(gaps[ts[-1]] / gaps[ts[0]]) / math.log(ts[-1] / ts[0])
        text.append(f"{name}: {slope:.2f}")
    return Found("; ".join(text), None, figure, seeds(ended))


@claim(20, "p1-staleness", "the law of the staleness matters little, if its mean is the same",
       "largest / least median loss of three laws <= 1.15, for dense and for top-1 % with memory")
def staleness(runner):
    ended = runner.simulate("p1-staleness")
    holds, text = True, []
    figure = Figure("Staleness of one mean, 32 asynchronous workers", "law of the staleness", "loss", points=True)
    for name, group in by(ended, lambda each: name_of(each[0])).items():
        laws = by(group, lambda each: law_of(each[0]["simulation"]))
        every = [[run["loss"] for _, run in law] for law in laws.values()]
        losses = [median(each) for each in every]
        means = [median([run["staleness_mean"] for _, run in law]) for law in laws.values()]
        figure.add(name, list(laws), losses, [min(each) for each in every], [max(each) for each in every])
        ratio = max(losses) / min(losses)
        holds = holds and ratio <= 1.15
        text.append(f"{name}: {ratio:.3f}x (mean staleness {', '.join(f'{mean:.1f}' for mean in means)})")
    return Found("; ".join(text), holds, figure, seeds(ended))


@claim(21, "p1-improves", "sparsification improves on dense SGD under staleness",
       "measured only")
def improves(runner):
    ended = runner.simulate("p1-memory")
    found = best_steps(ended)
    ratio = median(found["top-1 % with memory"][1]) / median(found["dense"][1])
    return Found(f"top-1 % with memory has {ratio:.2f}x dense's loss: {'yes' if ratio < 1 else 'no'}", None, None,
                 seeds(ended))
