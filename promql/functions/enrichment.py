"""info(): series with the labels of the info metrics that describe the same target."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from promql.cells import has_object, merged, no_series, only_where, without_empty
from promql.context import Context
from promql.errors import EvaluationError
from promql.functions.arguments import vector_at
from promql.functions.moment import Moment, moment_of
from promql.invariance import unwrapped
from promql.language.ast import Call, VectorSelector
from promql.operators.grouping import Groups
from promql.operators.matching import braced
from promql.selection.selectors import sample_times, select_vector
from promql.values import Value, Vector
from timeseries.columns import Bools, Ints
from timeseries.labels import METRIC_NAME, Labels
from timeseries.matcher import Matcher, MatchType

# What a series and the info metrics of its target have in common.
IDENTIFYING: Final = frozenset({"instance", "job"})
TARGET_INFO: Final = Matcher(name=METRIC_NAME, type=MatchType.EQUAL, value="target_info")
ANY_INFO: Final = Matcher(name=METRIC_NAME, type=MatchType.REGEX, value=".+_info")

_SPECIAL: Final = re.compile(r"[\\.+*?()|\[\]{}^$]")
_NONE: Final = -1


def info(call: Call, args: Sequence[Value], context: Context) -> Vector:
    """Add the labels of info metrics to series; the second argument says which labels, and which metrics."""
    base = vector_at(args, 0)
    wanted = _Wanted.of(call)
    described = np.array([wanted.describes(own) for own in base.labels], np.bool_)
    targets = [
        own.keeping(IDENTIFYING) if use else Labels() for own, use in zip(base.labels, described, strict=True)
    ]
    found = _select(call, wanted, set(targets) - {Labels()}, context)
    if not len(base):
        return base
    parts = list(_enriched(base, described, targets, found, wanted))
    return merged(without_empty(_assembled(base, parts)))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wanted:
    """What the second argument asks for: matchers of the metrics' names and of their other labels."""

    names: tuple[Matcher, ...]
    data: tuple[Matcher, ...]

    @classmethod
    def of(cls, call: Call) -> "_Wanted":
        selector = unwrapped(call.args[1]) if len(call.args) > 1 else None
        matchers = selector.matchers if isinstance(selector, VectorSelector) else ()
        names = tuple(matcher for matcher in matchers if matcher.name == METRIC_NAME)
        data = tuple(matcher for matcher in matchers if matcher.name != METRIC_NAME)
        if not any(matcher.type in (MatchType.EQUAL, MatchType.REGEX) for matcher in names):
            # To say what is not meant is to mean all others; to say nothing is not.
            names = (ANY_INFO if names else TARGET_INFO, *names)
        return cls(names=names, data=data)

    def describes(self, labels: Labels) -> bool:
        """Tell whether a series may be enriched: it is no info metric itself."""
        return not all(matcher.accepts(labels) for matcher in self.names)

    @property
    def needs_match(self) -> bool:
        """Whether series without any info metric are left out."""
        return not all(matcher.matches_empty for matcher in self.data)

    def takes(self, name: str) -> bool:
        """Tell whether a label of an info metric is wanted."""
        return name != METRIC_NAME and (not self.data or any(matcher.name == name for matcher in self.data))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Found:
    """The info metrics of each target: for each step the row of each metric's series, or none."""

    labels: Sequence[Labels]
    # By target, a matrix [metrics x steps].
    rows: dict[Labels, Ints]


def _select(call: Call, wanted: _Wanted, targets: set[Labels], context: Context) -> _Found:
    """Find the info metrics of the targets, at the time that the described series are looked at."""
    moment = moment_of(call.args[0], context) or Moment()
    labels: list[Labels] = []
    rows: dict[Labels, Ints] = {}
    # Targets with the same labels missing are asked for together.
    for names in sorted({tuple(name for name, _ in own) for own in targets}):
        alike = [own for own in targets if tuple(name for name, _ in own) == names]
        selector = VectorSelector(
            span=call.span,
            name="",
            matchers=(*_of_targets(alike), *wanted.data, *wanted.names),
            shift=moment.shift(call.span),
        )
        found = _described_by(selector, context)
        rows |= {
            target: np.where(own == _NONE, _NONE, own + len(labels)) for target, own in found.rows.items()
        }
        labels += found.labels
    return _Found(labels=labels, rows=rows)


def _described_by(selector: VectorSelector, context: Context) -> _Found:
    series = select_vector(selector, context)
    if series.histograms is not None:
        odd = np.flatnonzero(has_object(series.histograms).any(axis=1))
        if len(odd):
            raise EvaluationError(
                f"this should be an info metric, with float samples: {braced(series.labels[odd[0]])}"
            )
    if not len(series):
        return _Found(labels=[], rows={})
    keys = frozenset((*IDENTIFYING, METRIC_NAME))
    groups = Groups.of_keys([own.keeping(keys) for own in series.labels])
    newest = _newest(series, groups, selector, context)
    by_target: dict[Labels, list[Ints]] = {}
    for key, rows in zip(groups.labels, newest, strict=True):
        by_target.setdefault(key.keeping(IDENTIFYING), []).append(rows)
    return _Found(labels=series.labels, rows={target: np.stack(rows) for target, rows in by_target.items()})


def _of_targets(targets: Sequence[Labels]) -> Iterator[Matcher]:
    for name in sorted(IDENTIFYING):
        values = sorted({own.get(name) for own in targets})
        choice = "|".join(_SPECIAL.sub(r"\\\g<0>", value) for value in values)
        yield Matcher(name=name, type=MatchType.REGEX, value=choice)


def _newest(series: Vector, groups: Groups, selector: VectorSelector, context: Context) -> Ints:
    """Return for each group and step the series with the newest sample; raises EvaluationError for two."""
    chosen = np.full((len(groups), series.present.shape[1]), _NONE)
    if int(groups.sizes.max()) == 1:
        chosen[groups.of] = np.where(series.present, np.arange(len(series))[:, None], _NONE)
        return chosen
    times = np.where(series.present, sample_times(selector, context).values * 1000, -np.inf)
    for numbers, rows in groups.blocks():
        own = times[rows]
        best = own.max(axis=1)
        chosen[numbers] = np.where(
            np.isneginf(best), _NONE, np.take_along_axis(rows, np.argmax(own, axis=1), axis=1)
        )
        doubled = np.argwhere(((own == best[:, None]) & (own > -np.inf)).sum(axis=1) > 1)
        if len(doubled):
            group, step = doubled[0].tolist()
            first, second = rows[group][own[group, :, step] == best[group, step]][:2].tolist()
            at = round(float(best[group, step]))
            raise EvaluationError(
                f"found duplicate series for info metric: existing {braced(series.labels[first])} @ {at}, "
                f"new {braced(series.labels[second])} @ {at}"
            )
    return chosen


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Part:
    """A series under its new labels, at the steps at which it has them."""

    row: int
    labels: Labels
    steps: Bools


def _enriched(
    base: Vector, described: Bools, targets: Sequence[Labels], found: _Found, wanted: _Wanted
) -> Iterator[_Part]:
    everywhere = np.ones(base.present.shape[1], np.bool_)
    variants = {target: list(_variants(rows)) for target, rows in found.rows.items()}
    for row, (own, target) in enumerate(zip(base.labels, targets, strict=True)):
        if not described[row]:
            yield _Part(row=row, labels=own, steps=everywhere)
            continue
        for rows, steps in variants.get(target, [((), everywhere)]):
            if rows:
                labels = _extended(own, [found.labels[number] for number in rows], wanted)
                yield _Part(row=row, labels=labels, steps=steps)
            elif not wanted.needs_match:
                yield _Part(row=row, labels=own, steps=steps)


def _variants(rows: Ints) -> Iterator[tuple[tuple[int, ...], Bools]]:
    """Yield which info series there are together, and at which steps."""
    combinations, of_step = np.unique(rows, axis=1, return_inverse=True)
    for number, combination in enumerate(combinations.T.tolist()):
        there = tuple(row for row in combination if row != _NONE)
        yield there, of_step.reshape(-1) == number


def _extended(own: Labels, described_by: Sequence[Labels], wanted: _Wanted) -> Labels:
    present = dict(own)
    added: dict[str, str] = {}
    for labels in described_by:
        for name, value in labels:
            if not wanted.takes(name):
                continue
            if added.get(name, value) != value:
                raise EvaluationError(f"conflicting label: {name}")
            if name not in present:
                added[name] = value
    return own.updated(added) if added else own


def _assembled(base: Vector, parts: Sequence[_Part]) -> Vector:
    if not parts:
        return no_series(base.present.shape[1])
    rows = np.array([part.row for part in parts], np.int64)
    present = base.present[rows] & np.stack([part.steps for part in parts])
    histograms = None if base.histograms is None else only_where(base.histograms[rows], present)
    return Vector(
        labels=[part.labels for part in parts],
        values=base.values[rows],
        present=present,
        drop_name=base.drop_name[rows],
        histograms=histograms,
    )
