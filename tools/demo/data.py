"""The rows of the demonstration: real ones from a folder, split in two, or others made from a seed."""
import gzip
import struct
from pathlib import Path

import numpy

FEATURES = 62061  # of news20_bin
IMAGES = ["train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz", "t10k-images-idx3-ubyte.gz",
          "t10k-labels-idx1-ubyte.gz"]


def news20(real, folder, say, rows=8000):
    """Makes train.svm and test.svm, every fifth row of all, in a folder. Says what they are."""
    folder.mkdir(parents=True, exist_ok=True)
    source = Path(real) / "libsvm/news20_bin.gz" if real else None
    if source and source.exists():
        with gzip.open(source, "rt") as file:
            lines = file.read().splitlines(keepends=True)
        what = "news20_bin"
    else:
        if source:
            say(f"there is no {source}: rows made from a seed take its place")
        lines = sparse_rows(rows)
        what = f"{rows} rows made from a seed"
    (folder / "test.svm").write_text("".join(lines[::5]))
    (folder / "train.svm").write_text("".join(line for i, line in enumerate(lines) if i % 5))
    return what


def sparse_rows(count, each=80):
    """Rows of unit norm whose features are as frequent as words are, and labels of a hidden model."""
    rng = numpy.random.default_rng(1)
    weights = rng.standard_normal(FEATURES)
    lines = []
    for _ in range(count):
        index = numpy.unique((FEATURES ** rng.random(each)).astype(int))  # log-uniform: Zipf's law
        values = (rng.random(len(index)) + 0.5) * index ** 0.1  # what is rare says a little more
        values /= numpy.linalg.norm(values)
        label = 1 if values @ weights[index - 1] > 0 else -1
        lines.append(f"{label:+d} " + " ".join(f"{i}:{v:.6g}" for i, v in zip(index, values)) + "\n")
    return lines


def mnist(real, folder, say, rows, test_rows):
    """Writes the first rows of MNIST, and every so-manieth of those to test, or images made from a seed. Says what
    they are."""
    folder.mkdir(parents=True, exist_ok=True)
    source = Path(real) / "mnist" if real else None
    if source and all((source / name).exists() for name in IMAGES):
        for name in IMAGES:
            every = read_idx(source / name)
            write_idx(folder / name, every[:rows] if "train" in name else every[::len(every) // test_rows])
        return f"MNIST, {rows} rows, {test_rows} to test"
    if source:
        say(f"{source} has not all of {', '.join(IMAGES)}: images made from a seed take their place")
    rng = numpy.random.default_rng(1)
    shapes = rng.random((10, 4, 28, 28)) < 0.2  # four ways to write each
    for part, count in (("train", rows), ("t10k", test_rows)):
        labels = rng.integers(0, 10, count)
        images = shapes[labels, rng.integers(0, 4, count)] ^ (rng.random((count, 28, 28)) < 0.15)
        write_idx(folder / f"{part}-images-idx3-ubyte.gz", 200 * images.astype(numpy.uint8))
        write_idx(folder / f"{part}-labels-idx1-ubyte.gz", labels.astype(numpy.uint8))
    return f"{rows} images made from a seed"


def read_idx(path):
    with gzip.open(path, "rb") as file:
        content = file.read()
    shape = struct.unpack(f">{content[3]}I", content[4:4 + 4 * content[3]])
    return numpy.frombuffer(content, numpy.uint8, offset=4 + 4 * content[3]).reshape(shape)


def write_idx(path, array):
    header = struct.pack(f">HBB{array.ndim}I", 0, 8, array.ndim, *array.shape)
    with gzip.open(path, "wb", compresslevel=1) as file:
        file.write(header + array.tobytes())
