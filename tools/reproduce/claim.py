"""What a claim is, and what was found of it."""
from dataclasses import dataclass, field
from typing import Callable, List, Optional

ALL = []


@dataclass
class Found:
    measured: str
    holds: Optional[bool]  # None: measured and reported, nothing is asked of it
    figure: object = None
    seeds: List[str] = field(default_factory=list)


@dataclass
class Claim:
    number: str  # as docs/papers counts them
    name: str    # of its job file, and of its figure
    title: str
    expected: str
    run: Callable


def claim(number, name, title, expected):
    """Registers run(runner) -> Found."""
    def register(run):
        ALL.append(Claim(str(number), name, title, expected, run))
        return run
    return register


def seeds_of(points):
    return sorted({point.seed for point in points})
