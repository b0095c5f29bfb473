"""What processes use while a scenario runs: observe.py OUT NAME=PID[@PLACE] … samples once a second until SIGTERM.

OUT gets JSON: `at` (Unix seconds), and of every process its processor seconds and resident MiB; of a Redis node (PLACE: its port) the
memory that it says it uses, the connections and the commands that it processed; of an engine (PLACE: where its operations listener is,
http://…) its clock of token requests. Read from /proc, from INFO and from /metrics.
"""

import http.client
import json
import os
import signal
import socket
import sys
import time
from dataclasses import asdict
from pathlib import Path

from clock import clocks

TICKS = os.sysconf("SC_CLK_TCK")
EVERY_S = 1.0
stopped = False


def stop(*_: object) -> None:
    global stopped
    stopped = True


def processor_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def resident_mib(pid: int) -> float:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    return 0.0


class Redis:
    """One node, asked over one connection."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.socket: socket.socket | None = None

    def info(self) -> dict:
        try:
            return dict(line.split(":", 1) for line in self.ask("INFO").splitlines() if ":" in line)
        except OSError:
            self.socket = None
            return {}

    def ask(self, command: str) -> str:
        if self.socket is None:
            self.socket = socket.create_connection(("127.0.0.1", self.port), timeout=1)
        self.socket.sendall(command.encode() + b"\r\n")
        text = b""
        while b"\r\n" not in text:
            text += self.more()
        head, text = text.split(b"\r\n", 1)
        if not head.startswith(b"$"):
            raise OSError(f"port {self.port} answered {head!r}")
        while len(text) < int(head[1:]) + 2:
            text += self.more()
        return text.decode()

    def more(self) -> bytes:
        part = self.socket.recv(65536) if self.socket else b""
        if not part:
            raise OSError(f"port {self.port} closed")
        return part


class Process:
    """What is sampled of one process; a dead one leaves gaps."""

    def __init__(self, told: str) -> None:
        self.name, place = told.split("=")
        pid, _, place = place.partition("@")
        self.pid = int(pid)
        self.redis = Redis(int(place)) if place.isdigit() else None
        self.operations = None if place.isdigit() else place
        self.samples: dict[str, list] = {"cpu_s": [], "resident_mib": []}
        if self.operations:
            self.samples["clocks"] = []
        if self.redis:
            self.samples |= {"used_mib": [], "connections": [], "commands": []}

    def sample(self) -> None:
        try:
            used: list = [processor_seconds(self.pid), resident_mib(self.pid)]
        except OSError:
            used = [None, None]
        if self.operations:
            used.append(self.clocks())
        if self.redis:
            info = self.redis.info()
            memory = int(info["used_memory"]) / 1048576 if info else None
            used += [memory, *(int(info[name]) if info else None for name in ("connected_clients", "total_commands_processed"))]
        for column, value in zip(self.samples.values(), used, strict=True):
            column.append(value)

    def clocks(self) -> dict | None:
        try:
            return {grant: asdict(clock) for grant, clock in clocks(self.operations, timeout=EVERY_S / 2).items() if clock.count()}
        except (OSError, http.client.HTTPException, ValueError, KeyError):
            # It does not answer, or dies with its answer half said: a gap.
            return None


def main() -> None:
    out, processes = Path(sys.argv[1]), [Process(told) for told in sys.argv[2:]]
    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    at: list[float] = []
    due = time.monotonic()
    while True:
        at.append(time.time())
        for process in processes:
            process.sample()
        if stopped:
            break
        due = max(due + EVERY_S, time.monotonic())
        while not stopped and (left := due - time.monotonic()) > 0:
            time.sleep(min(left, 0.1))
    out.write_text(json.dumps({"at": at, "processes": {each.name: each.samples for each in processes}}))


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    main()
