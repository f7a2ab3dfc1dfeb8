"""The compiled programs of this folder, and the rows that the Python ones print."""
import json
import os
from pathlib import Path

FOLDER = Path(os.environ["WISP_BIN"]).parent / "bench"
SECONDS_MAX = 70  # the programs end themselves earlier


def program(name):
    """Its path, or None if it was not built."""
    path = FOLDER / name
    return path if path.exists() else None


def row(name, value, unit, reference=None, goal=None, holds=None):
    ratio = value / reference if reference else None
    print(json.dumps({"name": name, "value": value, "unit": unit, "reference": reference, "ratio": ratio, "goal": goal,
                      "holds": holds}), flush=True)
