"""The shipped packs as the tests read them, and the metrics that agents and gateway are known to show."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, fields, is_dataclass
from pathlib import Path
from typing import Any, Final

import yaml

from exporter.collectors import systemd
from promql.language.ast import Expr, MatrixSelector, Node, VectorSelector
from tests.house.tree import ROOT

PACKS: Final = ROOT / "alertrules" / "packs"
TESTS: Final = Path(__file__).parent
RUNBOOKS: Final = ROOT / "docs" / "runbooks"
GOLDEN: Final = ROOT / "tests" / "exporter" / "trees"
FILES: Final = sorted(path.stem for path in PACKS.glob("*.yml"))

# What the gateway shows once it notifies.
COMING: Final = frozenset(
    {
        "fleetgauge_notifications_failed_total",
        "fleetgauge_notifications_waiting",
        "fleetgauge_notification_failures_total",
        "fleetgauge_alerts_refused_total",
        "fleetgauge_alertmanager_up",
        "fleetgauge_alertmanager_dropped_alerts_total",
        "fleetgauge_alertmanager_refused_alerts_total",
    }
)

# Labels that series get on their way: from the agent, from a scrape.
GIVEN: Final = frozenset({"instance", "job"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A rule of a pack, as it stands in the file."""

    pack: str
    group: str
    fields: dict[str, Any]

    @property
    def name(self) -> str:
        return str(self.fields.get("alert") or self.fields["record"])


def rules() -> list[Rule]:
    return [
        Rule(pack=pack, group=group["name"], fields=fields)
        for pack in FILES
        for group in yaml.safe_load((PACKS / f"{pack}.yml").read_text())["groups"]
        for fields in group["rules"]
    ]


def alerts() -> list[Rule]:
    return [rule for rule in rules() if "alert" in rule.fields]


def cases(pack: str) -> Iterator[dict[str, Any]]:
    """What the tests of a pack say of alerts at times."""
    for test in yaml.safe_load((TESTS / f"{pack}_test.yml").read_text())["tests"]:
        yield from test["alert_rule_test"]


def selectors(node: Expr | Node | None) -> Iterator[VectorSelector]:
    """All selectors of a query."""
    if isinstance(node, VectorSelector):
        yield node
    elif isinstance(node, MatrixSelector):
        yield node.selector
    elif node is not None:
        for field in ("expr", "left", "right", "param"):
            yield from selectors(getattr(node, field, None))
        for each in getattr(node, "args", ()):
            yield from selectors(each)


def nodes(node: object) -> Iterator[object]:
    """A query and all that is in it."""
    yield node
    for each in node if isinstance(node, tuple) else ():
        yield from nodes(each)
    if is_dataclass(node):
        for field in fields(node):
            yield from nodes(getattr(node, field.name))


def known_metrics() -> dict[str, set[str] | None]:
    """Metrics with their labels; None where the labels are not written down."""
    found: dict[str, set[str] | None] = {}
    for page in (*GOLDEN.glob("golden/*.txt"), *GOLDEN.glob("containers/golden/*.txt")):
        for name, labels in re.findall(r"^(\w+)(?:{(.*)})? ", page.read_text(), re.MULTILINE):
            found[name] = (found.get(name) or set()) | set(re.findall(r'(\w+)="', labels))
    for name in ("metrics", "agent-metrics"):
        text = (ROOT / "docs" / f"{name}.md").read_text()
        for metric, kind, labels in re.findall(r"^\| `(\w+)` \| (\w+) \| (.*?) \|", text, re.MULTILINE):
            of_it = set(re.findall(r"`(\w+)`", labels))
            for ending in ("_bucket", "_sum", "_count") if kind == "histogram" else ("",):
                found[metric + ending] = of_it | ({"le"} if ending == "_bucket" else set())
    for name, prefix, parts in (
        ("processes", "namedprocess_namegroup_", r"`(\w+)`"),
        ("containers", "container_", r"`(\w+)`"),
        ("custom-collectors", "", r"`(node_scrape\w+)`"),
        ("agents", "", r"`(fleetgauge_agent\w+)`"),
    ):
        text = (ROOT / "docs" / f"{name}.md").read_text()
        for word in re.findall(parts, text):
            found.setdefault(prefix + word, None)
    unit = {"Id": "a.service", "ActiveState": "failed", "Type": "simple"}
    for family in systemd.to_metrics(systemd.Snapshot(manager={}, states={}, units=(unit,))):
        found[family.name] = {name for point in family.points for name, _ in point.labels}
    return found | dict.fromkeys(("up", "node_textfile_scrape_error", *COMING))
