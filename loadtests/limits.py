#!/usr/bin/env python3
"""What happens at the edge of what a server can do: limits.py [PROGRAM] prints Markdown.

For client_credentials and refresh, ROUNDS (3) times: capacity (closed loop, 64 connections), latency at half of it (of the
client, and by the server's own clock; and how late the generator itself was, for what it sends late comes in a burst),
OVERLOAD_TIMES (1.5) of it for SECONDS_PER_RUN (10) over OVERLOAD_CONNECTIONS (1024), then half of it again from a second later on.
Goodput is held against the capacity over as many connections as the server has requests in work at most (FULL_CONNECTIONS, 512): each
connection more costs every server some of its processor's caches. Medians. By turns with it the same of bare hyper, which signs the same
JWTs (after a Redis command, if the store is a cluster) and does nothing else: what it does not hold here, no server on it does.
On a cluster the load waits for its core whenever Redis has it, and what it sends late comes in bursts. So capacity and half of it are
measured once more with the load on the engine's core, in the time that the engine leaves, and Redis on the other.
Then logins by password of many people from FLOOD_CONNECTIONS (32), while machines ask for half of capacity (MACHINE_RATE: so many
tokens a second), and machines without logins by turns. Then the memory of an engine over whose OPEN_CONNECTIONS (10000) each asks once
in ten seconds. PARTS ("limit bare flood open") is what of this is measured.

PROGRAM is target/release/jeton, with examples/bare-hyper beside it; both run on core 0, the engine with an embedded store
(JETON_TEST_CLUSTER: that Redis Cluster, to be started on core 1: taskset -c 1 tests/redis-cluster start), `jeton bench` and wrk on
core 1. Variables JETON__SECTION__KEY reach the engine. Exit status 1 when a bound of loadtests/README.md ("At the limit") does not hold.
"""

import os
import re
import resource
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.parse
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

import arguments
import seed
from arguments import ROOT
from servers import REDIS, SECONDS, Engine, Server, bare, engine, keep_awake, on_load

ROUNDS = int(os.environ.get("ROUNDS", "3"))
TIMES = float(os.environ.get("OVERLOAD_TIMES", "1.5"))
FULL = int(os.environ.get("FULL_CONNECTIONS", "512"))
CROWD = int(os.environ.get("OVERLOAD_CONNECTIONS", "1024"))
FLOOD = int(os.environ.get("FLOOD_CONNECTIONS", "32"))
MACHINES = float(os.environ.get("MACHINE_RATE", "0"))
OPEN = int(os.environ.get("OPEN_CONNECTIONS", "10000"))
PARTS = os.environ.get("PARTS", "limit bare flood open").split()


@dataclass
class Flood:
    """Logins by many people, each of whom knows the password."""

    engine: Engine

    def starts(self, connections: int, seconds: int) -> subprocess.Popen:
        forms = self.engine.folder / "forms"
        forms.write_text("".join(seed.form(seed.person(number)) + "\n" for number in range(2 * FLOOD)))
        command = [*on_load(), "wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "30s", "-s", "loadtests/wrk/logins.lua"]
        command += [self.engine.url + "oauth/token", "--", forms, f"load.{urllib.parse.urlsplit(self.engine.url).netloc}"]
        return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)

    @staticmethod
    def rate(wrk: subprocess.Popen, may_refuse: bool = False) -> float:
        """Logins per second; those that were refused are none."""
        answers, micros, refused, lost, _, _ = map(int, re.search(r"^RESULT (.*)$", wrk.communicate()[0], re.M)[1].split())
        if refused and not may_refuse or lost:
            sys.exit(f"limits.py: of {answers} logins {refused} were refused and {lost} lost")
        return (answers - refused) / (micros / 1e6)


def at_the_limit(kind: str, title: str, servers: list[Server], bounds: list[tuple[str, bool]]) -> None:
    """A row for the first of `servers`, whose bounds these are, and one for bare hyper, if that is measured by turns with it."""
    rounds = [[one_round(server, kind) for server in servers] for _ in range(ROUNDS)]
    of_each = list(zip(*rounds))
    for name, of_one in zip([title, "… bare hyper"], of_each):
        print(row(name, of_one), flush=True)
    found = median(of_each[0])
    bounds.append((f"{title}: goodput {found['goodput']:.2f} of capacity, at least 0.9", found["goodput"] >= 0.9))
    bounds.append((f"{title}: {found['lost']} without an answer, none", found["lost"] == 0))
    bounds.append((f"{title}: refusals within 50 ms", found["refused p99"] <= 50))
    bounds.append((f"{title}: inside, p99 at most 2 ms at half of capacity", found["inside p99"] <= 2))
    if REDIS:
        bounds.append((f"{title}: inside, p99 at most 2 ms where Redis has a core of its own", found["apart p99"] <= 2))
    calm = "apart" if REDIS else "inside"
    times = found[f"{calm} p99"] / found[f"{calm} p50"]
    bounds.append((f"{title}: inside, p99 {times:.1f} times p50 at half of capacity, at most 3", times <= 3))


def median(rounds: tuple[dict[str, float], ...]) -> dict[str, float]:
    return {what: statistics.median(each[what] for each in rounds) for what in rounds[0]}


def row(title: str, rounds: tuple[dict[str, float], ...]) -> str:
    found = median(rounds)
    goodputs = " ".join(f"{one['goodput']:.2f}" for one in rounds)
    first = found["goodput"] * found["full"] / found["capacity"]
    apart = ", Redis apart: {apart rate:.0f}/s, inside {apart p50:.2f} / {apart p99:.2f} ms".format_map(found) if REDIS else ""
    return (
        f"| {title} | {found['capacity']:.0f}/s, {found['full']:.0f}/s over {FULL} "
        f"| {found['half p50']:.2f} / {found['half p99']:.2f} ms, inside {found['inside p50']:.2f} / {found['inside p99']:.2f} ms, "
        f"sent {found['late p99']:.2f} ms late{apart} "
        f"| {found['answered']:.2f} | **{found['goodput']:.2f}** ({goodputs}), {first:.2f} of that over 64 "
        f"| p99 {found['good p99']:.0f} ms | {found['refused']:.0f}/s, p99 {found['refused p99']:.0f} ms "
        f"| {found['resident before']:.0f} → {found['resident']:.0f} MiB "
        f"| {found['again p50']:.2f} / {found['again p99']:.2f} ms |"
    )


def one_round(server: Server, kind: str) -> dict[str, float]:
    """Capacity, half of it, more than it, and half of it again from a second later on; capacity also after, for this machine drifts."""
    before = server.bench(kind, 64)["good_per_second"]
    run, inside_p50, inside_p99 = server.timed(kind, 64, before / 2)
    half, late = run["latency_ms"], run["generator_late_ms"]
    alone = apart(server, kind) if REDIS else {}
    resident = server.resident_mib()
    full = server.bench(kind, FULL)["good_per_second"]
    over = server.bench(kind, CROWD, before * TIMES, warmup=3)
    crowded = server.resident_mib()
    full = (full + server.bench(kind, FULL)["good_per_second"]) / 2
    time.sleep(1)
    again = server.bench(kind, 64, before / 2, warmup=1)["latency_ms"]
    capacity = (before + server.bench(kind, 64)["good_per_second"]) / 2
    refused = sum(over["refused"].values())
    return {
        "capacity": capacity,
        "full": full,
        "half p50": half["p50"],
        "half p99": half["p99"],
        "inside p50": inside_p50,
        "inside p99": inside_p99,
        "late p99": late["p99"] if late else 0,
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
        **alone,
    }


def apart(server: Server, kind: str) -> dict[str, float]:
    """Half of capacity, where Redis has a core of its own."""
    with server.asked_beside():
        rate = server.bench(kind, 64)["good_per_second"] / 2
        _, p50, p99 = server.timed(kind, 64, rate)
    return {"apart rate": rate, "apart p50": p50, "apart p99": p99}


def flood(engine: Engine, bounds: list[tuple[str, bool]]) -> None:
    crowd = Flood(engine)
    crowd.rate(crowd.starts(1, 1))
    earlier = engine.clock("password")
    crowd.rate(crowd.starts(1, SECONDS))
    alike = engine.clock("password").since(earlier)
    possible = alike.count() / alike.total
    flooding = crowd.rate(crowd.starts(FLOOD, SECONDS))
    machines = MACHINES or engine.bench("client-credentials", 64)["good_per_second"] / 2
    rounds = [(engine.bench("client-credentials", 64, machines), *beside_logins(engine, crowd, machines)) for _ in range(ROUNDS)]
    beside = statistics.median(rate for _, _, rate in rounds)
    before, meanwhile = ([run["latency_ms"] for run in runs] for runs in list(zip(*rounds))[:2])
    p99 = [statistics.median(run["p99"] for run in runs) for runs in (before, meanwhile)]
    times = p99[1] / p99[0]
    print("\n| | |\n|---|---|")
    print(f"| one login at a time, by the server's clock | {1e3 / possible:.1f} ms: {possible:.1f}/s on one core |")
    print(f"| logins from {FLOOD} connections | {flooding:.1f}/s, **{flooding / possible:.2f}** of that |")
    print(f"| … with {machines:.0f} client_credentials a second beside them | {beside:.1f}/s |")
    print(f"| client_credentials without logins, p50 / p90 / p99 of each round | {quantiles(before)} ms |")
    print(f"| client_credentials meanwhile | {quantiles(meanwhile)} ms, p99 **{times:.2f}** times (medians) |", flush=True)
    bounds.append((f"logins at {flooding / possible:.2f} of the rate of hashes, at least 0.9", flooding >= 0.9 * possible))
    bounds.append((f"client_credentials beside logins: p99 times {times:.2f}, at most 2", times <= 2))


def beside_logins(engine: Engine, crowd: Flood, machines: float) -> tuple[dict, float]:
    """A run while people log in, and how many of them do in a second: tokens go first, so that not all may get their turn in time."""
    logins = crowd.starts(FLOOD, SECONDS + 4)
    return engine.bench("client-credentials", 64, machines), crowd.rate(logins, may_refuse=True)


def quantiles(runs: list[dict[str, float]]) -> str:
    return ", ".join(f"{run['p50']:.2f} / {run['p90']:.2f} / {run['p99']:.2f}" for run in runs)


def held_open(engine: Engine, bounds: list[tuple[str, bool]]) -> None:
    """The most memory since the start, once every connection has been opened and has asked."""
    run = engine.bench("client-credentials", OPEN, OPEN / 10, warmup=12)
    resident, answered = engine.resident_mib(), run["good_per_second"]
    print("\n| connections | answered | resident at most |\n|---|---|---|")
    print(f"| {OPEN} | {answered:.0f}/s, p50 / p90 / p99 {quantiles([run['latency_ms']])} ms | **{resident} MiB** |", flush=True)
    bounds.append((f"{resident} MiB resident with {OPEN} connections, at most 150", resident <= 150))
    bounds.append((f"{answered:.0f} of {OPEN / 10:.0f} answers a second over {OPEN} connections", answered >= 0.99 * OPEN / 10))


@contextmanager
def people() -> Iterator[str]:
    """A file of a tenant with enough people for a flood."""
    with tempfile.NamedTemporaryFile(suffix=".json") as file:
        subprocess.run([sys.executable, ROOT / "loadtests/tenant.py", "--users", str(2 * FLOOD)], stdout=file, check=True)
        yield file.name


def main() -> None:
    program = arguments.program(__doc__)
    keep_awake()
    if not {"limit", "bare", "flood", "open"}.issuperset(PARTS) or set(PARTS) <= {"bare"}:
        sys.exit(f"limits.py: PARTS: expected some of limit, flood and open, and bare beside limit, not {' '.join(PARTS) or 'nothing'}")
    if (os.cpu_count() or 1) > 1:
        os.sched_setaffinity(0, {1})
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    subprocess.run([str(ROOT / "tests/install"), "wrk:wrk", "taskset:util-linux", "curl:curl"], check=True)
    bounds: list[tuple[str, bool]] = []
    if "limit" in PARTS:
        # Logins only make sessions here.
        cheap = {"JETON__PASSWORDS__MEMORY_KIB": "8", "JETON__PASSWORDS__ITERATIONS": "1"}
        with ExitStack() as running:
            jeton = running.enter_context(engine(program, cheap))
            signers = [[jeton.answer("machine")], [jeton.answer("refresh"), *REDIS]] if "bare" in PARTS else []
            controls = [running.enter_context(bare(program, *what)) for what in signers]
            print("| | capacity | half of it, p50 / p99 | answered | goodput | answered in | refused | resident | half again, p50 / p99 |")
            print("|---|---|---|---|---|---|---|---|---|")
            at_the_limit("client-credentials", "client_credentials", [jeton, *controls[:1]], bounds)
            at_the_limit("refresh", "refresh", [jeton, *controls[1:]], bounds)
    if "flood" in PARTS:
        with people() as file, engine(program, {"JETON_TENANTS": file, "JETON__PUBLIC__TRUSTED_PROXIES": "127.0.0.1"}) as real:
            flood(real, bounds)
    if "open" in PARTS:
        with engine(program, {"JETON__LIMITS__CONNECTIONS_MAX": str(2 * OPEN)}) as server:
            held_open(server, bounds)
    for what, holds in bounds:
        if not holds:
            print(f"\nDoes not hold: {what}")
    sys.exit(not all(holds for _, holds in bounds))


if __name__ == "__main__":
    main()
