"""CSV with a row for each sample, for spreadsheets and scripts: `series,time_ms,value,start_ms`. Does no I/O.

A stale marker is `stale`, another NaN than Prometheus' own is `NaN:` with its bits; so all samples are read
back as they were. It has no native histograms.
"""

import csv
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

import numpy as np

from gateway.transfer.bundle import Bundle, Gathering
from gateway.transfer.errors import NotReadable
from gateway.transfer.formats import Bad, lines_of
from gateway.transfer.openmetrics import NAN_BITS, bits_of, number_of, number_text
from promql.errors import ParseError
from promql.language.parser import parse_selector
from timeseries.errors import InvalidLabels
from timeseries.labels import Labels
from timeseries.matcher import MatchType
from timeseries.metadata import Metadata
from timeseries.stale import STALE_BITS
from timeseries.text import excerpt

_HEADER: Final = ["series", "time_ms", "value", "start_ms"]
_STALE: Final = "stale"
_NAN: Final = "NaN:"
_WHOLE: Final = re.compile(r"-?[0-9]{1,19}")
# A row as a CommaWriter writes it: much faster than any row.
_PLAIN: Final = re.compile(r'"((?:[^"]|"")*)",([^",\s]+),([^",\s]+),([^",\s]*)')
_HEX: Final = re.compile(r"[0-9a-f]{16}")
_MAX_WHOLE: Final = 2**63 - 1

# Series whose labels are known by their text.
_KNOWN: Final = 100_000


class CommaWriter:
    """Writes bundles."""

    def __init__(self, _metadata: Mapping[str, Metadata]) -> None:
        self.lost: Counter[str] = Counter()
        self._before = f"{','.join(_HEADER)}\n"

    def write(self, bundle: Bundle) -> bytes:
        """Write the samples."""
        self.lost["native histograms"] += len(bundle.histograms)
        pieces, self._before = [self._before], ""
        for labels, times, values, starts in bundle.runs():
            name = str(labels).replace('"', '""')
            pieces += [
                f'"{name}",{time_ms},{_value(value, mark)},{start_ms or ""}\n'
                for time_ms, value, mark, start_ms in zip(
                    times.tolist(),
                    values.tolist(),
                    values.view(np.uint64).tolist(),
                    starts.tolist(),
                    strict=True,
                )
            ]
        return "".join(pieces).encode()

    def end(self) -> bytes:
        """Write what was not yet written: the names of the columns of an empty table."""
        return self._before.encode()


def _value(value: float, mark: int) -> str:
    if value == value or mark == NAN_BITS:  # noqa: PLR0124 - the cheap NaN test
        return number_text(value)
    return _STALE if mark == STALE_BITS else f"{_NAN}{mark:016x}"


def read_commas(pieces: Iterable[bytes], bad: Bad) -> Iterator[Bundle]:
    """Read a table with these columns; the last one may be missing."""
    known: dict[str, Labels] = {}
    gathering = Gathering()
    for number, raw in enumerate(lines_of(pieces), 1):
        try:
            row = _cells(raw.decode())
            if number == 1:
                if row not in (_HEADER, _HEADER[:3]):
                    raise NotReadable(f"the columns must be {','.join(_HEADER)}")
            elif row:
                if len(known) >= _KNOWN:
                    known.clear()
                _take(row, known, gathering)
        except NotReadable as error:
            bad(number, str(error))
        except UnicodeDecodeError:
            bad(number, "it is not valid UTF-8")
        except csv.Error as error:
            bad(number, f"it is no row: {error}")
        if gathering.full:
            yield gathering.take()
    yield gathering.take()


def _cells(line: str) -> list[str]:
    plain = _PLAIN.fullmatch(line)
    if plain is not None:
        series, *rest = plain.groups()
        return [series.replace('""', '"'), *rest]
    return next(csv.reader([line], strict=True)) if line.strip() else []


def _take(row: list[str], known: dict[str, Labels], gathering: Gathering) -> None:
    if not 3 <= len(row) <= 4:
        raise NotReadable(f"it has {len(row)} columns, not 4")
    series, time_ms, value, start_ms = (*row, "")[:4]
    labels = known.get(series)
    if labels is None:
        labels = known[series] = _labels(series)
    gathering.add(labels, _whole(time_ms), _bits(value), _whole(start_ms) if start_ms else 0)


def _labels(text: str) -> Labels:
    try:
        matchers = parse_selector(text)
        if any(one.type is not MatchType.EQUAL for one in matchers):
            raise NotReadable(f"{excerpt(text)} is no series")
        labels = Labels((one.name, one.value) for one in matchers)
    except (ParseError, InvalidLabels) as error:
        raise NotReadable(f"{excerpt(text)} is no series: {error}") from None
    if not labels.metric_name:
        raise NotReadable(f"{excerpt(text)} has no metric name")
    return labels


def _whole(text: str) -> int:
    if _WHOLE.fullmatch(text) is None or not -_MAX_WHOLE - 1 <= int(text) <= _MAX_WHOLE:
        raise NotReadable(f"{excerpt(text)} is no time in milliseconds")
    return int(text)


def _bits(text: str) -> int:
    if text == _STALE:
        return STALE_BITS
    if text.startswith(_NAN) and _HEX.fullmatch(text.removeprefix(_NAN)):
        mark = int(text.removeprefix(_NAN), 16)
        return mark - (1 << 64) if mark >> 63 else mark
    return bits_of(number_of(text))
