"""Figures of the claims: SVG, with labelled axes, told apart by marks and dashes as well as by colour."""
import matplotlib

matplotlib.use("svg")
import matplotlib.pyplot as plt  # noqa: E402

STYLES = ["-", "--", "-.", ":"]
MARKS = ["o", "s", "^", "D", "v", "x", "P", "*"]


class Figure:
    """Series over one pair of axes. `points` gives each of them marks; with ranges, (low, high) of every y."""

    def __init__(self, title, x_label, y_label, x_log=False, y_log=True, points=False):
        self.title, self.x_label, self.y_label = title, x_label, y_label
        self.x_log, self.y_log, self.points = x_log, y_log, points
        self.series = []
        self.levels = []

    def add(self, name, x, y, low=None, high=None):
        self.series.append((name, list(x), list(y), low, high))
        return self

    def level(self, name, y):
        """A line across at a value that was expected."""
        self.levels.append((name, y))
        return self

    def save(self, path):
        with matplotlib.rc_context({"svg.fonttype": "none", "svg.hashsalt": "wisp", "font.size": 10}):
            figure, axes = plt.subplots(figsize=(6.4, 4.2))
            for i, (name, x, y, low, high) in enumerate(self.series):
                look = {"linestyle": STYLES[i % len(STYLES)], "linewidth": 1.5, "label": name}
                if self.points:
                    look.update(marker=MARKS[i % len(MARKS)], markersize=5)
                if low is not None:
                    below = [a - b for a, b in zip(y, low)]
                    above = [b - a for a, b in zip(y, high)]
                    axes.errorbar(x, y, yerr=[below, above], capsize=3, **look)
                else:
                    axes.plot(x, y, **look)
            for name, y in self.levels:
                axes.axhline(y, color="black", linestyle=(0, (1, 3)), linewidth=1.2, label=name)
            if self.x_log:
                axes.set_xscale("log")
            if self.y_log:
                axes.set_yscale("log")
            axes.set_title(self.title, fontsize=10)
            axes.set_xlabel(self.x_label)
            axes.set_ylabel(self.y_label)
            axes.grid(True, alpha=0.3)
            axes.legend(fontsize=8)
            figure.tight_layout()
            figure.savefig(path, format="svg", metadata={"Date": None})
            plt.close(figure)
