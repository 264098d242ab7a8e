"""Both formats: what is written is what the parsers read, for any labels, values and help."""

import math
from collections.abc import Iterable
from dataclasses import replace
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import Metric
from prometheus_client.openmetrics import parser as openmetrics_parser
from prometheus_client.parser import text_string_to_metric_families

from exporter.exposition import openmetrics, text
from exporter.families import Family, Kind, Pairs, Point

EXAMPLES: Final = (
    Family(
        name="node_network_receive_bytes_total",
        kind="counter",
        help="Bytes.",
        points=[Point(1e15 + 2, (("device", "eth0"),)), Point(0.5, (("device", 'a"b\\c\nd'),))],
    ),
    Family(name="namedprocess_scrape_errors", kind="counter", help="Errors.", points=[Point(3.0)]),
    Family(name="node_netstat_Ip_Forwarding", kind="untyped", help="Statistic.", points=[Point(1.0)]),
    Family(
        name="node_load1",
        kind="gauge",
        help='A\\B\nC "D"',
        points=[Point(math.nan), Point(-math.inf, (("a", " ="),))],
    ),
    Family(name="agent_build_info", kind="info", help="Build.", points=[Point(1.0, (("version", "1"),))]),
    Family(name="agent_other_info", kind="info", help="No information.", points=[Point(2.0)]),
    Family(
        name="agent_seconds",
        kind="histogram",
        help="How long.",
        points=[
            Point(1.0, (("le", "0.5"),), "_bucket"),
            Point(2.0, (("le", "+Inf"),), "_bucket"),
            Point(2.0, (), "_count"),
            Point(7.5, (), "_sum"),
        ],
    ),
    Family(
        name="agent_wait_seconds",
        kind="summary",
        help="How long.",
        points=[Point(0.25, (("quantile", "0.5"),)), Point(2.0, (), "_count"), Point(0.5, (), "_sum")],
    ),
    Family(name="agent_nothing", kind="gauge", help="Nothing.", points=[]),
)

TEXT: Final = r"""# HELP node_network_receive_bytes_total Bytes.
# TYPE node_network_receive_bytes_total counter
node_network_receive_bytes_total{device="eth0"} 1000000000000002.0
node_network_receive_bytes_total{device="a\"b\\c\nd"} 0.5
# HELP namedprocess_scrape_errors Errors.
# TYPE namedprocess_scrape_errors counter
namedprocess_scrape_errors 3
# HELP node_netstat_Ip_Forwarding Statistic.
# TYPE node_netstat_Ip_Forwarding untyped
node_netstat_Ip_Forwarding 1
# HELP node_load1 A\\B\nC "D"
# TYPE node_load1 gauge
node_load1 NaN
node_load1{a=" ="} -Inf
# HELP agent_build_info Build.
# TYPE agent_build_info gauge
agent_build_info{version="1"} 1
# HELP agent_other_info No information.
# TYPE agent_other_info gauge
agent_other_info 2
# HELP agent_seconds How long.
# TYPE agent_seconds histogram
agent_seconds_bucket{le="0.5"} 1
agent_seconds_bucket{le="+Inf"} 2
agent_seconds_count 2
agent_seconds_sum 7.5
# HELP agent_wait_seconds How long.
# TYPE agent_wait_seconds summary
agent_wait_seconds{quantile="0.5"} 0.25
agent_wait_seconds_count 2
agent_wait_seconds_sum 0.5
"""

Read = dict[tuple[str, frozenset[tuple[str, str]]], float]


def as_text(families: list[Family]) -> tuple[Read, dict[str, tuple[str, str]]]:
    found = list(text_string_to_metric_families(text.page(families).decode()))
    return samples(found), {each.name: (each.type, each.documentation) for each in found}


def as_openmetrics(families: list[Family]) -> tuple[Read, dict[str, tuple[str, str]]]:
    found = list(
        openmetrics_parser.text_string_to_metric_families(openmetrics.page(families).decode())  # type: ignore[no-untyped-call]
    )
    return samples(found), {each.name: (each.type, each.documentation) for each in found}


def samples(found: Iterable[Metric]) -> Read:
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for metric in found
        for sample in metric.samples
    }


def expected(families: list[Family]) -> Read:
    return {
        (family.name + point.suffix, frozenset(point.labels)): point.value
        for family in families
        for point in family.points
    }


def equal(left: Read, right: Read) -> bool:
    return left.keys() == right.keys() and all(
        left[key] == right[key] or (math.isnan(left[key]) and math.isnan(right[key])) for key in left
    )


def test_the_text_is_as_the_originals_write_it() -> None:
    assert text.page(EXAMPLES).decode() == TEXT


def test_openmetrics_says_what_it_can_of_the_same_samples() -> None:
    read, about = as_openmetrics(list(EXAMPLES))
    assert equal(read, expected(list(EXAMPLES)))
    assert about == {
        "node_network_receive_bytes": ("counter", "Bytes."),
        "namedprocess_scrape_errors": ("unknown", "Errors."),
        "node_netstat_Ip_Forwarding": ("unknown", "Statistic."),
        "node_load1": ("gauge", 'A\\B\nC "D"'),
        "agent_build": ("info", "Build."),
        "agent_other_info": ("unknown", "No information."),
        "agent_seconds": ("histogram", "How long."),
        "agent_wait_seconds": ("summary", "How long."),
    }
    assert openmetrics.page(EXAMPLES).endswith(b"\n# EOF\n")


def family(name: str, kind: Kind, value: float = 1.0) -> Family:
    return Family(name=name, kind=kind, help="", points=[Point(value)])


@pytest.mark.parametrize(
    ("families", "kinds"),
    [
        ([family("a", "gauge"), family("a_total", "counter")], {"a": "gauge", "a_total": "unknown"}),
        ([family("a_total", "counter"), family("a", "gauge")], {"a": "gauge", "a_total": "unknown"}),
        ([family("a_total", "counter"), family("a_info", "info")], {"a": "counter", "a_info": "unknown"}),
        (
            [family("a_created", "gauge"), family("a_total", "counter")],
            {"a_created": "gauge", "a_total": "unknown"},
        ),
        ([family("a_total", "counter", -1.0)], {"a_total": "unknown"}),
        ([family("a_total", "counter", math.nan)], {"a_total": "unknown"}),
        ([family("_total", "counter")], {"_total": "unknown"}),
        ([], {}),
    ],
)
def test_names_never_clash_in_openmetrics(families: list[Family], kinds: dict[str, str]) -> None:
    read, about = as_openmetrics(families)
    assert {name: kind for name, (kind, _) in about.items()} == kinds
    assert equal(read, expected(families))


NAMES: Final = st.from_regex(r"[a-z][a-z0-9_]{0,8}(_total|_info)?", fullmatch=True)
LABELS: Final = st.dictionaries(
    st.from_regex(r"[a-z][a-z0-9]{0,5}", fullmatch=True), st.text(max_size=8), max_size=3
).map(lambda pairs: tuple(pairs.items()))
COUNTER: Final[Kind] = "counter"
KINDS: Final = st.sampled_from([COUNTER, "gauge", "untyped", "info"])


@st.composite
def families(draw: st.DrawFn) -> list[Family]:
    names = draw(st.lists(NAMES, unique=True, max_size=5))
    made = []
    for name in names:
        labels: list[Pairs] = draw(st.lists(LABELS, max_size=4, unique_by=lambda pairs: tuple(sorted(pairs))))
        points = [Point(draw(st.floats()), each) for each in labels]
        about = draw(st.text(max_size=8))
        made.append(Family(name=name, kind=draw(KINDS), help=about, points=points))
    return made


@given(families())
def test_the_parsers_read_what_was_written(made: list[Family]) -> None:
    shown = [each for each in made if each.points]
    totals = [replace(each, name=f"{each.name.removesuffix('_total')}_total") for each in shown]
    # This parser has every counter end with _total, whatever the page says.
    pairs = zip(shown, totals, strict=True)
    renamed = [total if each.kind == "counter" else each for each, total in pairs]
    assert equal(as_text(made)[0], expected(renamed))
    read, about = as_openmetrics(made)
    assert equal(read, expected(shown))
    # Spaces before the help belong to what separates it.
    said = sorted(about_it.lstrip(" ") for _, about_it in about.values())
    assert said == sorted(each.help.lstrip(" ") for each in shown)


def test_a_name_that_is_no_unicode_does_not_break_the_page() -> None:
    odd = Family(name="a", kind="gauge", help="", points=[Point(1.0, (("comm", "x\udcff"),))])
    assert b'a{comm="x?"} 1\n' in text.page([odd])
    assert b'a{comm="x?"} 1\n' in openmetrics.page([odd])
