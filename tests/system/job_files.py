"""Job files and data that several tests of the whole program use."""

# Whoever ends, ends the job: what comes then is what these tests look at.
ACTORS = "actors: { master: { restart: never }, worker: { replicas: 3, restart: never } }\n"

ENDLESS = f"""
version: 1
name: endless
problem: {{ kind: logistic, l2: 1e-3, data: {{ format: synthetic, rows: 400, dim: 50 }} }}
method: {{ kind: gd, step_size: paper }}
{ACTORS}stop: {{ rounds: 1000000000 }}
"""

FROM_FILE = """
version: 1
name: from-file
problem: { kind: logistic, l2: 1e-3, data: { path: rows.libsvm, dim: 20 }, optimum: solve }
method: { kind: isega, step_size: paper }
actors: { worker: { replicas: 4 } }
stop: { gap: 1e-6, rounds: 50000 }
"""


def rows(count=120, dim=20):
    """A LIBSVM file that gd and isega solve in some hundred rounds: labels that no line separates."""
    lines = []
    for row in range(count):
        label = 1 if (row * 7919) % 13 < 6 else -1
        entries = [f"{i + 1}:{((row * 31 + i * 17) % 101 - 50) / 50:.6g}" for i in range(dim) if (row + i * i) % 3]
        lines.append(" ".join([str(label), *entries]))
    return "\n".join(lines) + "\n"


def big_file(path, rows_count=400000):
    """Some seconds of reading."""
    line = " ".join(["1", *(f"{i}:0.123456" for i in range(1, 61))]) + "\n"
    with open(path, "w") as file:
        for _ in range(rows_count // 1000):
            file.write(line * 1000)
