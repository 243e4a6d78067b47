"""A switch that sends packets on at a rate and after a delay: ``netem``, for kernels without it.

    python relay.py BITS_PER_SECOND SECONDS DEVICE DEVICE ...

Runs in the network namespace of the devices, until it is killed. A rate of 0 is none. Packets
between virtual devices are as large as the sender's segments, and their checksums are not filled
in; what the receiver must know of both is in the header that virtual machines use for this.
"""

import os
import select
import socket
import sys
import time
from collections import deque
from contextlib import suppress
from typing import NamedTuple

# From <linux/if_packet.h> and <asm/socket.h>; not in the module socket.
SOL_PACKET, PACKET_VNET_HDR, PACKET_IGNORE_OUTGOING = 263, 15, 23
SO_SNDBUFFORCE, SO_RCVBUFFORCE = 32, 33
ALL_PROTOCOLS = 3
HEADER = 10  # bytes of struct virtio_net_hdr
LARGEST = 1 << 17
QUEUE = 1 << 26  # bytes that wait at a port before it drops


class Held(NamedTuple):
    """A packet on its way."""

    due: float
    source: socket.socket
    packet: bytes


def port(device: str) -> socket.socket:
    """Return a socket for all packets that arrive at a device."""
    own = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    own.setsockopt(SOL_PACKET, PACKET_VNET_HDR, 1)
    own.setsockopt(SOL_PACKET, PACKET_IGNORE_OUTGOING, 1)
    own.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, QUEUE)
    own.setsockopt(socket.SOL_SOCKET, SO_SNDBUFFORCE, QUEUE)
    own.bind((device, ALL_PROTOCOLS))
    return own


def relay(rate: float, delay: float, ports: list[socket.socket]) -> None:
    """Send each packet on to where its receiver was last heard, or to all others."""
    links = {source: deque[Held]() for source in ports}
    free = dict.fromkeys(ports, 0.0)  # when each link has sent what it holds
    heard: dict[bytes, socket.socket] = {}
    while True:
        due = min((link[0].due for link in links.values() if link), default=None)
        wait = None if due is None else max(0.0, due - time.monotonic())
        for source in select.select(ports, (), (), wait)[0]:
            try:
                packet = source.recv(LARGEST)
            except OSError:
                continue  # the link has gone down
            bits = 8 * (len(packet) - HEADER)
            free[source] = max(free[source], time.monotonic()) + (bits / rate if rate else 0.0)
            links[source].append(Held(free[source] + delay, source, packet))
            heard[packet[HEADER + 6 : HEADER + 12]] = source
        for link in links.values():
            while link and link[0].due <= time.monotonic():
                send(link.popleft(), heard, ports)


def send(held: Held, heard: dict[bytes, socket.socket], ports: list[socket.socket]) -> None:
    """Send a packet to its receiver."""
    receiver = heard.get(held.packet[HEADER : HEADER + 6])
    for target in ports if receiver is None else (receiver,):
        if target is not held.source:
            with suppress(OSError):  # one that is down drops what is sent
                target.send(held.packet)


if __name__ == "__main__":
    # It stands for hardware: the programs on the "hosts" must not keep it from its work.
    os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(1))
    relay(float(sys.argv[1]), float(sys.argv[2]), [port(device) for device in sys.argv[3:]])
