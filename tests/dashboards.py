"""Whether config/grafana and config/prometheus speak of what Jeton shows: dashboards.py METRICS, the text of /metrics.

Every metric of every query must be there under a name that its kind has (`_total`, `_bucket`), and every label and value
must be one of src/telemetry/labels. A misspelt alert never fires, and nothing else would tell.
"""

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parent.parent
SUFFIXES = {"counter": ["_total"], "gauge": [""], "histogram": ["_bucket", "_sum", "_count"]}
# What Prometheus itself adds.
FOREIGN_METRICS = {"up"}
FOREIGN_LABELS = {"instance", "job", "le", "version"}
SELECTOR = re.compile(r"([a-z_]+)\s*(=~|!~|!=|=)\s*\"([^\"]*)\"")
NAME = re.compile(r"\b(?:jeton|process)_[a-z0-9_]+|\bup\b(?=\{)")


def shown(metrics: str) -> set[str]:
    """Every name under which /metrics shows a series."""
    kinds = re.findall(r"^# TYPE (\S+) (\S+)$", metrics, re.MULTILINE)
    return {name + suffix for name, kind in kinds for suffix in SUFFIXES[kind]}


def labels() -> dict[str, set[str]]:
    """Every label of ours with its closed set of values."""
    found: dict[str, set[str]] = {}
    for path in (ROOT / "src/telemetry/labels").glob("*.rs"):
        for key, block in re.findall(r"\w+\(\"(\w+)\"\) \{(.*?)\n    \}", path.read_text(), re.DOTALL):
            found.setdefault(key, set()).update(re.findall(r"\w+ = \"([^\"]+)\"", block))
    return found


def queries(value: object, path: str) -> Iterator[tuple[str, str]]:
    """Every query of a document with where it stands."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if key in ("expr", "definition") and isinstance(inner, str):
                yield path, inner
            else:
                yield from queries(inner, f"{path}.{inner.get('title', key) if isinstance(inner, dict) else key}")
    elif isinstance(value, list):
        for nth, inner in enumerate(value):
            name = inner.get("title") or inner.get("alert") or inner.get("name") if isinstance(inner, dict) else None
            yield from queries(inner, f"{path}[{name or nth}]")


def faults(query: str, names: set[str], closed: dict[str, set[str]]) -> Iterator[str]:
    for opening, closing in ("()", "{}", "[]"):
        if query.count(opening) != query.count(closing):
            yield f"{opening} and {closing} do not match"
    used = NAME.findall(query)
    if not used:
        yield "asks for no metric"
    for name in used:
        if name not in names | FOREIGN_METRICS:
            yield f"{name} is not shown by /metrics"
    for label, operator, value in SELECTOR.findall(query):
        if label not in closed and label not in FOREIGN_LABELS:
            yield f"{label} is no label"
        values = value.split("|") if "~" in operator else [value]
        for each in values if label in closed else []:
            if each not in closed[label] and not each.startswith("$"):
                yield f'{label} is never "{each}"'
    for grouped in re.findall(r"\bby \(([^)]*)\)", query):
        for label in map(str.strip, grouped.split(",")):
            if label not in closed and label not in FOREIGN_LABELS:
                yield f"{label} is no label"


def documents() -> dict[str, object]:
    found: dict[str, object] = {}
    for path in sorted((ROOT / "config/grafana").glob("*.json")):
        found[path.name] = json.loads(path.read_text())
    for path in sorted((ROOT / "config/prometheus").glob("*.yml")):
        found[path.name] = yaml.safe_load(path.read_text())
    return found


def unexplained(alerts: dict) -> Iterator[str]:
    for group in alerts["groups"]:
        for rule in group["rules"]:
            texts = rule.get("annotations", {})
            if not {"summary", "description"} <= texts.keys() or "severity" not in rule.get("labels", {}):
                yield f"{rule['alert']} lacks a summary, a description or a severity"


def main() -> None:
    names, closed, checked = shown(Path(sys.argv[1]).read_text()), labels(), 0
    if len(names) < 20 or len(closed) < 8:
        sys.exit(f"read only {len(names)} names and {len(closed)} labels")
    wrong = list(unexplained(documents()["alerts.yml"]))
    for name, document in documents().items():
        for path, query in queries(document, name):
            checked += 1
            wrong += [f"{path}: {fault}: {query}" for fault in faults(query, names, closed)]
    used = {name for _, query in queries(documents(), "") for name in NAME.findall(query)}
    ours = {re.sub("_(total|bucket|sum|count)$", "", name) for name in names if name.startswith("jeton_")}
    unused = ours - {re.sub("_(total|bucket|sum|count)$", "", name) for name in used}
    wrong += [f"{name} is shown nowhere" for name in sorted(unused)]
    for line in wrong:
        print(line)
    print(f"{checked} queries, {len(wrong)} faults")
    sys.exit(bool(wrong) or checked < 40)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main()
