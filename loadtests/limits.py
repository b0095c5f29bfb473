#!/usr/bin/env python3
"""What happens at the edge of what a server can do: limits.py [PROGRAM] prints Markdown.

For client_credentials and refresh, ROUNDS (3) times: capacity (closed loop, 64 connections), latency at half of it (of the
client, and by the server's own clock), OVERLOAD_TIMES (1.5) of it for SECONDS_PER_RUN (10) over OVERLOAD_CONNECTIONS (1024), then
half of it again from a second later on. Goodput is held against the capacity over as many connections as the server has requests in
work at most (FULL_CONNECTIONS, 512): each connection more costs every server some of its processor's caches. Medians. Then logins by password of many people from FLOOD_CONNECTIONS (32), while
machines ask for half of capacity (MACHINE_RATE: so many tokens a second). PARTS ("limit flood") is which of the two are measured.

PROGRAM is target/release/jeton; the engine runs on core 0 with an embedded store (JETON_TEST_CLUSTER: that Redis Cluster),
`jeton bench` and wrk on core 1. Variables JETON__SECTION__KEY reach the engine. Exit status 1 when a bound of
loadtests/README.md ("At the limit") does not hold.
"""

import json
import os
import re
import resource
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import arguments
import seed
from arguments import ROOT
from login import on_core, surroundings

ROUNDS = int(os.environ.get("ROUNDS", "3"))
SECONDS = int(os.environ.get("SECONDS_PER_RUN", "10"))
TIMES = float(os.environ.get("OVERLOAD_TIMES", "1.5"))
FULL = int(os.environ.get("FULL_CONNECTIONS", "512"))
CROWD = int(os.environ.get("OVERLOAD_CONNECTIONS", "1024"))
FLOOD = int(os.environ.get("FLOOD_CONNECTIONS", "32"))
MACHINES = float(os.environ.get("MACHINE_RATE", "0"))
PARTS = os.environ.get("PARTS", "limit flood").split()


class Engine:
    """A server that was started, and those who ask it."""

    def __init__(self, program: Path, folder: Path) -> None:
        self.program, self.folder = program, folder
        self.pid = int((folder / "pid").read_text())
        self.issuer = (folder / "issuer").read_text().strip()
        demo = [sys.executable, ROOT / "tests/clients/demo.py", ROOT / "config/demo", self.issuer]
        self.facts = json.loads(subprocess.run(demo, capture_output=True, text=True, check=True).stdout)

    def bench(self, kind: str, connections: int, rate: float | None = None, seconds: int = SECONDS, warmup: int = 2) -> dict:
        return self.told(self.starts_bench(kind, connections, rate, seconds, warmup))

    def starts_bench(self, kind: str, connections: int, rate: float | None, seconds: int, warmup: int) -> subprocess.Popen:
        client = self.facts["machine" if kind == "client-credentials" else "application"]
        auth = "basic" if client["method"] == "client_secret_basic" else "post"
        command = [*on_core(1), self.program, "bench", "--json", "--url", self.issuer, "--client-id", client["id"], "--auth", auth]
        command += ["--connections", connections, "--duration", seconds, "--warmup", warmup, "--pid", self.pid]
        if rate:
            command += ["--rate", int(rate)]
        command += [kind, "--audience", self.facts["eddsaAudience"]]
        if kind == "refresh":
            command += ["--tokens", self.tokens(connections)]
        surroundings = {**os.environ, "JETON_CLIENT_SECRET": client["secret"]}
        return subprocess.Popen([str(word) for word in command], env=surroundings, stdout=subprocess.PIPE, text=True)

    @staticmethod
    def told(bench: subprocess.Popen) -> dict:
        text = bench.communicate()[0]
        if bench.returncode != 0:
            sys.exit(f"limits.py: jeton bench ended with {bench.returncode}: {text}")
        return json.loads(text)

    def tokens(self, count: int) -> Path:
        """So many refresh tokens of logins by password, remembered: chains would end where others went on."""
        made = subprocess.run(
            [sys.executable, ROOT / "loadtests/sessions.py", self.write_facts(), "login", str(count)],
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        (self.folder / "tokens").write_text(made.stdout)
        return self.folder / "tokens"

    def write_facts(self) -> Path:
        path = self.folder / "facts"
        path.write_text(json.dumps(self.facts))
        return path

    def resident_mib(self) -> int:
        return int(re.search(r"VmHWM:\s+(\d+)", Path(f"/proc/{self.pid}/status").read_text())[1]) // 1024

    def clock(self, grant: str) -> "Clock":
        """The server's own clock for a grant."""
        operations = (self.folder / "operations").read_text().strip()
        with urllib.request.urlopen(operations + "/metrics") as answer:
            text = answer.read().decode()
        total = re.search(rf'jeton_token_request_seconds_sum{{grant="{grant}"}} (\S+)', text)
        buckets = re.findall(rf'jeton_token_request_seconds_bucket{{[^}}]*grant="{grant}"[^}}]*}} (\S+)', text)
        bounds = re.findall(rf'jeton_token_request_seconds_bucket{{(?=[^}}]*grant="{grant}")[^}}]*le="([^"]+)"', text)
        return Clock(float(total[1]), dict(zip(map(float, bounds), map(int, buckets))))


@dataclass
class Clock:
    """A histogram: seconds in all, and how many took at most so many seconds."""

    total: float
    within: dict[float, int]

    def since(self, earlier: "Clock") -> "Clock":
        return Clock(self.total - earlier.total, {le: n - earlier.within[le] for le, n in self.within.items()})

    def count(self) -> int:
        return self.within[float("inf")]

    def quantile(self, share: float) -> float:
        """In seconds, as Prometheus has it: evenly spread within a bucket."""
        rank, low, below = share * self.count(), 0.0, 0
        for le, n in self.within.items():
            if n >= rank:
                return low if le == float("inf") else low + (le - low) * (rank - below) / max(n - below, 1)
            low, below = le, n
        return low


@dataclass
class Flood:
    """Logins by many people, each of whom knows the password."""

    engine: Engine

    def starts(self, connections: int, seconds: int) -> subprocess.Popen:
        forms = self.engine.folder / "forms"
        forms.write_text("".join(seed.form(seed.person(number)) + "\n" for number in range(2 * FLOOD)))
        command = [*on_core(1), "wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "30s", "-s", "loadtests/wrk/logins.lua"]
        command += [self.engine.issuer + "oauth/token", "--", forms, f"load.{urllib.parse.urlsplit(self.engine.issuer).netloc}"]
        return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)

    @staticmethod
    def rate(wrk: subprocess.Popen) -> float:
        """Logins per second."""
        answers, micros, refused, lost, _, _ = map(int, re.search(r"^RESULT (.*)$", wrk.communicate()[0], re.M)[1].split())
        if refused or lost:
            sys.exit(f"limits.py: of {answers} logins {refused} were refused and {lost} lost")
        return answers / (micros / 1e6)


def at_the_limit(engine: Engine, kind: str, title: str, bounds: list[tuple[str, bool]]) -> None:
    rounds = [one_round(engine, kind) for _ in range(ROUNDS)]
    found = {what: statistics.median(each[what] for each in rounds) for what in rounds[0]}
    each_time = " ".join(f"{one['goodput']:.2f}" for one in rounds)
    first = found["goodput"] * found["full"] / found["capacity"]
    print(
        f"| {title} | {found['capacity']:.0f}/s, {found['full']:.0f}/s over {FULL} "
        f"| {found['half p50']:.2f} / {found['half p99']:.2f} ms, inside {found['inside p50']:.2f} / {found['inside p99']:.2f} ms "
        f"| {found['answered']:.2f} | **{found['goodput']:.2f}** ({each_time}), {first:.2f} of that over 64 "
        f"| p99 {found['good p99']:.0f} ms | {found['refused']:.0f}/s, p99 {found['refused p99']:.0f} ms "
        f"| {found['resident before']:.0f} → {found['resident']:.0f} MiB "
        f"| {found['again p50']:.2f} / {found['again p99']:.2f} ms |",
        flush=True,
    )
    bounds.append((f"{title}: goodput {found['goodput']:.2f} of capacity, at least 0.9", found["goodput"] >= 0.9))
    bounds.append((f"{title}: {found['lost']} without an answer, none", found["lost"] == 0))
    bounds.append((f"{title}: refusals within 50 ms", found["refused p99"] <= 50))
    bounds.append((f"{title}: inside, p99 at most 2 ms at half of capacity", found["inside p99"] <= 2))
    times = found["inside p99"] / found["inside p50"]
    bounds.append((f"{title}: inside, p99 {times:.1f} times p50 at half of capacity, at most 3", times <= 3))


def one_round(engine: Engine, kind: str) -> dict[str, float]:
    """Capacity, half of it, more than it, and half of it again from a second later on; capacity also after, for this machine drifts."""
    grant = kind.replace("-", "_").replace("refresh", "refresh_token")
    before = engine.bench(kind, 64)["good_per_second"]
    earlier = engine.clock(grant)
    half = engine.bench(kind, 64, before / 2)["latency_ms"]
    inside = engine.clock(grant).since(earlier)
    resident = engine.resident_mib()
    full = engine.bench(kind, FULL)["good_per_second"]
    over = engine.bench(kind, CROWD, before * TIMES, warmup=3)
    crowded = engine.resident_mib()
    full = (full + engine.bench(kind, FULL)["good_per_second"]) / 2
    time.sleep(1)
    again = engine.bench(kind, 64, before / 2, warmup=1)["latency_ms"]
    capacity = (before + engine.bench(kind, 64)["good_per_second"]) / 2
    refused = sum(over["refused"].values())
    return {
        "capacity": capacity,
        "full": full,
        "half p50": half["p50"],
        "half p99": half["p99"],
        "inside p50": inside.quantile(0.5) * 1e3,
        "inside p99": inside.quantile(0.99) * 1e3,
        "answered": (over["good"] + refused) / over["seconds"] / full,
        "goodput": over["good_per_second"] / full,
        "good p99": over["sent_latency_ms"]["p99"],
        "refused": refused / over["seconds"],
        "refused p99": over["refusal_latency_ms"]["p99"] if refused else 0,
        "lost": over["lost"],
        "resident before": resident,
        "resident": crowded,
        "again p50": again["p50"],
        "again p99": again["p99"],
    }


def flood(engine: Engine, bounds: list[tuple[str, bool]]) -> None:
    crowd = Flood(engine)
    crowd.rate(crowd.starts(1, 1))
    earlier = engine.clock("password")
    crowd.rate(crowd.starts(1, SECONDS))
    alike = engine.clock("password").since(earlier)
    possible = alike.count() / alike.total
    flooding = crowd.rate(crowd.starts(FLOOD, SECONDS))
    machines = MACHINES or engine.bench("client-credentials", 64)["good_per_second"] / 2
    alone = engine.bench("client-credentials", 64, machines)
    logins = crowd.starts(FLOOD, SECONDS + 4)
    during = engine.bench("client-credentials", 64, machines)
    beside = crowd.rate(logins)
    before, meanwhile = alone["latency_ms"], during["latency_ms"]
    times = meanwhile["p99"] / before["p99"]
    print("\n| | |\n|---|---|")
    print(f"| one login at a time, by the server's clock | {1e3 / possible:.1f} ms: {possible:.1f}/s on one core |")
    print(f"| logins from {FLOOD} connections | {flooding:.1f}/s, **{flooding / possible:.2f}** of that |")
    print(f"| … with {machines:.0f} client_credentials a second beside them | {beside:.1f}/s |")
    print(f"| client_credentials without logins, p50 / p99 | {before['p50']:.2f} / {before['p99']:.2f} ms |")
    print(f"| client_credentials meanwhile, p50 / p99 | {meanwhile['p50']:.2f} / {meanwhile['p99']:.2f} ms, "
          f"**{times:.2f}** times |", flush=True)  # fmt: skip
    bounds.append((f"logins at {flooding / possible:.2f} of the rate of hashes, at least 0.9", flooding >= 0.9 * possible))
    bounds.append((f"client_credentials beside logins: p99 times {times:.2f}, at most 2", times <= 2))


@contextmanager
def people() -> Iterator[str]:
    """A file of a tenant with enough people for a flood."""
    with tempfile.NamedTemporaryFile(suffix=".json") as file:
        subprocess.run([sys.executable, ROOT / "loadtests/tenant.py", "--users", str(2 * FLOOD)], stdout=file, check=True)
        yield file.name


@contextmanager
def engine(program: Path, more: dict[str, str]) -> Iterator[Engine]:
    script = str(ROOT / "tests/jeton-server")
    with tempfile.TemporaryDirectory(prefix="jeton-limits-") as name:
        try:
            subprocess.run([script, "start", name], env={**surroundings(program, Path(name)), **more}, stdout=subprocess.DEVNULL, check=True)
            yield Engine(program, Path(name))
        finally:
            subprocess.run([script, "stop", name], check=False)


def main() -> None:
    program = arguments.program(__doc__)
    if not PARTS or not {"limit", "flood"}.issuperset(PARTS):
        sys.exit(f"limits.py: PARTS: expected limit, flood or both, not {' '.join(PARTS) or 'nothing'}")
    if (os.cpu_count() or 1) > 1:
        os.sched_setaffinity(0, {1})
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    subprocess.run([str(ROOT / "tests/install"), "wrk:wrk", "taskset:util-linux", "curl:curl"], check=True)
    bounds: list[tuple[str, bool]] = []
    if "limit" in PARTS:
        # Logins only make sessions here.
        with engine(program, {"JETON__PASSWORDS__MEMORY_KIB": "8", "JETON__PASSWORDS__ITERATIONS": "1"}) as cheap:
            print("| | capacity | half of it, p50 / p99 | answered | goodput | answered in | refused | resident | half again, p50 / p99 |")
            print("|---|---|---|---|---|---|---|---|---|")
            at_the_limit(cheap, "client-credentials", "client_credentials", bounds)
            at_the_limit(cheap, "refresh", "refresh", bounds)
    if "flood" in PARTS:
        with people() as file, engine(program, {"JETON_TENANTS": file, "JETON__PUBLIC__TRUSTED_PROXIES": "127.0.0.1"}) as real:
            flood(real, bounds)
    for what, holds in bounds:
        if not holds:
            print(f"\nDoes not hold: {what}")
    sys.exit(not all(holds for _, holds in bounds))


if __name__ == "__main__":
    main()
