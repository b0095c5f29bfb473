#!/usr/bin/env python3
"""What a login costs the server: login.py [PROGRAM] prints CPU time per login page, per redirect with a code from
`/authorize` for somebody who is logged in, and per exchange of a code for tokens; and of bare hyper signing two JWTs (after one
Redis command, if the store is a cluster), by which to tell how fast the machine is just now.

PROGRAM is target/release/jeton, with examples/bare-hyper beside it. Both run on core 0 with an embedded store (JETON_TEST_CLUSTER:
that Redis Cluster, to be started on core 1: taskset -c 1 tests/redis-cluster start), wrk on core 1. CODES (10000) is how many
codes are exchanged in each of ROUNDS (3) rounds, of as many logins as SESSIONS (1000) says; SECONDS_PER_RUN (5) how long pages
are asked for.
"""

import http.client
import itertools
import os
import statistics
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import arguments
from arguments import ROOT
from servers import REDIS, Engine, engine, keep_awake, on_load, start_bare

CONNECTIONS = 64
BARE = "bare hyper, two JWTs" + (" and a Redis command" if REDIS else "")
# RFC 7636 appendix B.
VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


class Browser:
    """One keep-alive connection with its cookies."""

    def __init__(self, issuer: str) -> None:
        self.server = http.client.HTTPConnection(urlsplit(issuer).netloc, timeout=30)
        self.cookies: dict[str, str] = {}

    def go(self, path: str, form: dict | None = None) -> str:
        """The address that the answer leads to; nothing for a page."""
        headers = {"Cookie": self.cookie()}
        if form:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        self.server.request("POST" if form else "GET", path, form and urlencode(form), headers)
        answer = self.server.getresponse()
        answer.read()
        for line in answer.headers.get_all("Set-Cookie", []):
            name, _, value = line.split(";")[0].partition("=")
            self.cookies[name] = value
        if answer.status not in (200, 303):
            sys.exit(f"login.py: {path} was answered {answer.status}")
        return answer.headers.get("Location", "")

    def cookie(self) -> str:
        return "; ".join(f"{name}={value}" for name, value in self.cookies.items())


def authorize(client: dict, audience: str) -> str:
    asked = {"client_id": client["id"], "redirect_uri": client["callback"], "response_type": "code"}
    asked |= {"scope": "openid profile email offline_access", "audience": audience, "state": "st", "nonce": "no"}
    asked |= {"code_challenge": CHALLENGE, "code_challenge_method": "S256"}
    return "/authorize?" + urlencode(asked)


def code_form(client: dict) -> str:
    fields = {"grant_type": "authorization_code", "client_id": client["id"], "client_secret": client["secret"]}
    fields |= {"redirect_uri": client["callback"], "code_verifier": VERIFIER}
    return urlencode(fields) + "&code="


def code_in(location: str) -> str:
    return location.split("code=", 1)[1].split("&")[0]


def cpu_ticks(pid: int) -> int:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


def measure(pid: int, seconds: int, script: str, url: str, *arguments: str) -> float:
    """µs of the server's CPU time per answer."""
    before = cpu_ticks(pid)
    command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "-s", f"loadtests/wrk/{script}.lua", url, "--"]
    run = subprocess.run([*on_load(), *command, *arguments], cwd=ROOT, capture_output=True, text=True, check=True)
    spent = cpu_ticks(pid) - before
    line = next(line for line in run.stdout.splitlines() if line.startswith("RESULT"))
    answers, _, refused, lost, _, _ = map(int, line.split()[1:])
    if refused + lost > answers / 1000:
        sys.exit(f"login.py: {script}: {refused} refused and {lost} lost of {answers}")
    return spent / os.sysconf("SC_CLK_TCK") * 1e6 / answers


def logged_in(issuer: str, asked: str, person: dict) -> Browser:
    browser = Browser(issuer)
    state = browser.go(asked).split("state=", 1)[1]
    code_in(browser.go("/u/login", {"state": state, **person}))
    return browser


def rounds(jeton: Engine, bare: tuple[subprocess.Popen, str]) -> dict[str, list[float]]:
    pid, facts = jeton.pid, jeton.facts
    seconds, count = int(os.environ.get("SECONDS_PER_RUN", "5")), int(os.environ.get("CODES", "10000"))
    issuer, client = facts["issuer"].rstrip("/"), facts["application"]
    stranger, asked = Browser(issuer), authorize(client, facts["eddsaAudience"])
    page = stranger.go(asked)
    person = {"username": facts["user"]["name"], "password": facts["user"]["password"]}
    codes, found = jeton.folder / "codes", {}
    for _ in range(int(os.environ.get("ROUNDS", "3"))):
        logins = [logged_in(issuer, asked, person) for _ in range(int(os.environ.get("SESSIONS", "1000")))]
        row = {
            "a login page": measure(pid, seconds, "get", issuer + page, stranger.cookie()),
            "a redirect with a code, when logged in": measure(pid, seconds, "get", issuer + asked, logins[0].cookie()),
        }
        # A code lives for a minute.
        codes.write_text("".join(f"{code_in(browser.go(asked))}\n" for browser in itertools.islice(itertools.cycle(logins), count)))
        row["a code exchanged for three tokens"] = measure(
            pid, seconds, "codes", f"{issuer}/oauth/token", code_form(client), str(codes)
        )
        row[BARE] = measure(bare[0].pid, seconds, "get", bare[1])
        for what, cost in row.items():
            found.setdefault(what, []).append(cost)
    return found


def main() -> None:
    program = arguments.program(__doc__)
    keep_awake()
    subprocess.run([str(ROOT / "tests/install"), "wrk:wrk", "taskset:util-linux", "curl:curl"], check=True)
    with engine(program, {}) as jeton:
        bare = start_bare(program, jeton.answer("refresh"), *REDIS)
        try:
            found = rounds(jeton, bare)
        finally:
            bare[0].kill()
    print("| | CPU µs, median | each round |\n|---|---|---|")
    for what, costs in found.items():
        print(f"| {what} | **{statistics.median(costs):.0f}** | {' '.join(f'{cost:.0f}' for cost in costs)} |")
    times = [code / bare for code, bare in zip(found["a code exchanged for three tokens"], found[BARE])]
    print(f"\nAn exchange takes {statistics.median(times):.2f} times what bare hyper does ({' '.join(f'{x:.2f}' for x in times)}).")


if __name__ == "__main__":
    main()
