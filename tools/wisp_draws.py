"""Random numbers of blocks and coordinates, made from docs/draws.md and nothing else."""
import math
import struct

MASK32 = 2 ** 32 - 1


def philox(counter, key):
    """One block of Philox4x32-10."""
    c0, c1, c2, c3 = counter
    k0, k1 = key
    for _ in range(10):
        first, second = 0xD2511F53 * c0, 0xCD9E8D57 * c2
        c0, c1, c2, c3 = second >> 32 ^ c1 ^ k0, second & MASK32, first >> 32 ^ c3 ^ k1, first & MASK32
        k0, k1 = k0 + 0x9E3779B9 & MASK32, k1 + 0xBB67AE85 & MASK32
    return c0, c1, c2, c3


class Stream:
    def __init__(self, seed, worker, round_):
        self.numbers = self._numbers((seed & MASK32, seed >> 32), (worker, round_ & MASK32, round_ >> 32))

    @staticmethod
    def _numbers(key, rest):
        for position in range(2 ** 32):
            yield from philox((position, *rest), key)

    def next32(self):
        return next(self.numbers)

    def below(self, size):
        while True:
            product = self.next32() * size
            if product & MASK32 >= 2 ** 32 % size:
                return product >> 32

    def uniform(self):
        low = self.next32()
        return ((self.next32() << 32 | low) >> 11) * 2.0 ** -53


def subset(stream, n, k):
    if k < 64:
        return small_subset(stream, n, k)
    wanted = n - k if k > n // 2 else k
    different = set()
    while len(different) < wanted:
        different.add(stream.below(n))
    return sorted(different if wanted == k else set(range(n)) - different)


def small_subset(stream, n, k):
    chosen = set()
    for last in range(n - k, n):
        number = stream.below(last + 1)
        chosen.add(last if number in chosen else number)
    return sorted(chosen)


def stratified(stream, n, k):
    origin = stream.below(n)
    numbers = []
    begin = 0
    for i in range(k):
        size = n // k + (i < n % k)
        numbers.append((origin + begin + stream.below(size)) % n)
        begin += size
    return sorted(numbers)


LN2_HIGH = float.fromhex("0x1.62e42fefa38p-1")
LN2_LOW = float.fromhex("0x1.ef35793c7673p-45")
ROOT_HALF = 0x3FE6A09E667F3BCD


def log_one_plus(f):
    c = [None] + [2.0 / (2 * i + 1) for i in range(1, 10)]
    s = f / (2 + f)
    z = s * s
    z2 = z * z
    z4 = z2 * z2
    low = (c[1] + c[2] * z) + (c[3] + c[4] * z) * z2
    high = (c[5] + c[6] * z) + ((c[7] + c[8] * z) + c[9] * z2) * z2
    tail = z * (low + z4 * high)
    return f - s * (f - tail)


def log_of(x, rest=0.0):
    above = struct.unpack("<Q", struct.pack("<d", x))[0] - ROOT_HALF
    k = float(above >> 52)
    m = struct.unpack("<d", struct.pack("<Q", (above & 2 ** 52 - 1) + ROOT_HALF))[0]
    return k * LN2_HIGH + (log_one_plus(m - 1) + (k * LN2_LOW + rest))


def log1p(x):
    if x == -1:
        return -math.inf
    if x > -0.29:
        return log_one_plus(x)
    u = 1 + x
    return log_of(u, (x - (u - 1)) / u)


def bernoulli(stream, n, k, most):
    log_of_no = log1p(-(k / n))
    numbers = []
    following = math.floor(log_of(1 - stream.uniform()) / log_of_no)
    while following < n and len(numbers) < most:
        numbers.append(following)
        following += 1 + math.floor(log_of(1 - stream.uniform()) / log_of_no)
    return numbers


def draw(how, seed, worker, round_, n, k, most=math.inf):
    """The numbers, as a list. Of bernoulli at most `most`: who expects one less need not draw more."""
    if k == 0:
        return []
    stream = Stream(seed, worker, round_)
    if how == "bernoulli":
        return bernoulli(stream, n, k, most)
    return {"subset": subset, "stratified": stratified}[how](stream, n, k)
