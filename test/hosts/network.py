"""A network of hosts: each has a network namespace of its own, and this program is the switch between them.

Its argument is JSON: the hosts' addresses. It prints a line of JSON, the file descriptors of the namespaces, and then obeys lines of JSON:
{"from": 0, "to": 1, "cut": true, "delayMs": 50, "lossPercent": 1} changes the way from one host to another; {"uplink": 0, "bitsPerSecond": 10e6}
changes what a host can send; {"address": "10.77.0.9", "host": 2} says where an address is. It answers each line with "done".
It ends with its input, and the namespaces with it: nothing is left behind.

It needs no queueing discipline of the kernel, which not every kernel has: packets pass through this process.
"""

import ctypes
import fcntl
import heapq
import json
import os
import random
import select
import struct
import subprocess
import sys
import time

CLONE_NEWNET = 0x40000000
TUNSETIFF = 0x400454CA
IFF_TUN, IFF_NO_PI = 0x0001, 0x1000
MAX_PACKET_BYTES = 65_535
PACKETS_AT_A_TIME = 64
# What waits for a slow uplink: a router's buffer. More is dropped, and TCP slows down.
MAX_QUEUE_S = 0.5

libc = ctypes.CDLL(None, use_errno=True)


def make_host(address):
    """Makes a namespace with one device, and returns the device and the namespace."""
    if libc.unshare(CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "a network namespace cannot be made")
    device = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(device, TUNSETIFF, struct.pack("16sH14x", b"net0", IFF_TUN | IFF_NO_PI))
    for command in ("link set lo up", f"address add {address}/24 dev net0", "link set net0 up"):
        subprocess.run(["ip", *command.split()], check=True)
    return device, os.open("/proc/self/ns/net", os.O_RDONLY)


class Way:
    """From one host to another."""

    def __init__(self):
        self.cut = False
        self.delay_s = 0.0
        self.loss = 0.0


class Switch:
    def __init__(self, addresses):
        hosts = [make_host(address) for address in addresses]
        self.devices = [device for device, _ in hosts]
        self.namespaces = [namespace for _, namespace in hosts]
        self.host_of = {packed(address): host for host, address in enumerate(addresses)}
        self.ways = {(a, b): Way() for a in range(len(hosts)) for b in range(len(hosts))}
        self.rates = [0.0] * len(hosts)  # bits per second; 0: no limit
        self.free_at = [0.0] * len(hosts)  # when the uplink has sent what waits for it
        self.due = []  # heap of (time, number, host, packet)
        self.count = 0

    def obey(self, command):
        if "uplink" in command:
            self.rates[command["uplink"]] = command["bitsPerSecond"]
        elif "address" in command:
            self.host_of[packed(command["address"])] = command["host"]
        else:
            way = self.ways[command["from"], command["to"]]
            way.cut = command.get("cut", way.cut)
            way.delay_s = command.get("delayMs", way.delay_s * 1000) / 1000
            way.loss = command.get("lossPercent", way.loss * 100) / 100

    def forward(self, source, packet, now):
        target = self.host_of.get(packet[16:20]) if packet[0] >> 4 == 4 else None
        if target is None:
            return
        way = self.ways[source, target]
        if way.cut or (way.loss > 0 and random.random() < way.loss):
            return
        at = now
        if self.rates[source] > 0:
            at = max(now, self.free_at[source])
            if at - now > MAX_QUEUE_S:
                return
            at += len(packet) * 8 / self.rates[source]
            self.free_at[source] = at
        at += way.delay_s
        if at <= now:
            self.deliver(target, packet)
        else:
            self.count += 1
            heapq.heappush(self.due, (at, self.count, target, packet))

    def deliver(self, host, packet):
        try:
            os.write(self.devices[host], packet)
        except OSError:
            pass  # the device is down, as a cable that is not plugged in

    def run(self):
        poll = select.epoll()
        poll.register(0, select.EPOLLIN | select.EPOLLHUP)
        for device in self.devices:
            poll.register(device, select.EPOLLIN)
        commands = b""
        while True:
            wait_s = max(0.0, self.due[0][0] - time.monotonic()) if self.due else -1
            for fd, _ in poll.poll(wait_s):
                if fd == 0:
                    data = os.read(0, 65_536)
                    if not data:
                        return
                    *lines, commands = (commands + data).split(b"\n")
                    for line in lines:
                        self.obey(json.loads(line))
                        print("done", flush=True)
                else:
                    self.receive(self.devices.index(fd), fd)
            now = time.monotonic()
            while self.due and self.due[0][0] <= now:
                _, _, host, packet = heapq.heappop(self.due)
                self.deliver(host, packet)

    def receive(self, host, device):
        now = time.monotonic()
        for _ in range(PACKETS_AT_A_TIME):
            try:
                packet = os.read(device, MAX_PACKET_BYTES)
            except OSError:
                return
            self.forward(host, packet, now)


def packed(address):
    return bytes(int(part) for part in address.split("."))


switch = Switch(json.loads(sys.argv[1]))
print(json.dumps(switch.namespaces), flush=True)
switch.run()
