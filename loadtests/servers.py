"""The servers that are measured on core 0, by what is asked of them from core 1: Jeton, and bare hyper, which does nothing but sign."""

import json
import os
import re
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import arguments
from arguments import ROOT
from clock import Clock, clocks

SECONDS = int(os.environ.get("SECONDS_PER_RUN", "10"))
# What bare hyper is told when the engine's store is a Redis Cluster.
REDIS = ["--cluster", nodes] if (nodes := os.environ.get("JETON_TEST_CLUSTER")) else []


def on_core(core: int) -> list[str]:
    return ["taskset", "-c", str(core)] if (os.cpu_count() or 1) > 1 else []


def on_load() -> list[str]:
    """Where what asks runs. A Redis Cluster on the same core goes first, or servers are measured waiting until the load has had its time."""
    return yielding(1) if REDIS else on_core(1)


def yielding(core: int) -> list[str]:
    """On that core, in the time that everybody else leaves."""
    command = on_core(core)
    return [*command, "chrt", "--idle", "0"] if command else []


def keep_awake() -> None:
    """Until this process ends, cores do not halt: measuring.sh tells why."""
    try:
        # Never closed: that is what holds it.
        os.write(os.open("/dev/cpu_dma_latency", os.O_WRONLY | os.O_CLOEXEC), bytes(4))
    except OSError as cause:
        print(f"{Path(sys.argv[0]).name}: cores may halt between requests, which costs servers processor time: {cause}", file=sys.stderr)


def surroundings(program: Path, folder: Path) -> dict[str, str]:
    """What tests/jeton-server starts an engine with that is measured on core 0."""
    own = {"JETON_BIN": str(program), "JETON_LAUNCH": " ".join(on_core(0))}
    # Each engine has a master key of its own, which opens nothing that another one stored.
    return {**os.environ, **own, "JETON__CLUSTER__KEY_PREFIX": f"{folder.name}-"}


def bare_hyper(program: Path) -> Path:
    """Beside the Jeton with which it was built."""
    return program.parent / "examples/bare-hyper"


def start_bare(program: Path, like: Path, *more: str) -> tuple[subprocess.Popen, str]:
    """bare-hyper that gives answers like one, and its address."""
    command = [*on_core(0), str(arguments.executable(bare_hyper(program))), "--threads", "1", "--like", str(like), *more]
    bare = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    return bare, f"http://{bare.stdout.readline().strip()}/"


class Server:
    """A server that was started, and `jeton bench`, which asks it."""

    def __init__(self, program: Path, pid: int, url: str) -> None:
        self.program, self.pid, self.url = program, pid, url
        self.load = on_load()

    def bench(self, kind: str, connections: int, rate: float | None = None, seconds: int = SECONDS, warmup: int = 2) -> dict:
        return told(self.starts_bench(kind, connections, rate, seconds, warmup))

    def starts_bench(self, kind: str, connections: int, rate: float | None, seconds: int, warmup: int) -> subprocess.Popen:
        asked, secret = self.asked(kind, connections)
        command = [*self.load, self.program, "bench", "--json", "--url", self.url, "--pid", self.pid]
        command += ["--connections", connections, "--duration", seconds, "--warmup", warmup]
        if rate:
            command += ["--rate", int(rate)]
        surroundings = {**os.environ, "JETON_CLIENT_SECRET": secret}
        return subprocess.Popen([str(word) for word in [*command, *asked]], env=surroundings, stdout=subprocess.PIPE, text=True)

    def timed(self, kind: str, connections: int, rate: float) -> tuple[dict, float, float]:
        """A run, and p50 and p99 in ms by the server's own clock."""
        raise NotImplementedError

    @contextmanager
    def asked_beside(self) -> Iterator[None]:
        """What asks runs on this server's core meanwhile, and leaves the other to Redis."""
        self.load = yielding(0)
        yield
        self.load = on_load()

    def asked(self, kind: str, connections: int) -> tuple[list, str]:
        """The rest of `jeton bench`'s arguments, and the client's secret."""
        raise NotImplementedError

    def resident_mib(self) -> int:
        return int(re.search(r"VmHWM:\s+(\d+)", Path(f"/proc/{self.pid}/status").read_text())[1]) // 1024


class Bare(Server):
    """bare-hyper: whatever it is asked, its answer is like the one that it was given."""

    def __init__(self, program: Path, like: Path, *more: str) -> None:
        self.process, url = start_bare(program, like, "--clock", *more)
        super().__init__(program, self.process.pid, url)

    def asked(self, kind: str, connections: int) -> tuple[list, str]:
        return ["--client-id", "nobody", "client-credentials", "--audience", "https://nothing.example"], "unread"

    def timed(self, kind: str, connections: int, rate: float) -> tuple[dict, float, float]:
        self.times()
        run = self.bench(kind, connections, rate)
        return run, *self.times()

    def times(self) -> tuple[float, float]:
        with urllib.request.urlopen(self.url) as answer:
            found = json.load(answer)
        return found["p50_us"] / 1e3, found["p99_us"] / 1e3


class Engine(Server):
    """Jeton."""

    def __init__(self, program: Path, folder: Path) -> None:
        super().__init__(program, int((folder / "pid").read_text()), (folder / "issuer").read_text().strip())
        self.folder = folder
        demo = [sys.executable, ROOT / "tests/clients/demo.py", ROOT / "config/demo", self.url]
        known = subprocess.run(demo, capture_output=True, text=True, check=True).stdout
        (folder / "facts").write_text(known)
        self.facts = json.loads(known)

    def asked(self, kind: str, connections: int) -> tuple[list, str]:
        client = self.facts["machine" if kind == "client-credentials" else "application"]
        auth = "basic" if client["method"] == "client_secret_basic" else "post"
        asked = ["--client-id", client["id"], "--auth", auth, kind, "--audience", self.facts["eddsaAudience"]]
        if kind == "refresh":
            asked += ["--tokens", self.tokens(connections)]
        return asked, client["secret"]

    def timed(self, kind: str, connections: int, rate: float) -> tuple[dict, float, float]:
        grant = kind.replace("-", "_").replace("refresh", "refresh_token")
        earlier = self.clock(grant)
        run = self.bench(kind, connections, rate)
        inside = self.clock(grant).since(earlier)
        return run, inside.quantile(0.5) * 1e3, inside.quantile(0.99) * 1e3

    def tokens(self, count: int) -> Path:
        """So many refresh tokens of logins by password, remembered: chains would end where others went on."""
        return self.sessions("tokens", "login", str(count))

    def answer(self, name: str) -> Path:
        """What is answered to `machine`, `refresh` …, for bare-hyper to imitate."""
        return self.sessions(f"answer-{name}", "answer", name)

    def sessions(self, file: str, *words: str) -> Path:
        """What loadtests/sessions.py prints, in a file."""
        command = [sys.executable, str(ROOT / "loadtests/sessions.py"), str(self.folder / "facts"), *words]
        made = subprocess.run(command, capture_output=True, text=True, check=True)
        (self.folder / file).write_text(made.stdout)
        return self.folder / file

    def clock(self, grant: str) -> Clock:
        """The server's own clock for a grant."""
        return clocks((self.folder / "operations").read_text().strip())[grant]


def told(bench: subprocess.Popen) -> dict:
    text = bench.communicate()[0]
    if bench.returncode != 0:
        sys.exit(f"{Path(sys.argv[0]).name}: jeton bench ended with {bench.returncode}: {text}")
    return json.loads(text)


@contextmanager
def engine(program: Path, more: dict[str, str]) -> Iterator[Engine]:
    script = str(ROOT / "tests/jeton-server")
    with tempfile.TemporaryDirectory(prefix="jeton-measured-") as name:
        try:
            subprocess.run([script, "start", name], env={**surroundings(program, Path(name)), **more}, stdout=subprocess.DEVNULL, check=True)
            yield Engine(program, Path(name))
        finally:
            subprocess.run([script, "stop", name], check=False)


@contextmanager
def bare(program: Path, like: Path, *more: str) -> Iterator[Bare]:
    server = Bare(program, like, *more)
    try:
        yield server
    finally:
        server.process.kill()
        server.process.wait()
