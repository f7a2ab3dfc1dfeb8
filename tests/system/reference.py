"""An evaluator of losses that shares no code with wisp: NumPy, from the text of a LIBSVM file."""
import csv
import gzip

import numpy as np


def read_libsvm(path, dim, rows=None):
    """(list of (indices, values) a row, labels): indices from 0; two distinct labels become -1 and +1."""
    opener = gzip.open if str(path).endswith(".gz") else open
    entries, labels = [], []
    with opener(path, "rt") as lines:
        for line in lines:
            words = line.split()
            if not words:
                continue
            pairs = [word.split(":") for word in words[1:]]
            indices = np.array([int(i) - 1 for i, _ in pairs], dtype=int)
            entries.append((indices, np.array([float(v) for _, v in pairs])))
            labels.append(float(words[0]))
            if rows and len(labels) == rows:
                break
    labels = np.array(labels)
    values = np.unique(labels)
    if len(values) == 2:
        labels = np.where(labels == values[1], 1.0, -1.0)
    assert all(len(i) == 0 or i.max() < dim for i, _ in entries)
    return entries, labels


def margins(entries, x):
    return np.array([v @ x[i] for i, v in entries])


def logistic_loss(path, dim, l2, x):
    entries, labels = read_libsvm(path, dim)
    return np.logaddexp(0.0, -labels * margins(entries, x)).mean() + l2 / 2 * (x @ x)


def least_squares_loss(path, dim, l2, x, rows=None):
    entries, labels = read_libsvm(path, dim, rows)
    return ((margins(entries, x) - labels) ** 2).mean() / 2 + l2 / 2 * (x @ x)


def optimum(table, dataset, problem, tag):
    """The row of optima.csv as a dict."""
    with open(table) as lines:
        for row in csv.DictReader(lines):
            if (row["dataset"], row["problem"], row["lambda_tag"]) == (dataset, problem, tag):
                return row
    raise KeyError((dataset, problem, tag))
