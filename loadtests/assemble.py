"""One result of a whole run: assemble.py FOLDER OUT.json [LACKS], and a Markdown table of it on standard output.

FOLDER holds `NN-SCENARIO.json` (what k6 wrote), `NN-SCENARIO.samples.json` (what observe.py saw) and `machine.json`.
LACKS says why the run is not whole. Costs are taken between the begin of measuring and the end: what preparation used is not in them.
"""

import json
import statistics
import sys
from pathlib import Path

from clock import Clock


def between(at: list[float], values: list, moment: float) -> float | None:
    """The value at `moment`, on the straight line between the samples around it."""
    known = [(time, value) for time, value in zip(at, values, strict=True) if value is not None]
    if not known:
        return None
    before = [pair for pair in known if pair[0] <= moment]
    after = [pair for pair in known if pair[0] > moment]
    if not before or not after:
        return (before[-1] if before else after[0])[1]
    (t0, v0), (t1, v1) = before[-1], after[0]
    return v0 + (v1 - v0) * (moment - t0) / (t1 - t0)


def grown(samples: dict, prefix: str, what: str, span: tuple[float, float]) -> float | None:
    """By how much a counter of all processes of that name grew; a process that died ends where it was last seen."""
    total = None
    for name, stats in samples["processes"].items():
        if name.startswith(prefix) and what in stats:
            ends = [between(samples["at"], stats[what], moment) for moment in span]
            if None not in ends:
                total = (total or 0) + ends[1] - ends[0]
    return total


def highest(samples: dict, prefix: str, what: str) -> float | None:
    """The highest value of any process of that name."""
    values = [
        value
        for name, stats in samples["processes"].items()
        if name.startswith(prefix)
        for value in stats.get(what, [])
        if value is not None
    ]
    return max(values, default=None)


def inside(scenario: dict, samples: dict) -> dict[str, dict]:
    """What the engines' own clocks say together, of each grant that was asked for; to the second, as they were sampled."""
    began, ended = scenario["began"] / 1000, scenario["ended"] / 1000
    found: dict[str, Clock] = {}
    for stats in samples["processes"].values():
        known = [pair for pair in zip(samples["at"], stats.get("clocks", [])) if pair[1] is not None]
        if not known:
            continue
        first = [clocks for at, clocks in known if at <= began][-1:] or [known[0][1]]
        last = [clocks for at, clocks in known if at >= ended][:1] or [known[-1][1]]
        for grant, told in last[0].items():
            took = clock(told)
            took = took.since(clock(first[0][grant])) if grant in first[0] else took
            found[grant] = took.and_also(found[grant]) if grant in found else took
    quantiles = {"med": 0.5, "p(99)": 0.99}
    return {
        grant: {"count": clock.count(), **{name: clock.quantile(share) * 1e3 for name, share in quantiles.items()}}
        for grant, clock in found.items()
        if clock.count()
    }


def clock(told: dict) -> Clock:
    return Clock(told["total"], {float(le): n for le, n in told["within"].items()})


def cost(scenario: dict, samples: dict) -> dict:
    span = (scenario["began"] / 1000, scenario["ended"] / 1000)
    requests = scenario["other"].get("asked", {}).get("count", 0)
    found = {
        "requests": requests,
        "requests_per_second": requests / (span[1] - span[0]),
        "engine_cores_busy": rate(grown(samples, "engine", "cpu_s", span), span[1] - span[0]),
        "engine_us_per_request": rate(grown(samples, "engine", "cpu_s", span), requests / 1e6),
        "redis_us_per_request": rate(grown(samples, "redis", "cpu_s", span), requests / 1e6),
        "redis_commands_per_request": rate(grown(samples, "redis", "commands", span), requests),
        "k6_us_per_request": rate(grown(samples, "k6", "cpu_s", span), requests / 1e6),
        "engine_resident_mib": highest(samples, "engine", "resident_mib"),
        "redis_used_mib_highest_node": highest(samples, "redis", "used_mib"),
        "redis_used_mib_growth": grown(samples, "redis", "used_mib", span),
    }
    return {name: value for name, value in found.items() if value is not None}


def rate(amount: float | None, per: float) -> float | None:
    return None if amount is None or per <= 0 else amount / per


def shown(scenario: dict, samples: dict) -> dict:
    """The samples from the begin of measuring on, processor seconds as a share of one core."""
    began = scenario["began"] / 1000
    processes = {}
    for name, stats in samples["processes"].items():
        processes[name] = {what: values for what, values in stats.items() if what in ("resident_mib", "used_mib")}
        processes[name]["cpu_percent"] = percent(samples["at"], stats["cpu_s"])
    return {"at": [round(at - began, 2) for at in samples["at"]], "processes": processes}


def percent(at: list[float], seconds: list) -> list:
    found: list = [None]
    for nth in range(1, len(at)):
        known = seconds[nth] is not None and seconds[nth - 1] is not None
        found.append(100 * (seconds[nth] - seconds[nth - 1]) / (at[nth] - at[nth - 1]) if known else None)
    return found


def read(path: Path) -> dict:
    scenario = json.loads(path.read_text())
    more = path.with_name(path.name.replace(".json", ".more"))
    if more.exists():
        scenario |= json.loads(more.read_text())
    sampled = path.with_name(path.name.replace(".json", ".samples.json"))
    if sampled.exists():
        samples = json.loads(sampled.read_text())
        scenario["cost"] = cost(scenario, samples)
        scenario["inside_ms"] = inside(scenario, samples)
        scenario["samples"] = shown(scenario, samples)
    return scenario


def busiest(scenario: dict) -> tuple[str, dict]:
    """The kind that was answered most often, and its latencies; none if nothing was answered well."""
    latencies = [(name, kind["latency"]) for name, kind in scenario["kinds"].items() if kind.get("latency", {}).get("count")]
    return max(latencies, key=lambda each: each[1]["count"], default=("", {}))


def grant_of(kind: str, clocks: dict[str, dict]) -> str:
    """The grant of that kind of request; if none is named like it, the one that the engines were asked for most."""
    alike = (grant for grant in clocks if kind and grant.startswith(kind))
    return next(alike, None) or max(clocks, key=lambda grant: clocks[grant]["count"], default="")


def percentiles(name: str, several: list[dict]) -> str:
    """p50 and p99, medians of several rounds, and of what they are."""
    return " / ".join(number(middle([each.get(stat) for each in several]), 2) for stat in ("med", "p(99)")) + (f" {name}" if name else "")


def name(scenario: dict) -> str:
    return scenario["scenario"] + (f", {scenario['step']}" if scenario.get("step") else "")


def rounds(scenarios: list[dict]) -> dict[tuple, list[dict]]:
    """The same measurement of several rounds together, in the order of the first."""
    found: dict[tuple, list[dict]] = {}
    for each in scenarios:
        found.setdefault((each["target"], name(each), each.get("engines", 1)), []).append(each)
    return found


def median(several: list[dict], what: str) -> float | None:
    return middle([each.get("cost", {}).get(what) for each in several])


def middle(values: list[float | None]) -> float | None:
    """The median of those that are known."""
    known = [value for value in values if value is not None]
    return statistics.median(known) if known else None


def row(key: tuple, several: list[dict]) -> list[str]:
    target, title, engines = key
    kind, latencies = busiest(several[0])[0], [busiest(each)[1] for each in several]
    clocks = [each.get("inside_ms", {}) for each in several]
    grant = grant_of(kind, clocks[0])
    bounds = [threshold["ok"] for each in several for threshold in each["thresholds"]]
    return [
        target,
        title + (f" (median of {len(several)})" if len(several) > 1 else ""),
        str(engines),
        number(median(several, "requests_per_second"), 0),
        percentiles(kind, latencies),
        percentiles(grant, [clock.get(grant, {}) for clock in clocks]),
        number(median(several, "engine_us_per_request"), 1),
        number(median(several, "redis_us_per_request"), 1),
        number(median(several, "engine_resident_mib"), 0),
        f"{sum(bounds)} of {len(bounds)}" + ("" if all(bounds) else " **failed**"),
    ]


HEAD = ["server", "scenario", "engines", "requests/s", "p50 / p99 ms", "inside, p50 / p99 ms"]
HEAD += ["engine µs/request", "Redis µs/request", "engine MiB", "thresholds"]


def comparison(measured: dict[tuple, list[dict]]) -> list[list[str]]:
    """How often the first server's CPU per request, and its memory, another one takes; by pairs within a round."""
    first, *others = dict.fromkeys(target for target, _, _ in measured)
    rows = []
    for target in others:
        for (own, title, engines), several in measured.items():
            rivals = measured.get((target, title, engines))
            if own == first and rivals:
                ratios = [ratio(rivals, several, what) for what in ("engine_us_per_request", "engine_resident_mib")]
                rows.append([title, target, *ratios])
    return [["scenario", "server", f"CPU per request, times {first}", "memory"], *rows] if rows else []


def ratio(rivals: list[dict], several: list[dict], what: str) -> str:
    pairs = [(theirs.get("cost", {}).get(what), ours.get("cost", {}).get(what)) for theirs, ours in zip(rivals, several)]
    found = [theirs / ours for theirs, ours in pairs if theirs and ours]
    if not found:
        return "–"
    return f"{statistics.median(found):.1f}" + (f" ({' '.join(f'{one:.1f}' for one in found)})" if len(found) > 1 else "")


def table(rows: list[list[str]]) -> str:
    lines = ["| " + " | ".join(cells) + " |" for cells in rows]
    return "\n".join([lines[0], "|" + "---|" * len(rows[0]), *lines[1:]])


def number(value: float | None, digits: int) -> str:
    return "–" if value is None else f"{value:.{digits}f}"


def main() -> None:
    folder, out = Path(sys.argv[1]), Path(sys.argv[2])
    machine = json.loads((folder / "machine.json").read_text())
    machine |= {"not_whole": lacks for lacks in sys.argv[3:]}
    names = sorted(path for path in folder.glob("[0-9]*.json") if not path.name.endswith(".samples.json"))
    scenarios = [read(path) for path in names]
    if not scenarios:
        sys.exit("assemble.py: no scenario left a result")
    measured = rounds(scenarios)
    rows = [HEAD, *(row(*each) for each in measured.items())]
    compared = comparison(measured)
    run = {"title": f"Load test of {machine['date']}", "machine": machine, "table": rows, "comparison": compared}
    run["scenarios"] = scenarios
    out.write_text(json.dumps(run, indent=1) + "\n")
    print("\n\n".join(table(each) for each in (rows, compared) if each))


if __name__ == "__main__":
    if len(sys.argv) not in (3, 4):
        sys.exit(__doc__)
    main()
