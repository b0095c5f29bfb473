"""An engine's own clock: how long token requests took inside, of each grant, as its metrics say."""

import re
import urllib.request
from dataclasses import dataclass

SERIES = re.compile(r'^jeton_token_request_seconds_(sum|bucket)\{(.*)\} (\S+)$', re.M)


@dataclass
class Clock:
    """A histogram: seconds in all, and how many took at most so many seconds."""

    total: float
    within: dict[float, int]

    def since(self, earlier: "Clock") -> "Clock":
        return Clock(self.total - earlier.total, {le: n - earlier.within[le] for le, n in self.within.items()})

    def and_also(self, other: "Clock") -> "Clock":
        return Clock(self.total + other.total, {le: n + other.within[le] for le, n in self.within.items()})

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


def clocks(operations: str, timeout: float = 30) -> dict[str, Clock]:
    """The clock of every grant of the engine whose operations listener has this address."""
    with urllib.request.urlopen(operations + "/metrics", timeout=timeout) as answer:
        text = answer.read().decode()
    found: dict[str, Clock] = {}
    for what, labels, value in SERIES.findall(text):
        told = dict(re.findall(r'(\w+)="([^"]*)"', labels))
        clock = found.setdefault(told["grant"], Clock(0.0, {}))
        if what == "sum":
            clock.total = float(value)
        else:
            clock.within[float(told["le"])] = int(value)
    return found
