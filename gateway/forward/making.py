"""Bodies for one destination: external labels, relabelling, a share for each connection.

Does no I/O. What a series becomes is worked out once: then a sample is some bytes behind known ones.
"""

import threading
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Final, Literal, NamedTuple, cast, get_args

import numpy as np

from delivery.relabel import Rule, relabel
from gateway.forward.forms import V1, V2, exemplars_of, series_of
from remotewrite.compression import compress
from remotewrite.decode.batch import Batch, SampleColumns
from remotewrite.encode.fields import LENGTH, key, varint
from remotewrite.encode.v1 import LabelFields, encode_v1
from remotewrite.encode.v2 import encode_v2
from remotewrite.model import Series
from timeseries.errors import InvalidLabels
from timeseries.labels import Labels

# A request of a usual sender is one body; of a large one several that any receiver takes.
MAX_SAMPLES: Final = 10_000

# Some 400,000 series, as one destination sees them. What is forgotten is worked out again.
CAPACITY: Final = 128 * 1024 * 1024
ENTRY_BYTES: Final = 150

# Of series with what is rare, such as start times and histograms.
MAX_CHANGES: Final = 50_000

LeftOut = Literal["rules", "labels"]
REASONS: Final[tuple[LeftOut, ...]] = get_args(LeftOut)

_SERIES: Final = key(1, LENGTH)
# A sample with a value and a time of six bytes, from 1971 to 2109, behind its tag and size.
_HEAD: Final = b"\x12\x10\x09"
_TIME_TAG: Final = 0x10
_TIME_BYTES: Final = 6
_TAIL_BYTES: Final = 8 + 1 + _TIME_BYTES
_MIN_TIME: Final = 1 << 35
_MAX_TIME: Final = 1 << 42


class Known(NamedTuple):
    """What becomes of a series: what stands before its value in 1.0, and its connection.

    For one that is left out, nothing, and below 0 the place in `REASONS`.
    """

    head: bytes
    shard: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A body with its form, how many samples are in it, and the connection it takes."""

    body: bytes
    samples: int
    shard: int = 0


class Maker:
    """Makes bodies for one destination, for many threads."""

    def __init__(
        self,
        labels: Callable[[int], Labels],
        *,
        rules: Sequence[Rule] = (),
        external: Mapping[str, str] = MappingProxyType({}),
        shards: int = 1,
        capacity: int = CAPACITY,
    ) -> None:
        """`labels` tells those of a series by its reference."""
        self._labels = labels
        self._rules = rules
        self._external = dict(external)
        self._shards = shards
        self._capacity = capacity
        self._known: dict[int, Known] = {}
        self._changes: dict[int, Labels | None] = {}
        self._size = 0
        self._lock = threading.Lock()
        self.left_out: dict[LeftOut, int] = {"rules": 0, "labels": 0}

    @property
    def changes_nothing(self) -> bool:
        """Whether all series go as they came, over one connection."""
        return not (self._rules or self._external or self._shards > 1)

    def make(self, batch: Batch, *, version: Literal[1, 2]) -> list[Made]:
        """Return bodies with all of the batch, in the order of its samples.

        Start times need 2.0, and are left out for a destination that does not know it.
        """
        columns = batch.samples
        plain = (columns.times >= _MIN_TIME) & (columns.times < _MAX_TIME)
        if version == 2:
            plain &= columns.starts == 0
        if plain.all():
            made = list(self._rows(columns))
            rest = replace(batch, samples=columns.where(~plain))
        else:
            # All of them, so that the order stays.
            made, rest = [], batch
        made += self._others(rest, version)
        return made

    def _rows(self, columns: SampleColumns) -> Iterator[Made]:
        """Write samples, one after another, as series of 1.0."""
        known = self._of(columns.refs.tolist())
        tails = _tails(columns)
        heads = [head for head, _ in known]
        if self._shards == 1 and b"" not in heads:
            yield from _joined(heads, tails, 0)
            return
        for shard in range(self._shards):
            mine = [place for place, (_, taken) in enumerate(known) if taken == shard]
            yield from _joined([heads[place] for place in mine], [tails[place] for place in mine], shard)

    def _others(self, batch: Batch, version: Literal[1, 2]) -> Iterator[Made]:
        """Write what is rare, series by series."""
        self._of([*batch.samples.refs.tolist(), *(ref for ref, _ in batch.histograms)])
        encode, form = (encode_v1, V1) if version == 1 else (encode_v2, V2)
        for shard, series in self._shared(series_of(batch, self._changed)):
            for at in range(0, len(series), MAX_SAMPLES):
                part = series[at : at + MAX_SAMPLES]
                yield Made(body=form + compress(encode(part)), samples=len(part), shard=shard)
        for shard, series in self._shared(exemplars_of(batch, self._changed)):
            yield Made(body=V1 + compress(encode_v1(series)), samples=0, shard=shard)
        if batch.metadata:
            yield Made(body=V1 + compress(encode_v1([], batch.metadata)), samples=0)

    def _shared(self, series: Sequence[Series]) -> Iterator[tuple[int, list[Series]]]:
        shares: dict[int, list[Series]] = {}
        for one in series:
            shares.setdefault(self._shard(LabelFields().fields(one.labels)), []).append(one)
        return iter(shares.items())

    def _shard(self, fields: bytes) -> int:
        return zlib.crc32(fields) % self._shards

    def _of(self, refs: Sequence[int]) -> list[Known]:
        """Return what becomes of series, and count those that are left out."""
        found = list(map(self._known.get, refs))
        if None in found:
            found = [known or self._learn(ref) for ref, known in zip(refs, found, strict=True)]
        known = cast("list[Known]", found)
        left_out = [shard for _, shard in known if shard < 0]
        if left_out:
            with self._lock:
                for shard in left_out:
                    self.left_out[REASONS[shard]] += 1
        return known

    def _learn(self, ref: int) -> Known:
        changed = self._relabelled(ref)
        if isinstance(changed, Labels):
            fields = LabelFields().fields(changed)
            head = _SERIES + varint(len(fields) + len(_HEAD) + _TAIL_BYTES) + fields + _HEAD
            known = Known(head, self._shard(fields))
        else:
            known = Known(b"", REASONS.index(changed) - len(REASONS))
        size = ENTRY_BYTES + len(known.head)
        with self._lock:
            if self._size + size > self._capacity:
                self._known, self._size = {}, 0
            self._known[ref] = known
            self._size += size
        return known

    def _changed(self, ref: int) -> Labels | None:
        """Return the labels that a series gets, None for one that is left out."""
        known = self._changes
        if ref in known:
            return known[ref]
        if len(known) >= MAX_CHANGES:
            known = self._changes = {}
        changed = self._relabelled(ref)
        known[ref] = changed if isinstance(changed, Labels) else None
        return known[ref]

    def _relabelled(self, ref: int) -> Labels | LeftOut:
        labels = self._labels(ref)
        if self._external:
            labels = Labels({**self._external, **dict(labels)})
        if not self._rules:
            return labels
        try:
            changed = relabel(labels, self._rules)
        except InvalidLabels:
            return "labels"
        if changed is None:
            return "rules"
        return changed if changed.metric_name else "labels"


def _joined(heads: Sequence[bytes], tails: Sequence[bytes], shard: int) -> Iterator[Made]:
    for at in range(0, len(heads), MAX_SAMPLES):
        part = heads[at : at + MAX_SAMPLES]
        pieces = [b""] * (2 * len(part))
        pieces[::2] = part
        pieces[1::2] = tails[at : at + MAX_SAMPLES]
        yield Made(body=V1 + compress(b"".join(pieces)), samples=len(part), shard=shard)


def _tails(columns: SampleColumns) -> list[bytes]:
    """Return value, tag and time of each sample, all of one size."""
    rows = np.empty((len(columns), _TAIL_BYTES), np.uint8)
    rows[:, :8] = columns.values.astype("<f8").view(np.uint8).reshape(-1, 8)
    rows[:, 8] = _TIME_TAG
    for place in range(_TIME_BYTES):
        more = 0x80 if place < _TIME_BYTES - 1 else 0
        rows[:, 9 + place] = (columns.times >> (7 * place)) & 0x7F | more
    tails: list[bytes] = rows.view(f"V{_TAIL_BYTES}").ravel().tolist()
    return tails
