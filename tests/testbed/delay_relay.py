"""A link that takes its time: hands frames between two new TAP devices, each after a delay. Started by testbed.py;
says "up" when the devices are there, and runs until it is ended.

usage: delay_relay.py DEVICE DEVICE MILLISECONDS
"""
import collections
import fcntl
import os
import select
import struct
import sys
import time

TUNSETIFF = 0x400454CA
IFF_TAP, IFF_NO_PI = 0x0002, 0x1000
FRAME_MAX = 65536
BATCH = 64  # frames taken from a device before others have their turn


def tap(name):
    device = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(device, TUNSETIFF, struct.pack("16sH22x", name.encode(), IFF_TAP | IFF_NO_PI))
    return device


class Way:
    """Frames from one device to the other, in their order."""

    def __init__(self, source, target, delay):
        self.source, self.target, self.delay = source, target, delay
        self.waiting = collections.deque()

    def take(self):
        for _ in range(BATCH):
            try:
                frame = os.read(self.source, FRAME_MAX)
            except (BlockingIOError, OSError):  # a device that is down has nothing to say
                return
            self.waiting.append((time.monotonic() + self.delay, frame))

    def give(self):
        while self.waiting and self.waiting[0][0] <= time.monotonic():
            try:
                os.write(self.target, self.waiting[0][1])
            except BlockingIOError:
                return
            except OSError:  # down: what cannot be sent is lost, as on a real link
                pass
            self.waiting.popleft()

    def due(self):
        return self.waiting[0][0] if self.waiting else None


def main():
    one, two = tap(sys.argv[1]), tap(sys.argv[2])
    delay = float(sys.argv[3]) / 1000
    ways = [Way(one, two, delay), Way(two, one, delay)]
    poll = select.epoll()
    for device in (one, two):
        poll.register(device, select.EPOLLIN)
    print("up", flush=True)
    while True:
        due = [way.due() for way in ways if way.waiting]
        poll.poll(max(min(due) - time.monotonic(), 0) if due else -1)
        for way in ways:
            way.take()
            way.give()


if __name__ == "__main__":
    main()
