#!/usr/bin/env python3
"""What sessions and refresh families cost a Redis Cluster: memory.py [PROGRAM] prints Markdown; exit status 1 beyond a bound.

A cluster of its own (from port REDIS_PORT on, 7900, or another if that is taken), PROGRAM (target/release/jeton) for one real login; that session is copied SESSIONS (100000) times, and families
are started in each by the store's own function. The cost is what `used_memory` of the primaries grew by, without what buffers of clients and
replication grew by: keys, values, hash tables, expiries and the allocator's rounding are all in it.
"""

import binascii
import os
import re
import secrets
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from urllib.parse import parse_qsl

import arguments
from arguments import ROOT
from login import authorize, code_form, code_in, logged_in
from servers import engine

SESSIONS = int(os.environ.get("SESSIONS", "100000"))
BOUNDS = {"a session": 400, "a family": 150}
BATCH = 1000
REDIS = ROOT / "tests/redis-cluster"


class Node:
    """A primary, asked in batches (RESP2)."""

    def __init__(self, address: str) -> None:
        host, port = address.rsplit(":", 1)
        self.socket = socket.create_connection((host, int(port)))
        self.answers = self.socket.makefile("rb")

    def ask(self, *commands: tuple) -> list:
        self.socket.sendall(b"".join(encoded(command) for command in commands))
        return [self.answer() for _ in commands]

    def answer(self):
        kind, rest = (line := self.answers.readline())[:1], line[1:-2]
        if kind == b"-":
            sys.exit(f"memory.py: {rest.decode()}")
        if kind == b":":
            return int(rest)
        if kind == b"$":
            return self.answers.read(int(rest) + 2)[:-2] if int(rest) >= 0 else None
        return [self.answer() for _ in range(int(rest))] if kind == b"*" else rest.decode()

    def info(self, section: str) -> dict[str, str]:
        text = self.ask(("INFO", section))[0].decode()
        return dict(line.split(":", 1) for line in text.splitlines() if ":" in line)

    def used(self) -> int:
        memory = self.info("memory")
        buffers = ["mem_clients_normal", "mem_clients_slaves", "mem_total_replication_buffers", "mem_cluster_links"]
        return int(memory["used_memory"]) - sum(int(memory[name]) for name in buffers)


class Cluster:
    """The primaries, and who of them serves what."""

    def __init__(self, nodes: str) -> None:
        self.ranges = []
        for first, last, primary, *_ in Node(nodes.split(",")[0]).ask(("CLUSTER", "SLOTS"))[0]:
            self.ranges.append((first, last, Node(f"{primary[0].decode()}:{primary[1]}")))

    def nodes(self) -> list[Node]:
        return [node for _, _, node in self.ranges]

    def node_of(self, tag: bytes) -> Node:
        slot = binascii.crc_hqx(tag, 0) % 16384
        return next(node for first, last, node in self.ranges if first <= slot <= last)

    def each(self, tags: list[bytes], command) -> None:
        """Sends what `command` makes of each tag, in batches."""
        for node in self.nodes():
            own = [tag for tag in tags if self.node_of(tag) is node]
            for at in range(0, len(own), BATCH):
                node.ask(*(command(tag) for tag in own[at : at + BATCH]))

    def used(self) -> int:
        return sum(node.used() for node in self.nodes())


def encoded(command: tuple) -> bytes:
    words = [word if isinstance(word, bytes) else str(word).encode() for word in command]
    return b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%s\r\n" % (len(word), word) for word in words)


def start_redis(folder: Path) -> str:
    """Its nodes. What stood in the way of the last port that was tried goes to the terminal."""
    for port in (os.environ.get("REDIS_PORT", "7900"), "8100", "8300"):
        started = subprocess.run([REDIS, "start", folder, port], capture_output=True, text=True, check=False)
        if started.returncode == 0:
            return started.stdout.splitlines()[-1]
    sys.exit(f"memory.py: the Redis Cluster did not start: {started.stderr.strip()}")


def one_login(program: Path, nodes: str) -> None:
    """A person's session with a refresh token, as the demo tenant's application gets it."""
    with engine(program, {"JETON_TEST_CLUSTER": nodes, "JETON__CLUSTER__KEY_PREFIX": ""}) as jeton:
        facts = jeton.facts
        client, person = facts["application"], {"username": facts["user"]["name"], "password": facts["user"]["password"]}
        asked = authorize(client, facts["eddsaAudience"])
        browser = logged_in(facts["issuer"].rstrip("/"), asked, person)
        code = code_in(browser.go(asked))
        browser.go("/oauth/token", dict(parse_qsl(code_form(client) + code)))


def measured(cluster: Cluster) -> dict[str, list[float]]:
    keys = [(node, key) for node in cluster.nodes() for key in node.ask(("KEYS", "*"))[0]]
    found = [(node, key) for node, key in keys if re.fullmatch(rb"\{[A-Za-z0-9_-]{16}\}s", key)]
    (node, key), *others = found
    if others:
        sys.exit("memory.py: more than one session")
    value, expires_at = node.ask(("GET", key), ("PEXPIRETIME", key))
    library = node.ask(("FUNCTION", "LIST"))[0][0]
    functions = library[library.index(b"functions") + 1]
    names = [function[function.index(b"name") + 1] for function in functions]
    start = next(name for name in names if name.startswith(b"start_"))
    now = int(time.time() * 1000)
    tags = [secrets.token_urlsafe(12).encode() for _ in range(SESSIONS)]

    # Behind its name: when it starts, idle expiry, expiry, until when the session is kept; the most families; two flags.
    ends = now + 3_600_000
    told = b"".join(at.to_bytes(6, "big") for at in (now, ends, ends, ends)) + (200).to_bytes(2, "big") + b"\0\0"

    def session(tag: bytes) -> tuple:
        # Without its family: format and expiry (7 bytes), how many families, the families, the rest.
        bare = value[:7] + b"\0\0" + value[9 + 29 * int.from_bytes(value[7:9], "big") :]
        return ("SET", b"{%s}s" % tag, bare, "PXAT", expires_at)

    def family(tag: bytes) -> tuple:
        return ("FCALL", start, 1, b"{%s}s" % tag, secrets.token_bytes(10) + told)

    steps = [("a session", session), ("a family", family), ("a family", family), ("a family", family)]
    costs: dict[str, list[float]] = {}
    for what, command in steps:
        before = cluster.used()
        cluster.each(tags, command)
        # A hash table that grows exists twice until Redis has moved it in its spare time.
        time.sleep(20)
        costs.setdefault(what, []).append((cluster.used() - before) / SESSIONS)
    return costs


def main() -> None:
    program = arguments.program(__doc__)
    with tempfile.TemporaryDirectory(prefix="jeton-memory-") as name:
        folder = Path(name)
        try:
            nodes = start_redis(folder / "redis")
            one_login(program, nodes)
            costs = measured(Cluster(nodes))
        finally:
            subprocess.run([REDIS, "stop", folder / "redis"], check=False)
    print(f"| {SESSIONS} more each time | bytes on the primary | each time |\n|---|---|---|")
    failed = False
    for what, each in costs.items():
        mean = sum(each) / len(each)
        failed |= mean > BOUNDS[what]
        print(f"| {what} | **{mean:.0f}** (at most {BOUNDS[what]}) | {' '.join(f'{cost:.0f}' for cost in each)} |")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
