"""The claims of P2 about full gradients: IBCD, IBGD, ISEGA.

Rounds are those until the gap f(x) - f* is 1e-6 of the first one, unless a claim says otherwise.
"""
import math

import numpy

from claim import Found, claim, seeds_of
from figures import Figure
from runs import CannotRun, by, median, ratios, spread


def kind(point, method, step=None):
    """Whether the point ran `method`, with the step of that name if it is given."""
    return point.method == method and (step is None or f"step_size: {step}" in point.settings["method"])


def select(points, method, step=None, workers=None):
    return [p for p in points if kind(p, method, step) and (workers is None or p.workers == workers)]


def convergence(title, groups):
    """The first seed's curve of each group: {name: points}."""
    figure = Figure(title, "rounds", "gap, relative to the first")
    for name, points in groups.items():
        figure.add(name, *points[0].curve())
    return figure


def mu_of(gd):
    """mu of f, from the last rounds of gd with the step 1/L: there the gap falls by (1 - mu/L)^2 a round. An estimate
    from above, so what is computed from it is harder to meet."""
    gaps = [line["gap"] for line in gd.metrics[-6:]]
    ratio = (gaps[-1] / gaps[0]) ** (1 / (len(gaps) - 1))
    return gd.result["L"] * (1 - math.sqrt(ratio))


def bound(point, mu):
    """Rounds after which P2's Theorem 1, or its tighter form, has (1 - step mu)^t at 1e-6."""
    return math.log(1e-6) / math.log(1 - mu * point.result["step"])


@claim(1, "p2-fig3", "IBCD at tau = 1/n needs about twice the rounds of GD",
       "<= 2.6x GD(1/L) with the derived step; <= 3.5x GD(1/(2L)) with Theorem 1's; never above the rate's bound")
def ibcd_rounds(runner):
    points = runner.sweep("p2-fig3")
    holds, text = True, []
    figure = Figure("IBCD at tau = 1/n against GD, quadratic (17)", "workers n", "rounds, relative to GD", y_log=False,
                    points=True)
    series = {"derived step / GD(1/L)": [], "Theorem 1's step / GD(1/(2L))": []}
    sizes = sorted(by(points, lambda p: p.workers))
    for n in sizes:
        gd = {p.seed: p for p in select(points, "gd", "theory", n)}
        own = select(points, "ibcd", "paper", n)
        printed = select(points, "ibcd", "theory", n)
        derived = ratios(own, gd.values(), lambda p: p.rounds_to())
        theorem = ratios(printed, select(points, "gd", "paper", n), lambda p: p.rounds_to())
        series["derived step / GD(1/L)"].append(derived)
        series["Theorem 1's step / GD(1/(2L))"].append(theorem)
        below = all(p.rounds_to() <= bound(p, mu_of(gd[p.seed])) for p in own + printed)
        holds = holds and max(derived) <= 2.6 and max(theorem) <= 3.5 and below
        text.append(f"n={n}: {spread(derived)}x and {spread(theorem)}x{'' if below else ', ABOVE the bound'}")
    for name, all_ratios in series.items():
        figure.add(name, sizes, [median(r) for r in all_ratios], [min(r) for r in all_ratios],
                   [max(r) for r in all_ratios])
    figure.level("2.6", 2.6).level("3.5", 3.5)
    return Found("; ".join(text), holds, figure, seeds_of(points))


@claim(2, "p2-fig3-bytes", "the same runs send a small part of GD's values",
       "bytes of the workers until then fall by >= n/3; at n = 100 each sends 1 block of 100")
def ibcd_bytes(runner):
    points = runner.sweep("p2-fig3")
    holds, text = True, []
    figure = Figure("Bytes from workers to master, GD / IBCD", "workers n", "times fewer", points=True)
    sizes = sorted(by(points, lambda p: p.workers))
    falls = []
    for n in sizes:
        fall = [1 / r for r in ratios(select(points, "ibcd", "paper", n), select(points, "gd", "theory", n),
                                      lambda p: p.uplink_to())]
        falls.append(fall)
        holds = holds and min(fall) >= n / 3
        text.append(f"n={n}: {spread(fall)}x")
    figure.add("measured", sizes, [median(f) for f in falls], [min(f) for f in falls], [max(f) for f in falls])
    figure.add("n/3", sizes, [n / 3 for n in sizes])
    sent = select(points, "ibcd", "paper", 100)[0].result
    share = sent["uplink_bytes"] / sent["dense_uplink_bytes"]
    return Found("; ".join(text) + f"; at n=100 a round has {share:.2%} of dense", holds, figure, seeds_of(points))


@claim(3, "p2-same-block", "the workers' blocks have to be independent",
       "all workers on the same block: >= 4x the rounds of IBCD at n = 10, >= 20x at n = 50")
def same_block(runner):
    points = runner.sweep("p2-same-block")
    holds, text, curves = True, [], {}
    for n, own in by(points, lambda p: p.workers).items():
        found = []
        for point in own:
            step = 1 / (n * point.result["L"])  # gamma tau with gamma = 1/L
            together = runner.one("p2-same-block", [
                "sweep.\"actors.worker.replicas\"=[ 1 ]", f"method.step_size={step!r}",
                f"method.sparsifier.density={1 / n!r}"], seeds=[point.seed])
            found.append(together.rounds_to() / point.rounds_to())
            curves.setdefault(f"independent, n = {n}", [point])
            curves.setdefault(f"the same, n = {n}", [together])
        holds = holds and min(found) >= {10: 4, 50: 20}[n]
        text.append(f"n={n}: {spread(found)}x")
    return Found("; ".join(text), holds, convergence("Independent blocks or the same one, least squares", curves),
                 seeds_of(points))


@claim(4, "p2-fig4", "below tau = 1/n the rounds grow as 1/tau, above it they are nearly flat",
       "n = 10: tau = 1/n <= 2.6x tau = 1; tau = 1/(10 n) >= 5x tau = 1/n")
def taus(runner):
    points = runner.sweep("p2-fig4")
    groups = {float(tau): group for tau, group in by(points, lambda p: p.settings["method.sparsifier.density"]).items()}
    flat = ratios(groups[0.1], groups[1.0], lambda p: p.rounds_to())
    steep = ratios(groups[0.01], groups[0.1], lambda p: p.rounds_to())
    figure = Figure("IBCD with 10 workers, quadratic (17)", "tau", "rounds", x_log=True, points=True)
    taus_run = sorted(groups)
    rounds = [[p.rounds_to() for p in groups[tau]] for tau in taus_run]
    figure.add("rounds to 1e-6", taus_run, [median(r) for r in rounds], [min(r) for r in rounds],
               [max(r) for r in rounds])
    return Found(f"{spread(flat)}x; {spread(steep)}x", max(flat) <= 2.6 and min(steep) >= 5, figure, seeds_of(points))


@claim(5, "p2-ibgd", "IBGD takes as many rounds as IBCD", "within 15 % at the same tau and step (medians)")
def ibgd(runner):
    points = runner.sweep("p2-ibgd")
    holds, text, curves = True, [], {}
    for n, group in by(points, lambda p: p.workers).items():
        a, b = select(group, "ibgd"), select(group, "ibcd")
        ratio = median([p.rounds_to() for p in a]) / median([p.rounds_to() for p in b])
        holds = holds and abs(ratio - 1) <= 0.15
        text.append(f"n={n}: {ratio:.3f}x")
        curves.update({f"IBGD, n = {n}": a, f"IBCD, n = {n}": b})
    return Found("; ".join(text), holds, convergence("IBGD and IBCD at tau = 1/n, quadratic (17)", curves),
                 seeds_of(points))


@claim(6, "p2-ibcd-stalls", "IBCD stalls where the workers' gradients do not vanish at the solution",
       "squared distance to x* (against the first) stays >= 1e-4")
def stalls(runner):
    points = runner.sweep("p2-ibcd-stalls")
    ends = {p.seed: p.model() for p in select(points, "isega")}  # x* to 1e-9 of the gap
    floors = []
    for point in select(points, "ibcd"):
        star = ends[point.seed]
        floors.append(float(numpy.sum((point.model() - star) ** 2) / numpy.sum(star ** 2)))
    gap = median([p.result["gap"] for p in select(points, "isega")])
    return Found(f"{spread(floors, '{:.1e}')} (ISEGA on the same: gap {gap:.1e})", min(floors) >= 1e-4,
                 convergence("IBCD and ISEGA, logistic regression, rows sorted by label",
                             {"IBCD": select(points, "ibcd"), "ISEGA": select(points, "isega")}), seeds_of(points))


@claim(7, "p2-fig2", "ISEGA at tau = 1/n takes as many rounds as GD",
       "within 10 % of GD(1/(2L)) for n = 10, 20, 50, 100 where L/mu >= 5n, step 1/(L(1+1/(n tau)))")
def isega(runner):
    points = runner.sweep("p2-fig2")
    holds, text, curves = True, [], {}
    for n, group in by(points, lambda p: p.workers).items():
        own, gd = select(group, "isega"), select(group, "gd")
        kappa = min(p.result["L"] / p.result["mu"] for p in own)
        if kappa < 5 * n:
            raise CannotRun(f"L/mu = {kappa:.0f} at n = {n}: the claim is for 5n and more")
        found = ratios(own, gd, lambda p: p.rounds_to())
        holds = holds and all(abs(r - 1) <= 0.1 for r in found)
        text.append(f"n={n}: {spread(found, '{:.3f}')}x (L/mu {kappa:.0f})")
        curves.update({f"GD, n = {n}": gd, f"ISEGA, n = {n}": own})
    return Found("; ".join(text), holds, convergence("ISEGA at tau = 1/n and GD, logistic regression", curves),
                 seeds_of(points))


@claim("7b", "p2-isega-theory", "ISEGA with Theorem 3's step", "<= 4.2x GD(1/(2L)), and below the theorem's bound")
def isega_theory(runner):
    points = runner.sweep("p2-isega-theory")
    own, gd = select(points, "isega"), select(points, "gd")
    found = ratios(own, gd, lambda p: p.rounds_to())
    below = all(p.rounds_to() <= math.log(1e-6) / math.log(1 - p.result["step"] * p.result["mu"]) for p in own)
    return Found(f"{spread(found)}x, {'below' if below else 'ABOVE'} the bound", max(found) <= 4.2 and below,
                 convergence("ISEGA with Theorem 3's step", {"GD": gd, "ISEGA": own}), seeds_of(points))


@claim("7c", "p2-isega-l1", "the same with an l1 prox", "within 10 % of GD(1/(2L)) with the same prox")
def isega_l1(runner):
    points = runner.sweep("p2-isega-l1")
    own, gd = select(points, "isega"), select(points, "gd")
    found = ratios(own, gd, lambda p: p.rounds_to())
    return Found(f"{spread(found, '{:.3f}')}x", all(abs(r - 1) <= 0.1 for r in found),
                 convergence("ISEGA and GD with l1", {"GD": gd, "ISEGA": own}), seeds_of(points))


@claim(8, "p2-isega-regime", "ISEGA at tau = 1/n is not free where n > L/mu", "> 2x GD(1/(2L)) at n = 100")
def isega_regime(runner):
    points = runner.sweep("p2-isega-regime")
    text, curves, last = [], {}, []
    for n, group in by(points, lambda p: p.workers).items():
        own, gd = select(group, "isega"), select(group, "gd")
        kappa = median([p.result["L"] / p.result["mu"] for p in own])
        last = ratios(own, gd, lambda p: p.rounds_to())
        text.append(f"n={n}: {spread(last)}x (L/mu {kappa:.0f})")
        curves.update({f"GD, n = {n}": gd, f"ISEGA, n = {n}": own})
    return Found("; ".join(text), min(last) > 2, convergence("ISEGA and GD where n > L/mu", curves), seeds_of(points))


@claim(9, "p2-isega-ball", "ISEGA takes a prox that is not separable",
       "reaches 1e-6 on a ball that cuts the minimiser off")
def isega_ball(runner):
    points = runner.sweep("p2-isega-ball")
    own = select(points, "isega")
    rounds = [p.rounds_to() for p in own]
    radii = [float(numpy.linalg.norm(p.model())) for p in own]
    return Found(f"after {spread(rounds, '{:.0f}')} rounds; ||x|| = {spread(radii, '{:.4f}')}", True,
                 convergence("ISEGA and GD within a ball", {"GD": select(points, "gd"), "ISEGA": own}),
                 seeds_of(points))


@claim(15, "p2-tau-one", "with tau = 1 the methods are GD", "the same iterate, to rounding (1e-12)")
def tau_one(runner):
    points = runner.sweep("p2-tau-one")
    groups = by(points, lambda p: p.method)
    gd = {p.seed: p.model() for p in groups["gd"]}
    worst, text = 0.0, []
    for method, group in groups.items():
        if method == "gd":
            continue
        differences = [float(numpy.max(numpy.abs(p.model() - gd[p.seed]))) for p in group]
        worst = max(worst, *differences)
        text.append(f"{method}: {max(differences):.1e}")
    return Found("; ".join(text), worst <= 1e-12,
                 convergence("tau = 1, quadratic (17)", {name: group for name, group in groups.items()}),
                 seeds_of(points))
