"""Reading queries: from text to a checked tree."""

from collections.abc import Iterator
from typing import Final

from benchmarks.harness import Benchmark, Throughput
from promql.language.parser import parse
from promql.language.printer import format_query, str_of

_TEXTS: Final = {
    "2 characters": "up",
    "200 characters": """
        sum by (instance, job) (rate(http_requests_total{job="api-server", status=~"5..", code!="429"}[5m]))
        / on (instance) group_left sum by (instance) (rate(http_requests_total{job="api"}[5m])) > 0.05
    """,
}


def benchmarks() -> Iterator[Benchmark]:
    """Parsing, and printing what was parsed; the samples are characters."""
    for name, text in _TEXTS.items():
        yield Throughput(name=f"promql-parse {name}", run=parse, requests=[text], samples=len(text))
    expr = parse(_TEXTS["200 characters"])
    for printed, run in (("one line", str_of), ("lines", format_query)):
        yield Throughput(name=f"promql-print {printed}", run=run, requests=[expr], samples=len(str_of(expr)))
