#!/usr/bin/env python3
"""Reads what wisp puts on the wire; written from docs/wire_format.md and docs/draws.md alone.

usage: wisp_wire.py tap ENDPOINT [--count N]     listens there, and prints a line for each update of a running job
                                                 whose metrics.tap is ENDPOINT
       wisp_wire.py decode KIND [NAME=VALUE...]  decodes what comes on the standard input, and prints it as JSON
                                                 KIND: frame control hello peers failure model update tap indices values

As a module: decode_frame(), decode_model(), decode_update(), decode_tap() and so on. Each raises Refused for bytes that
are not what they should be. Debian's python3-msgpack and python3-numpy; python3-zmq for the tap.
"""
import argparse
import json
import struct
import sys
from dataclasses import dataclass, field

import msgpack
import numpy

import wisp_draws

WIRE_VERSION = 5
CONTROL_VERSION = 1
TAP_VERSION = 1

NESTING_MAX = 8

FRAME_KINDS = ("data", "probe", "acknowledgement", "fenced")
MESSAGE_KINDS = ("tell", "call", "answer", "failure", "cancel", "durable")
SUPPORTS = ("all", "blocks", "indices")
INDEX_CODECS = ("raw", "gaps", "rice", "bitmap", "subset", "stratified", "bernoulli")
VALUE_CODECS = ("float64", "float32", "float16", "bfloat16", "q8", "q4", "ternary", "sign")


class Refused(ValueError):
    """The bytes are not what they should be; says why."""


def demand(condition, why):
    if not condition:
        raise Refused(why)


# Values in msgpack


def check_shape(data):
    """Walks over the first value in `data` and refuses what is cut short, nested too deep, or says that it has more
    elements than there are bytes; the offset behind it."""
    at = 0
    open_arrays = []  # how many values each has left
    while True:
        demand(at < len(data), "cut short")
        head = data[at]
        left = len(data) - at
        size, elements = _extent(head, data[at + 1:at + 6])
        demand(size <= left, "cut short")
        if open_arrays:
            open_arrays[-1] -= 1
        if elements is not None:
            demand(elements <= left - size, "more elements than bytes")
            demand(len(open_arrays) < NESTING_MAX, "nested too deep")
            open_arrays.append(elements)
        at += size
        while open_arrays and open_arrays[-1] == 0:
            open_arrays.pop()
        if not open_arrays:
            return at


FIXED = {0xc0: 1, 0xc2: 1, 0xc3: 1, 0xca: 5, 0xcb: 9, 0xcc: 2, 0xcd: 3, 0xce: 5, 0xcf: 9, 0xd0: 2, 0xd1: 3, 0xd2: 5,
         0xd3: 9, 0xd4: 3, 0xd5: 4, 0xd6: 6, 0xd7: 10, 0xd8: 18}
# The bytes that a length has which follows the head: of BIN, extensions (with their type), STR; of arrays and maps.
LENGTHS = {0xc4: 1, 0xc5: 2, 0xc6: 4, 0xc7: 1, 0xc8: 2, 0xc9: 4, 0xd9: 1, 0xda: 2, 0xdb: 4, 0xdc: 2, 0xdd: 4, 0xde: 2,
           0xdf: 4}


def _extent(head, behind):
    """How many bytes the value that begins with `head` has, without those of values within it; and how many these are,
    None if it can have none."""
    if head < 0x80 or head >= 0xe0:
        return 1, None
    if head < 0x90:
        return 1, 2 * (head & 0x0f)
    if head < 0xa0:
        return 1, head & 0x0f
    if head < 0xc0:
        return 1 + (head & 0x1f), None
    if head in FIXED:
        return FIXED[head], None
    demand(head in LENGTHS, "not msgpack")
    width = LENGTHS[head]
    demand(len(behind) >= width, "cut short")
    number = int.from_bytes(behind[:width], "big")
    if head >= 0xdc:
        return 1 + width, number if head < 0xde else 2 * number
    kind = 1 if 0xc7 <= head <= 0xc9 else 0
    return 1 + width + kind + number, None


def unpack(data):
    """The one value that `data` is."""
    value, end = unpack_first(data)
    demand(end == len(data), "bytes behind the end")
    return value


def unpack_first(data):
    end = check_shape(data)
    try:
        value = msgpack.unpackb(data[:end], raw=False, unicode_errors="surrogateescape", strict_map_key=False,
                                object_pairs_hook=lambda pairs: pairs)
    except (ValueError, msgpack.UnpackException) as error:
        raise Refused(f"not msgpack: {error}") from error
    return value, end


def fields(value, *kinds):
    """The first fields of a message, one for each kind; what follows them is skipped."""
    demand(isinstance(value, list), "no array")
    demand(len(value) >= len(kinds), f"{len(value)} fields where at least {len(kinds)} were wanted")
    return [kind(each) for kind, each in zip(kinds, value)]


def unsigned(bits):
    def read(value):
        demand(type(value) is int and 0 <= value < 1 << bits, f"no unsigned integer of {bits} bits")
        return value
    return read


def signed(bits):
    def read(value):
        demand(type(value) is int and -1 << (bits - 1) <= value < 1 << (bits - 1), f"no integer of {bits} bits")
        return value
    return read


def text(value):
    demand(isinstance(value, str), "no text")
    return value


def blob(value):
    demand(isinstance(value, bytes), "no bytes")
    return value


def boolean(value):
    demand(isinstance(value, bool), "no truth value")
    return value


def anything(value):
    return value


u8, u32, u64 = unsigned(8), unsigned(32), unsigned(64)
i32, i64 = signed(32), signed(64)


# Frames and messages


@dataclass
class Message:
    kind: str
    sender: int
    receiver: int
    method: int
    call: int
    stream: int
    body: bytes


@dataclass
class Frame:
    kind: str
    gap: bool
    run: int
    source: int
    destination: int
    sequence: int
    acknowledged: int
    credit_messages: int
    credit_bytes: int
    messages: list = field(default_factory=list)
    dropped: str = ""  # why the rest of the frame was; empty: nothing was


HEADER = struct.Struct(">BBBBQBIBIBQBQBQBQ")


def decode_frame(data):
    demand(len(data) >= HEADER.size, "it does not begin with a frame's header")
    array, version, kind, *typed = HEADER.unpack_from(data)
    demand(array == 0x99 and version < 0x80, "it does not begin with a frame's header")
    demand(version == WIRE_VERSION, "it is of another wire version")
    demand(bytes(typed[0::2]) == b"\xcf\xce\xce\xcf\xcf\xcf\xcf", "a field is of another type")
    gap, kind = bool(kind & 0x10), kind & ~0x10
    demand(kind < len(FRAME_KINDS), "unknown kind of frame")
    demand(not gap or FRAME_KINDS[kind] == "acknowledgement", "a gap where there can be none")
    demand(kind == 0 or len(data) == HEADER.size, "bytes behind the header")
    frame = Frame(FRAME_KINDS[kind], gap, *typed[1::2])
    at = HEADER.size
    try:
        while at < len(data):
            message, at = _message(data, at)
            frame.messages.append(message)
    except Refused as error:  # what stood before it counts
        frame.dropped = str(error)
    return frame


def _message(data, at):
    demand(data[at] == 0x97, "a message does not begin with an envelope")
    at += 1
    demand(at < len(data) and data[at] < 0x80, "a message does not begin with an envelope")
    kind = data[at]
    sender, at = _integer(data, at + 1, 32)
    receiver, at = _integer(data, at, 32)
    method, at = _uint32(data, at)
    call, at = _integer(data, at, 64)
    stream, at = _integer(data, at, 64)
    size, at = _uint32(data, at)
    demand(kind < len(MESSAGE_KINDS), "a message is of an unknown kind")
    demand(size <= len(data) - at, "a message is longer than its frame")
    return Message(MESSAGE_KINDS[kind], sender, receiver, method, call, stream, data[at:at + size]), at + size


def _integer(data, at, bits):
    demand(at < len(data), "cut short")
    if data[at] < 0x80:
        return data[at], at + 1
    width = {0xcc: 1, 0xcd: 2, 0xce: 4, 0xcf: 8}.get(data[at], 0)
    demand(0 < width <= len(data) - at - 1, "no integer of an envelope")
    value = int.from_bytes(data[at + 1:at + 1 + width], "big")
    demand(value < 1 << bits, "an integer of an envelope is too large")
    return value, at + 1 + width


def _uint32(data, at):
    demand(at + 5 <= len(data) and data[at] == 0xce, "no uint32 where an envelope has one")
    return int.from_bytes(data[at + 1:at + 5], "big"), at + 5


def method_number(name):
    """FNV-1a, 32 bits."""
    number = 2166136261
    for byte in name.encode():
        number = (number ^ byte) * 16777619 % 2**32
    return number


def address(value):
    data, control, key = fields(value, text, text, text)
    return {"data": data, "control": control, "key": key}


def arguments(data, *kinds):
    values = unpack(data)
    demand(isinstance(values, list) and len(values) == len(kinds), "another number of arguments")
    return [kind(each) for kind, each in zip(kinds, values)]


def hello(value):
    node, pid, where, fingerprint = fields(value, u32, u64, address, text)
    return {"node": node, "pid": pid, "address": where, "fingerprint": fingerprint}


def decode_hello(data):
    """The body of the call by which a node joins."""
    return arguments(data, hello)[0]


def decode_peers(data):
    """The answer to it."""
    peers = unpack(data)
    demand(isinstance(peers, list), "no array")
    found = [fields(each, u32, address) for each in peers]
    return [{"node": node, "address": where} for node, where in found]


def decode_failure(data):
    kind, actor, why, fault, log = fields(unpack(data), u8, text, text, i32, text)
    return {"kind": kind, "actor": actor, "why": why, "fault": fault, "log": log}


def decode_control(data):
    head, at = unpack_first(data)
    version, kind, run, source, destination = fields(head, u8, u8, u64, u32, u32)
    demand(version == CONTROL_VERSION, "a control frame of another version")
    frame = {"run": run, "source": source, "destination": destination}
    body = unpack(data[at:])
    if kind == 0:
        frame["kind"] = "beat"
        names, values = ("sequence", "progress", "queued", "time", "address"), fields(body, u64, u64, u64, i64, address)
    elif kind == 1:
        frame["kind"] = "pulse"
        names, values = ("sequence", "time"), fields(body, u64, i64)
    else:
        demand(kind == 2, "a control frame of an unknown kind")
        frame["kind"] = "fencing"
        names, values = ("why",), fields(body, text)
    frame.update(zip(names, values))
    return frame


# The messages of a job


@dataclass
class Vector:
    dim: int
    support: str
    blocks: int
    codec: str           # of the values
    index_codec: str     # of the numbers; empty for support all
    numbers: numpy.ndarray  # of blocks, or indices; empty for support all
    values: numpy.ndarray
    bytes: int           # of values and numbers on the wire, codecs left out

    def coordinates(self):
        """Of the values, in order."""
        if self.support == "all":
            return numpy.arange(self.dim)
        if self.support == "indices":
            return self.numbers
        stretches = [numpy.arange(*block_of(self.dim, self.blocks, int(number))) for number in self.numbers]
        return numpy.concatenate(stretches) if stretches else numpy.arange(0)

    def dense(self):
        whole = numpy.zeros(self.dim, self.values.dtype)
        whole[self.coordinates()] = self.values
        return whole


@dataclass
class Model:
    attempt: int  # of the master
    round: int
    version: int  # of the iterate that it makes; 0: of none that a later model changes
    base: int     # of the iterate that it changes; 0: it is whole
    awaited: bool  # the base may be on its way still
    vector: Vector  # the iterate; or the coordinates that change, with their new values


@dataclass
class Update:
    round: int
    gradient_ns: int
    vector: Vector


@dataclass
class Tap:
    job: str
    seed: int
    worker: int
    workers: int
    scalar: int
    update: Update


def block_of(dim, blocks, number):
    """Where a block begins and ends."""
    small, larger = divmod(dim, blocks)
    begin = number * small + min(number, larger)
    return begin, begin + small + (1 if number < larger else 0)


def dtype_of(scalar):
    demand(scalar in (4, 8), "scalars of another size")
    return numpy.dtype(f"<f{scalar}")


def decode_model(data, scalar):
    *head, vector = fields(unpack(data), u32, u64, u64, u64, boolean, anything)
    attempt, its_round, version, base, awaited = head
    inner = fields(vector, u32, u8, u32, u32, u8, blob, blob)
    demand(base != 0 or inner[1] == 0, "a model without a base, and without some of its coordinates")
    demand(base == 0 or version != 0, "a model without a version that has a base")
    found = vector_of(*inner, inner[0], dtype_of(scalar), (0, 0, 0))
    demand(found.index_codec not in ("subset", "stratified", "bernoulli"), "a model with coordinates that are drawn")
    return Model(attempt, its_round, version, base, awaited, found)


def decode_update(data, scalar, dim, seed, worker, round=None):  # pylint: disable=redefined-builtin
    """Of a job whose dtype has `scalar` bytes. `dim` None: whatever it says; `round` None: of any round."""
    return update_of(unpack(data), scalar, dim, seed, worker, round)


def update_of(value, scalar, dim, seed, worker, round=None):  # pylint: disable=redefined-builtin
    its_round, gradient_ns, vector = fields(value, u64, u64, anything)
    head = fields(vector, u32, u8, u32, u32, u8, blob, blob)
    demand(round is None or its_round == round, "an update of another round")
    sender = (seed, worker, its_round)
    dim = head[0] if dim is None else dim
    return Update(its_round, gradient_ns, vector_of(*head, dim, dtype_of(scalar), sender))


def vector_of(dim, support, blocks, count, codec, numbers, values, expected_dim, dtype, sender):
    demand(dim == expected_dim and dim > 0, "another dimension")
    demand(codec < len(VALUE_CODECS), "unknown codec of values")
    demand(support < len(SUPPORTS), "unknown support")
    if support == 0:
        demand(count == 0 and not numbers, "all coordinates and a list of them")
        least = dim
    elif support == 1:
        demand(1 <= blocks <= dim, "more blocks than coordinates, or none")
        demand(count <= blocks, "more of them than blocks")
        least = count
    else:
        demand(count <= dim, "more of them than coordinates")
        least = count
    demand(support == 1 or blocks == 0, "blocks where there are none")
    demand(len(values) >= values_size(codec, least), "too few bytes of values")
    found, index_codec, size = numpy.arange(0, dtype=numpy.uint32), "", dim
    if support != 0:
        found, index_codec = decode_indices(numbers, count, blocks if support == 1 else dim, sender)
        size = count
    if support == 1:
        size = sum(end - begin for begin, end in (block_of(dim, blocks, int(number)) for number in found))
    decoded = decode_values(values, codec, size, dtype)
    payload = len(values) + max(0, len(numbers) - 1)
    return Vector(dim, SUPPORTS[support], blocks, VALUE_CODECS[codec], index_codec, found, decoded, payload)


def decode_tap(data):
    version, job, seed, worker, workers, scalar, update = fields(
        unpack(data), u32, text, u64, u32, u32, u32, anything)
    demand(version == TAP_VERSION, "a record of another version")
    return Tap(job, seed, worker, workers, scalar, update_of(update, scalar, None, seed, worker))


# Numbers of blocks and indices


def decode_indices(data, count, below, sender):
    """`count` numbers, strictly increasing, below `below`; and the name of their codec. `sender` is (seed, worker,
    round)."""
    demand(count <= below, "more numbers than there are")
    demand(len(data) > 0, "no codec of numbers")
    demand(data[0] < len(INDEX_CODECS), "unknown codec of numbers")
    codec, payload = INDEX_CODECS[data[0]], data[1:]
    if codec in ("subset", "stratified", "bernoulli"):
        found = _drawn(codec, payload, count, below, sender)
    else:
        found = {"raw": _raw, "gaps": _gaps, "rice": _rice, "bitmap": _bitmap}[codec](payload, count, below)
    demand(len(found) == count, "another number of numbers")
    demand(count == 0 or (int(found[-1]) < below and bool(numpy.all(found[1:] > found[:-1]))),
           "numbers that do not increase, or are too large")
    return found.astype(numpy.uint32), codec


def _bits(data):
    return numpy.unpackbits(numpy.frombuffer(data, numpy.uint8), bitorder="little")


def _numbers_of_bits(bits):
    """Along the last axis, the lowest bit first."""
    return bits.astype(numpy.uint64) @ (numpy.uint64(1) << numpy.arange(bits.shape[-1], dtype=numpy.uint64))


def _from_gaps(gaps, below):
    """Of unsigned 64-bit gaps, none so large that sums wrap around: each is checked before it is added."""
    demand(len(gaps) == 0 or int(gaps.max()) < below, "a number is too large")
    return (numpy.cumsum(gaps + numpy.uint64(1), dtype=numpy.uint64) - numpy.uint64(1)).astype(numpy.uint64)


def _raw(payload, count, below):
    demand(len(payload) == 4 * count, "another number of bytes of raw numbers")
    return numpy.frombuffer(payload, "<u4").astype(numpy.uint64)


def _gaps(payload, count, below):
    ends = [i for i, byte in enumerate(payload) if byte < 0x80]
    demand(len(ends) == count and (not payload or payload[-1] < 0x80), "another number of gaps")
    gaps = []
    begin = 0
    for end in ends:
        each = payload[begin:end + 1]
        demand(len(each) == 1 or each[-1] != 0, "a gap is longer than it needs to be")
        gap = sum((byte & 0x7f) << 7 * i for i, byte in enumerate(each[:10]))
        demand(len(each) <= 10 and gap < below, "a number is too large")
        gaps.append(gap)
        begin = end + 1
    return _from_gaps(numpy.array(gaps, numpy.uint64), below)


def _rice(payload, count, below):
    blocks, tail = divmod(count, 512)
    parts = blocks + (1 if tail else 0)
    demand(len(payload) >= parts, "the widths are cut short")
    widths = list(payload[:parts])
    demand(all(width <= 23 for width in widths[:blocks]) and all(width <= 31 for width in widths[blocks:]),
           "a width is too large")
    at = parts
    lows = []
    for width in widths[:blocks]:
        demand(len(payload) >= at + 64 * width, "the low bits are cut short")
        words = numpy.frombuffer(payload[at:at + 64 * width], "<u4").reshape(width, 16)
        # Stream j is column j; each 512 / 16 = 32 gaps of `width` bits.
        streams = numpy.unpackbits(words.T.copy().view(numpy.uint8).reshape(16, 4 * width), axis=1, bitorder="little")
        lows.append(_numbers_of_bits(streams.reshape(16, 32, width)).T.reshape(512))
        at += 64 * width
    if tail:
        width = widths[-1]
        size = (width * tail + 7) // 8
        demand(len(payload) >= at + size, "the low bits of the tail are cut short")
        bits = _bits(payload[at:at + size])
        demand(not bits[width * tail:].any(), "a bit behind the low bits of the tail is set")
        lows.append(_numbers_of_bits(bits[:width * tail].reshape(tail, width)))
        at += size
    unary = payload[at:]
    demand(len(unary) <= (below + 7) // 8, "the quotients are longer than the vector")
    ones = numpy.flatnonzero(_bits(unary))
    demand(len(ones) == count, "another number of quotients")
    demand(not unary or unary[-1] != 0, "bytes behind the last quotient")
    if count == 0:
        return numpy.arange(0, dtype=numpy.uint64)
    quotients = numpy.diff(ones, prepend=-1).astype(numpy.uint64) - numpy.uint64(1)
    shifts = numpy.repeat(numpy.array(widths, numpy.uint64), [512] * blocks + ([tail] if tail else []))
    # A quotient is below 2^32 and a width at most 31: 63 bits hold it.
    return _from_gaps((quotients << shifts) + numpy.concatenate(lows), below)


def _bitmap(payload, count, below):
    demand(len(payload) == (below + 7) // 8, "another number of bytes of a bitmap")
    return numpy.flatnonzero(_bits(payload)).astype(numpy.uint64)


def _drawn(codec, payload, count, below, sender):
    demand(sender[2] < 1 << 56, "a round that nothing is drawn in")
    mean = count
    if codec == "bernoulli":
        demand(len(payload) == 4, "another number of bytes of a draw")
        mean = int.from_bytes(payload, "little")
        demand(mean <= below, "more are drawn than there are")
    else:
        demand(not payload, "bytes behind a draw")
    return numpy.array(wisp_draws.draw(codec, *sender, below, mean, count + 1), numpy.uint64)


# Values

BLOCK = 256
BITS = (64, 32, 16, 16, 8, 4, 2, 1)
NAN = 0x7fc00000


def values_size(codec, count):
    size = (count * BITS[codec] + 7) // 8
    name = VALUE_CODECS[codec]
    if name == "float16":
        return 2 + size
    return size + (4 * -(-count // BLOCK) if codec >= VALUE_CODECS.index("q8") else 0)


def decode_values(data, codec, count, dtype):
    demand(codec < len(VALUE_CODECS), "unknown codec of values")
    name = VALUE_CODECS[codec]
    demand(len(data) == values_size(codec, count), f"{len(data)} bytes of {count} values")
    with numpy.errstate(over="ignore", under="ignore", invalid="ignore"):
        if name in ("float64", "float32"):
            found = numpy.frombuffer(data, "<f8" if name == "float64" else "<f4")
        elif name == "bfloat16":
            found = (numpy.frombuffer(data, "<u2").astype("<u4") << 16).view("<f4")
        elif name == "float16":
            found = _halves(data)
        else:
            found = _levels(data, name, count)
        return found.astype(dtype)


def _halves(data):
    """As float64, which holds all of them."""
    exponent = int.from_bytes(data[:2], "little", signed=True)
    halves = numpy.frombuffer(data[2:], "<u2")
    demand(-1089 <= exponent <= 1009, "an exponent of a float16 that there is not")
    magnitudes = halves & 0x7fff
    largest = int(max(magnitudes[magnitudes < 0x7c00], default=0))
    demand(largest >= 0x7800 or (largest == 0 and exponent == 0), "the exponent is not that of the largest value")
    found = numpy.ldexp(halves.view("<f2").astype("<f8"), exponent)
    nan = magnitudes > 0x7c00
    fraction = (magnitudes & 0x3ff | 0x200).astype("<u8") << 42
    as_nan = (halves & 0x8000).astype("<u8") << 48 | 0x7ff << 52 | fraction
    return numpy.where(nan, as_nan, found.view("<u8")).view("<f8")


def _levels(data, name, count):
    blocks = -(-count // BLOCK)
    scales = numpy.frombuffer(data[:4 * blocks], "<f4")
    patterns = scales.view("<u4")
    demand(bool(numpy.all((patterns < 0x7f800000) | (patterns == NAN))), "a scale that is none")
    bits = BITS[VALUE_CODECS.index(name)]
    all_bits = _bits(data[4 * blocks:])
    demand(not all_bits[count * bits:].any(), "a bit behind the last code is set")
    codes = _numbers_of_bits(all_bits[:count * bits].reshape(count, bits)).astype(numpy.int64)
    if name in ("q8", "q4"):
        spare, half = 1 << (bits - 1), 1 << bits
        levels = numpy.where(codes < spare, codes, codes - half)
    elif name == "ternary":
        spare = 3
        levels = numpy.where(codes == 2, -1, codes)
    else:
        spare = 2
        levels = 1 - 2 * codes
    demand(not (codes == spare).any(), "a code without a level")
    scale = numpy.repeat(scales, BLOCK)[:count]
    coded = scale > 0
    demand(not codes[~coded].any(), "codes in a block without any")
    return numpy.where(coded, levels.astype("<f4") * scale, scale)


# For people


def plain(value):
    """As JSON has it; what is not text or a whole number as hexadecimal bytes, so that each bit counts."""
    if isinstance(value, numpy.ndarray):
        return value.tobytes().hex() if value.dtype.kind == "f" else [int(each) for each in value]
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, (list, tuple)):
        return [plain(each) for each in value]
    if isinstance(value, dict):
        return {name: plain(each) for name, each in value.items()}
    if hasattr(value, "__dataclass_fields__"):
        return {name: plain(getattr(value, name)) for name in value.__dataclass_fields__}
    return value


def decode(kind, data, scalar=8, dim=None, seed=0, worker=0, round=None,  # pylint: disable=redefined-builtin
           count=0, below=0, codec=0):
    """What `data` are as a `kind`, see above, in the form of plain()."""
    if kind == "model":
        return plain(decode_model(data, scalar))
    if kind == "update":
        return plain(decode_update(data, scalar, dim, seed, worker, round))
    if kind == "indices":
        return plain(decode_indices(data, count, below, (seed, worker, round or 0))[0])
    if kind == "values":
        return plain(decode_values(data, codec, count, dtype_of(scalar)))
    return plain({"frame": decode_frame, "control": decode_control, "hello": decode_hello, "peers": decode_peers,
                  "failure": decode_failure, "tap": decode_tap}[kind](data))


def line_of(record, size):
    vector = record.update.vector
    norm = float(numpy.sqrt(numpy.sum(vector.values.astype(numpy.float64)**2)))
    numbers = f" {vector.index_codec}" if vector.index_codec else ""
    return (f"{record.job} round {record.update.round} worker {record.worker}/{record.workers}: "
            f"{len(vector.values)} of {vector.dim} values, {vector.support}{numbers} {vector.codec}, "
            f"{vector.bytes} bytes in {size}, norm {norm:.6g}")


def records(socket, count=None):
    """The records that come to a PULL socket, with their sizes; the first `count` of them."""
    while count is None or count > 0:
        data = socket.recv()
        yield decode_tap(data), len(data)
        count = None if count is None else count - 1


def listen(endpoint, count):
    import zmq  # pylint: disable=import-outside-toplevel
    with zmq.Context() as context, context.socket(zmq.PULL) as socket:
        endpoint = endpoint if "://" in endpoint else "tcp://" + endpoint
        socket.bind(endpoint)
        print(f"listening at {endpoint}", flush=True)
        for record, size in records(socket, count):
            print(line_of(record, size), flush=True)


def main(words):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    tap = commands.add_parser("tap")
    tap.add_argument("endpoint")
    tap.add_argument("--count", type=int)
    one = commands.add_parser("decode")
    one.add_argument("kind")
    one.add_argument("settings", nargs="*", metavar="NAME=VALUE")
    options = parser.parse_args(words)
    try:
        if options.command == "tap":
            listen(options.endpoint, options.count)
        else:
            settings = {name: int(value) for name, _, value in (each.partition("=") for each in options.settings)}
            print(json.dumps(decode(options.kind, sys.stdin.buffer.read(), **settings), indent=1))
    except Refused as error:
        print(f"wisp_wire.py: refused: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        pass
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
