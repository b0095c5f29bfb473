"""Time from start to ready, and memory at rest: startup.py [PROGRAM [ROUNDS]] prints two medians, in ms and in MiB.

PROGRAM is target/release/jeton, ROUNDS 5. Each round starts `serve` with an embedded store in an empty directory and asks
/health/ready until it says yes.
"""

import http.client
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import arguments


def free_ports(count: int) -> list[str]:
    return subprocess.check_output([arguments.ROOT / "tests/free-ports", str(count)], text=True).split()


def is_ready(port: str) -> bool:
    try:
        server = http.client.HTTPConnection("127.0.0.1", port, timeout=1)
        server.request("GET", "/health/ready")
        return server.getresponse().status == 200
    except OSError:
        return False


def resident_mib(pid: int) -> float:
    with open(f"/proc/{pid}/status") as status:
        line = next(line for line in status if line.startswith("VmRSS:"))
    return int(line.split()[1]) / 1024


def one_round(program: Path) -> tuple[float, float]:
    public, operations = free_ports(2)
    with tempfile.TemporaryDirectory() as directory:
        settings = {
            "JETON__PUBLIC__ADDRESS": f"127.0.0.1:{public}",
            "JETON__OPERATIONS__ADDRESS": f"127.0.0.1:{operations}",
            "JETON__EMBEDDED__PATH": f"{directory}/data",
        }
        began = time.monotonic()
        server = subprocess.Popen(
            [program, "serve"],
            cwd=directory,
            env={**os.environ, **settings},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            while not is_ready(operations):
                if server.poll() is not None or time.monotonic() - began > 30:
                    sys.exit("startup.py: the server did not become ready")
                time.sleep(0.001)
            ready_ms = (time.monotonic() - began) * 1000
            time.sleep(3)
            return ready_ms, resident_mib(server.pid)
        finally:
            server.terminate()
            server.wait()


def main() -> None:
    program = arguments.program(__doc__, most=2)
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 5
    times, sizes = zip(*(one_round(program) for _ in range(rounds)))
    print(f"{statistics.median(times):.0f} {statistics.median(sizes):.1f}")


if __name__ == "__main__":
    main()
