"""Network namespaces as hosts, joined by a switch with a given rate and delay. Needs root.

The default namespace is left as it is: the namespaces are made with their devices inside.
"""

import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ENVIRONMENT = {**os.environ, "PATH": "/usr/sbin:/sbin:" + os.environ.get("PATH", "")}
QUEUE = 10_000  # packets that wait at a link before it drops
RELAY = Path(__file__).with_name("relay.py")
# ssh's place in a launcher: it gets options, a host and a command.
AGENT = """#!/bin/sh
while [ "${1#-}" != "$1" ]; do shift; done
host=$1; shift
exec ip netns exec "$host" unshare --uts sh -c "hostname $host
  mount --bind %s /etc/hosts
  $*"
"""


def call(*command: object, check: bool = True) -> str:
    """Run a command, and return what it prints."""
    words = [str(word) for word in command]
    done = subprocess.run(words, capture_output=True, text=True, env=ENVIRONMENT, check=False)
    if check and done.returncode:
        raise RuntimeError(f"{shlex.join(words)} ended with {done.returncode}: {done.stderr}")
    return done.stdout


class Hosts:
    """So many hosts, each a network namespace with the device ``eth0``, joined by a switch.

    Parameters
    ----------
    count : int
        Hosts.
    gigabits : float
        Rate of each link, both ways, in Gb/s; 0 is none.
    delay : float
        Seconds that each packet takes from host to host.

    Attributes
    ----------
    names : list of str
        Of the namespaces; each also is the host's name.
    agent : Path
        A program that stands in for ssh in a launcher.
    """

    def __init__(self, count: int, gigabits: float = 0.0, delay: float = 0.0) -> None:
        if os.geteuid() != 0:
            raise PermissionError("hosts: network namespaces need root, expected user 0; use sudo")
        self._prefix = f"gk{os.getpid()}"
        self.names = [f"{self._prefix}h{k}" for k in range(count)]
        self.addresses = [f"10.77.0.{k + 1}" for k in range(count)]
        self._switch = f"{self._prefix}sw"
        self._gigabits, self._delay = gigabits, delay
        self._relay: subprocess.Popen[bytes] | None = None
        self._folder = Path(tempfile.mkdtemp(prefix=self._prefix))
        self.agent = self._folder / "agent"

    def __enter__(self) -> "Hosts":
        try:
            names = self._folder / "hosts"
            lines = zip(["127.0.0.1", *self.addresses], ["localhost", *self.names], strict=True)
            names.write_text("".join(f"{address} {name}\n" for address, name in lines))
            self.agent.write_text(AGENT % names)
            self.agent.chmod(0o755)
            self._join()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        if self._relay is not None:
            self._relay.kill()
            self._relay.wait()
        for name in [*self.names, self._switch]:
            # A device lives as long as a process in its namespace.
            for pid in call("ip", "netns", "pids", name, check=False).split():
                call("kill", "-KILL", pid, check=False)
            call("ip", "netns", "del", name, check=False)
        shutil.rmtree(self._folder)

    def _join(self) -> None:
        """Make the namespaces and the links, and start the switch."""
        call("ip", "netns", "add", self._switch)
        ports = [f"port{k}" for k in range(len(self.names))]
        for name, address, port in zip(self.names, self.addresses, ports, strict=True):
            call("ip", "netns", "add", name)
            ip = ("ip", "-n", name)
            peer = ("peer", "name", port, "netns", self._switch)
            call(*ip, "link", "add", "eth0", "type", "veth", *peer)
            call(*ip, "addr", "add", f"{address}/24", "dev", "eth0")
            call(*ip, "link", "set", "lo", "up")
            call(*ip, "link", "set", "eth0", "up")
            call("ip", "-n", self._switch, "link", "set", port, "up")
        if not self._bridged(ports):
            arguments = [str(1e9 * self._gigabits), str(self._delay), *ports]
            command = ["ip", "netns", "exec", self._switch, sys.executable, str(RELAY), *arguments]
            self._relay = subprocess.Popen(command, env=ENVIRONMENT)

    def _bridged(self, ports: list[str]) -> bool:
        """Join the ports in the kernel, if its ``tc`` knows ``netem``; return whether it does."""
        rate = ["rate", f"{1000 * self._gigabits:g}mbit"] if self._gigabits else []
        netem = ["netem", "delay", f"{1e6 * self._delay:g}us", *rate, "limit", str(QUEUE)]
        for name in self.names:
            try:
                call("tc", "-n", name, "qdisc", "add", "dev", "eth0", "root", *netem)
            except RuntimeError as error:
                if "unknown" in str(error):
                    return False
                raise
        ip = ("ip", "-n", self._switch, "link")
        call(*ip, "add", "bridge", "type", "bridge")
        call(*ip, "set", "bridge", "up")
        for port in ports:
            call(*ip, "set", port, "master", "bridge")
        return True

    def on(self, host: int, command: list[str]) -> list[str]:
        """Return a command that runs another one on a host."""
        return [str(self.agent), self.names[host], shlex.join(command)]

    def cut(self, host: int) -> None:
        """Take a host off the network: its packets and those for it are lost."""
        call("ip", "-n", self._switch, "link", "set", f"port{host}", "down")
