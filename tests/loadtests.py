"""What k6 scenarios promise, held to what they would let pass: loadtests.py FOLDER, with what `k6 inspect` said of NAME in NAME.json.

To k6 a bound on nothing holds, so that each must come with a count; and what it could not send is in no measurement.
"""

import json
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# Where running out of virtual users is the point, answers are counted.
MAY_DROP = {"capacity": {"climb"}, "overload": {"load"}}
COUNTED_BY = {"latency": "answered", "wrong": "asked"}


def faults(name: str, options: dict) -> list[str]:
    bounds = options["thresholds"]
    return [f"{name}: {fault}" for fault in (*uncounted(bounds), *unjudged(bounds), *unsent(name, options["scenarios"], bounds))]


def uncounted(bounds: dict) -> list[str]:
    found = []
    for metric, limits in bounds.items():
        what, brace, tags = metric.partition("{")
        if limits and brace and what in COUNTED_BY and not bounds.get(f"{COUNTED_BY[what]}{{{tags}"):
            found.append(f"{metric} holds where there was none; nothing bounds {COUNTED_BY[what]}{{{tags}")
    return found


def unjudged(bounds: dict) -> list[str]:
    """Kinds of requests of which any number may be wrong."""
    return [f"nothing bounds {metric}" for metric, limits in bounds.items() if re.match(r"wrong\{kind:\w+\}$", metric) and not limits]


def unsent(name: str, scenarios: dict, bounds: dict) -> list[str]:
    open_ones = {each for each, told in scenarios.items() if told["executor"].endswith("arrival-rate")}
    wanted = {each: f"dropped_iterations{{scenario:{each}}}" for each in open_ones - MAY_DROP.get(name, set())}
    return [f"nothing bounds {metric}" for metric in wanted.values() if not bounds.get(metric)]


def undocumented() -> list[str]:
    """Variables that scripts of k6 read and loadtests/README.md does not name; `client` reads two of one prefix."""
    readme = (ROOT / "loadtests/README.md").read_text()
    scripts = [*(ROOT / "loadtests/k6").glob("*.js"), *(ROOT / "loadtests/k6/world").glob("*.js")]
    found = set()
    for script in scripts:
        text = script.read_text()
        found |= set(re.findall(r"\b(?:text|number|or|seconds|choice)\('([A-Z0-9_]+)'|__ENV\.([A-Z0-9_]+)", text))
        found |= {(f"{prefix}_{end}", "") for prefix in re.findall(r"\bclient\('([A-Z]+)'", text) for end in ("ID", "SECRET")}
    names = sorted({one or other for one, other in found})
    return [f"loadtests/README.md does not name {name}" for name in names if f"`{name}" not in readme]


def unknown_people() -> list[str]:
    """seed.py and limits.py log in whom tenant.py made."""
    sys.path.insert(0, str(ROOT / "loadtests"))
    import seed
    import tenant

    made, asked = tenant.person(7, "")["email"], seed.person(7)
    return [] if made == asked else [f"loadtests/tenant.py makes {made}, loadtests/seed.py logs {asked} in"]


def main() -> None:
    told = sorted(Path(sys.argv[1]).glob("*.json"))
    found = [fault for path in told for fault in faults(path.stem, json.loads(path.read_text()))]
    found += undocumented() + unknown_people()
    if not told:
        found.append("no scenario was looked at")
    sys.exit("\n".join(found) or None)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main()
