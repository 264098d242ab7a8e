"""OpenMetrics with a time on every sample, as promtool's `tsdb create-blocks-from openmetrics` reads it.

It has no native histograms, no stale markers and no start times, and one kind of NaN. Families that are more
than one series, such as histograms, are written metric by metric, as of unknown type. Does no I/O.
"""

import re
import struct
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from math import isfinite, isnan
from typing import Final

import numpy as np

from gateway.transfer.bundle import Bundle, Gathering
from gateway.transfer.errors import NotReadable
from gateway.transfer.formats import Bad, lines_of
from timeseries.errors import InvalidLabels
from timeseries.labels import METRIC_NAME, Labels
from timeseries.metadata import Metadata, MetricType
from timeseries.stale import STALE_BITS
from timeseries.text import excerpt, is_legacy_label_name, is_legacy_metric_name

# What Prometheus calls NaN.
NAN_BITS: Final = 0x7FF8000000000001

_TOTAL: Final = "_total"
_TYPES: Final = {kind.name.lower(): kind for kind in MetricType}

_SAMPLE: Final = re.compile(
    r'([^\s{"#]*)(\{(?:[^"}]|"(?:[^"\\]|\\.)*")*\})?[ \t]+([^ \t#]+)(?:[ \t]+([^ \t#]+))?[ \t]*(?:#.*)?',
    re.DOTALL,
)
_LABEL: Final = re.compile(
    r'\s*(?:([a-zA-Z_:][a-zA-Z0-9_:]*)|"((?:[^"\\]|\\.)*)")\s*(?:=\s*"((?:[^"\\]|\\.)*)")?\s*(?:,|$)',
    re.DOTALL,
)
_ABOUT: Final = re.compile(r'# (TYPE|HELP|UNIT) (?:"((?:[^"\\]|\\.)*)"|(\S+))(?: (.*))?', re.DOTALL)
_ESCAPE: Final = re.compile(r"\\(.)", re.DOTALL)
_NUMBER: Final = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_SPECIAL: Final = re.compile(r"([+-]?)(?:(inf|infinity)|nan)", re.IGNORECASE)

_DOUBLE: Final = struct.Struct("<d")
_BITS: Final = struct.Struct("<q")

# 64 bits of milliseconds.
_MAX_SECONDS: Final = 2**63 / 1000

# Series whose labels are known by their text.
_KNOWN: Final = 100_000


class OpenMetricsWriter:
    """Writes bundles; those of one metric come one after the other."""

    def __init__(self, metadata: Mapping[str, Metadata]) -> None:
        self._metadata = metadata
        self._metric = ""
        self.lost: Counter[str] = Counter()

    def write(self, bundle: Bundle) -> bytes:
        """Write the samples that are values."""
        self.lost["native histograms"] += len(bundle.histograms)
        pieces: list[str] = []
        for labels, times, values, starts in bundle.runs():
            keep = values.view(np.int64) != STALE_BITS
            self.lost["stale markers"] += int(np.count_nonzero(~keep))
            self.lost["start times"] += int(np.count_nonzero(starts))
            if labels.metric_name != self._metric and keep.any():
                self._metric = labels.metric_name
                pieces += self._head(self._metric)
            name = _series(labels)
            pieces += [
                f"{name} {number_text(value)} {_seconds(time_ms)}\n"
                for value, time_ms in zip(values[keep].tolist(), times[keep].tolist(), strict=True)
            ]
        return "".join(pieces).encode()

    def end(self) -> bytes:
        """Write the mark that nothing is missing."""
        return b"# EOF\n"

    def _head(self, metric: str) -> list[str]:
        """Write what the family of a metric is; OpenMetrics has counters only under their short name."""
        base = metric.removesuffix(_TOTAL)
        about = self._metadata.get(metric) or self._metadata.get(base) or Metadata(family=metric)
        family, kind = metric, "gauge" if about.type is MetricType.GAUGE else "unknown"
        if about.type is MetricType.COUNTER and metric.endswith(_TOTAL):
            family, kind = base, "counter"
        name = family if is_legacy_metric_name(family) else f'"{_escaped(family)}"'
        head = [f"# TYPE {name} {kind}\n"]
        if about.unit and family.endswith(f"_{about.unit}"):
            head.append(f"# UNIT {name} {about.unit}\n")
        if about.help:
            head.append(f"# HELP {name} {_escaped(about.help)}\n")
        return head


def _series(labels: Labels) -> str:
    metric = labels.metric_name
    bare = is_legacy_metric_name(metric)
    inner = [] if bare else [f'"{_escaped(metric)}"']
    for name, value in labels:
        if name != METRIC_NAME:
            shown = name if is_legacy_label_name(name) else f'"{_escaped(name)}"'
            inner.append(f'{shown}="{_escaped(value)}"')
    return f"{metric if bare else ''}{{{','.join(inner)}}}" if inner else metric


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("\n", "\\n").replace('"', '\\"')


def number_text(value: float) -> str:
    """Write a number so that it is read back bit for bit; all NaNs are one."""
    if isfinite(value):
        return repr(value).removesuffix(".0")
    return "NaN" if isnan(value) else "+Inf" if value > 0 else "-Inf"


def _seconds(time_ms: int) -> str:
    """Write a time in seconds; Prometheus reads it back exactly from 1970-01-01 00:30 or so on."""
    whole, rest = divmod(abs(time_ms), 1000)
    return f"{'-' if time_ms < 0 else ''}{whole}.{rest:03d}"


def read_openmetrics(pieces: Iterable[bytes], bad: Bad) -> Iterator[Bundle]:
    """Read a text; every sample needs a time."""
    reader = _Reader()
    ended = False
    number = 0
    for number, raw in enumerate(lines_of(pieces), 1):
        try:
            if ended:
                raise NotReadable("there is more after # EOF")
            ended = reader.line(raw.decode())
        except NotReadable as error:
            bad(number, str(error))
        except UnicodeDecodeError:
            bad(number, "it is not valid UTF-8")
        if reader.gathering.full:
            yield reader.gathering.take()
    reader.finish_family()
    yield reader.gathering.take()
    if not ended:
        bad(number + 1, "the text ends without # EOF: something may be missing")


class _Reader:
    """Reads line by line, and remembers what series are called."""

    def __init__(self) -> None:
        self.gathering = Gathering()
        self._known: dict[str, Labels] = {}
        self._family = Metadata(family="")

    def line(self, line: str) -> bool:
        """Read one; return whether it is the end. Raises NotReadable."""
        if line.startswith("#"):
            return self._comment(line)
        found = _SAMPLE.fullmatch(line)
        if found is None:
            if not line.strip():
                return False
            raise NotReadable(f"{excerpt(line)} is no sample")
        metric, inner, value, at = found.groups()
        if at is None:
            raise NotReadable(f"{excerpt(line)} has no time")
        labels = self._labels(metric, inner or "")
        seconds = number_of(at)
        if not abs(seconds) < _MAX_SECONDS:
            raise NotReadable(f"{excerpt(at)} is no time")
        self.gathering.add(labels, _milliseconds(at, seconds), bits_of(number_of(value)))
        return False

    def _comment(self, line: str) -> bool:
        if line == "# EOF":
            return True
        found = _ABOUT.fullmatch(line)
        if found is not None:
            word, quoted, bare, rest = found.groups()
            family = bare if quoted is None else _unescaped(quoted)
            if family != self._family.family:
                self.finish_family()
                self._family = Metadata(family=family)
            self._learn(word, rest or "")
        return False

    def _learn(self, word: str, rest: str) -> None:
        old = self._family
        kind = _TYPES.get(rest.strip(), MetricType.UNKNOWN) if word == "TYPE" else old.type
        self._family = Metadata(
            family=old.family,
            type=kind,
            help=_unescaped(rest) if word == "HELP" else old.help,
            unit=rest.strip() if word == "UNIT" else old.unit,
        )

    def finish_family(self) -> None:
        """Keep what was said of a family, if it was anything."""
        about = self._family
        if about.type is not MetricType.UNKNOWN or about.help or about.unit:
            self.gathering.metadata.append(about)

    def _labels(self, metric: str, inner: str) -> Labels:
        text = metric + inner
        known = self._known.get(text)
        if known is None:
            if len(self._known) >= _KNOWN:
                self._known.clear()
            try:
                known = self._known[text] = Labels(_pairs(metric, inner[1:-1]))
            except InvalidLabels as error:
                raise NotReadable(f"{excerpt(text)}: {error}") from None
        return known


def _pairs(metric: str, inner: str) -> list[tuple[str, str]]:
    pairs = [(METRIC_NAME, metric)] if metric else []
    at = 0
    while inner[at:].strip():
        found = _LABEL.match(inner, at)
        if found is None:
            raise NotReadable(f"{excerpt(inner)} are no labels")
        bare, quoted, value = found.groups()
        if value is None and quoted is None:
            raise NotReadable(f"{excerpt(bare)} has no value")
        name = bare if quoted is None else _unescaped(quoted)
        pairs.append((METRIC_NAME, name) if value is None else (name, _unescaped(value)))
        at = found.end()
    if not any(name == METRIC_NAME for name, _ in pairs):
        raise NotReadable("it has no metric name")
    return pairs


def _unescaped(text: str) -> str:
    if "\\" not in text:
        return text
    return _ESCAPE.sub(lambda found: "\n" if found[1] == "n" else found[1], text)


def number_of(text: str) -> float:
    """Read a number; raises NotReadable."""
    if _NUMBER.fullmatch(text) is None and _SPECIAL.fullmatch(text) is None:
        raise NotReadable(f"{excerpt(text)} is no number")
    return float(text)


def bits_of(value: float) -> int:
    """Return the bits of a value as Prometheus would have them."""
    if isnan(value):
        return NAN_BITS
    (bits,) = _BITS.unpack(_DOUBLE.pack(value))
    return int(bits)


def _milliseconds(text: str, seconds: float) -> int:
    """Return a time in milliseconds, exact where it is written with three digits."""
    whole, dot, rest = text.partition(".")
    if dot and len(rest) == 3 and rest.isdigit() and whole.lstrip("-").isdigit():
        return int(whole + rest)
    return round(seconds * 1000)
