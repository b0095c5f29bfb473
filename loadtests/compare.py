"""The tables of compare.sh: compare.py WORK reads what its rounds found.

WORK/rounds has one round a line, `TITLE|A|B`, A and B as `measure` prints them (loadtests/measuring.sh); WORK/criterion has
the baselines `a-1`, `b-1`, `a-2` … of every bench that was asked for. Each ratio is B over A within a round.
"""

import json
import sys
from collections import defaultdict
from pathlib import Path
from statistics import median


def ratios(a: list[float], b: list[float]) -> str:
    """The median, then every round."""
    each = [late / early if early else 0 for early, late in zip(a, b, strict=True)]
    return f"**{median(each):.3f}** ({' '.join(f'{one:.2f}' for one in each)})"


def requests(path: Path) -> None:
    rounds: dict[str, list[list[list[float]]]] = defaultdict(list)
    for line in path.read_text().splitlines():
        title, *sides = line.split("|")
        rounds[title].append([[float(number) for number in side.split()] for side in sides])
    if not rounds:
        return
    print("\n| scenario | B / A, requests/s (each round) | B / A, CPU per request | | requests/s | CPU µs | p50 / p99 ms | load core busy |")
    print("|---|---|---|---|---|---|---|---|")
    for title, found in rounds.items():
        # side → what → the rounds
        a, b = ([list(column) for column in zip(*(one[side] for one in found), strict=True)] for side in (0, 1))
        for name, side in (("A", a), ("B", b)):
            rate, cpu, p50, p99, busy = map(median, side)
            head = f"{title} | {ratios(a[0], b[0])} | {ratios(a[1], b[1])}" if name == "A" else " | | "
            print(f"| {head} | {name} | {rate:.0f} | {cpu:.1f} | {p50:.2f} / {p99:.2f} | {busy:.0f} % |")


def benches(folder: Path) -> None:
    found: dict[str, dict[str, list[tuple[int, float]]]] = defaultdict(lambda: {"a": [], "b": []})
    for described in folder.glob("**/[ab]-*/benchmark.json"):
        side, nth = described.parent.name.split("-")
        told = json.loads((described.parent / "estimates.json").read_text())
        found[json.loads(described.read_text())["full_id"]][side].append((int(nth), told["median"]["point_estimate"]))
    if not found:
        return
    print("\n| bench | A, ns | B, ns | B / A (each round) |\n|---|---|---|---|")
    for name, sides in sorted(found.items()):
        a, b = ([time for _, time in sorted(sides[side])] for side in ("a", "b"))
        if len(a) == len(b):
            print(f"| {name} | {median(a):.0f} | {median(b):.0f} | {ratios(a, b)} |")
        else:
            print(f"| {name} | only in {'A' if a else 'B'} | | |")


if __name__ == "__main__":
    requests(Path(sys.argv[1]) / "rounds")
    benches(Path(sys.argv[1]) / "criterion")
