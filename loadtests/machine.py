"""Where a run took place, as JSON: machine.py STORE PASSWORDS PROGRAM. USERS and ORGANIZATIONS come from the environment."""

import json
import os
import platform
import subprocess
import sys
from pathlib import Path


def line(*command: str) -> str:
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def processor() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), "unknown")


def commit() -> str:
    """What was built; of a program that was given nobody knows what it is a build of."""
    checkout = line("git", "rev-parse", "--short", "HEAD")
    return f"of the checkout {checkout}; the program was given (JETON_BIN)" if os.environ.get("JETON_BIN") else checkout


def main() -> None:
    store, passwords, program = sys.argv[1:]
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    facts = {
        "date": line("date", "-u", "+%Y-%m-%d %H:%M"),
        "processor": processor(),
        "cores": os.cpu_count(),
        "memory_gib": round(memory / 2**30, 1),
        "kernel": platform.release(),
        "commit": commit(),
        "program": f"{line(program, '--version')} ({Path(program).parent.name})",
        "store": store,
        "redis": " ".join(line("redis-server", "--version").split()[:3]),
        "passwords": passwords,
        "people": f"{os.environ['USERS']} users, {os.environ['ORGANIZATIONS']} organizations",
    }
    print(json.dumps(facts))


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    main()
