#!/usr/bin/env python3
"""Softmax regression as a program for wisp's `kind: command`: what docs/problems.md says, with numpy alone."""
import struct
import sys

import numpy

FEATURES, CLASSES, SAMPLES = 20, 4, 500


def data_of(worker):
    """This worker's own rows; a real program would read its share of a file here."""
    rng = numpy.random.default_rng(1000 + worker)
    a = rng.normal(size=(SAMPLES, FEATURES))
    truth = numpy.random.default_rng(1).normal(size=(FEATURES, CLASSES))
    return a, (a @ truth + rng.normal(size=(SAMPLES, CLASSES))).argmax(axis=1)


def loss_and_gradient(x, a, labels):
    scores = a @ x.reshape(FEATURES, CLASSES)
    scores -= scores.max(axis=1, keepdims=True)
    shares = numpy.exp(scores)
    shares /= shares.sum(axis=1, keepdims=True)
    rows = numpy.arange(len(labels))
    loss = -numpy.log(shares[rows, labels]).mean()
    shares[rows, labels] -= 1
    return loss, (a.T @ shares / len(labels)).ravel()


def main():
    stdin, stdout = sys.stdin.buffer, sys.stdout.buffer
    a = labels = None
    while header := stdin.read(32):  # nothing more: the worker is gone
        what, _, worker, _, seed, batch, dim = struct.unpack("<4sIIIQII", header)
        if a is None:
            a, labels = data_of(worker)
        if what == b"INIT":
            answer = numpy.random.default_rng(seed).normal(size=dim) / dim**0.5
        else:
            x = numpy.frombuffer(stdin.read(8 * dim), dtype="<f8")
            rows = numpy.random.default_rng(seed).integers(SAMPLES, size=batch) if batch else slice(None)
            loss, gradient = loss_and_gradient(x, a[rows], labels[rows])
            answer = numpy.array([loss]) if what == b"LOSS" else numpy.concatenate([[loss], gradient])
        stdout.write(struct.pack("<Q", len(answer)) + answer.astype("<f8").tobytes())
        stdout.flush()


main()
