"""Moves samples from one end to the other: what `export` and `import` do. Knows no command line.

Owns which end is meant, and what becomes of lines that can't be read.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from gateway.client.errors import WrongRequest
from gateway.client.times import moment
from gateway.storage.database import FILE_NAME
from gateway.storage.errors import StorageError
from gateway.storage.store import Store
from gateway.transfer.bundle import Bundle
from gateway.transfer.directory import StoredSeries, StoreFiller
from gateway.transfer.errors import NotMoved, NotReadable
from gateway.transfer.files import FORMATS, Told, pieces, target
from gateway.transfer.remote import Peer, RemoteFiller, RemoteSeries
from promql.errors import ParseError
from promql.language.parser import parse_selector
from timeseries.labels import Labels
from timeseries.matcher import Matcher

# Bad lines that are told one by one.
_TOLD: Final = 20

_MIN_MS: Final = -(1 << 62)
_MAX_MS: Final = 1 << 62

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class End:
    """Where samples are: in a directory, or where a URL is given with a gateway that runs."""

    data_dir: Path
    url: str | None
    token_file: Path | None

    @property
    def peer(self) -> Peer | None:
        """The gateway, if it is one."""
        token = "" if self.token_file is None else self.token_file.read_text().strip()
        return None if self.url is None else Peer(self.url, token)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which samples."""

    selectors: Sequence[str]
    start: str | None
    end: str | None


def export_to(
    output: Path | None, form: str, end: End, wanted: Wanted, *, told: Told, say: Say
) -> Mapping[str, int]:
    """Write what is wanted; return what the format could not hold.

    Raises WrongRequest, TransferError and StorageError; `say` hears of damage.
    """
    selectors = [_selector(text) for text in wanted.selectors]
    peer = end.peer
    with ExitStack() as open_:
        if peer is None:
            stored = StoredSeries(open_.enter_context(store_of(end.data_dir, say, make_it=False)))
            span = _span(wanted.start, wanted.end, lambda: stored.newest_ms() / 1000)
            source: StoredSeries | RemoteSeries = stored
        elif wanted.start is None:
            raise WrongRequest("--url needs --start")
        else:
            source, span = RemoteSeries(peer), _span(wanted.start, wanted.end or "now", peer.now)
        writer = FORMATS[form][0](source.metadata)
        file = open_.enter_context(target(output))
        size = 0
        for bundle in source.bundles(selectors, *span):
            size += file.write(writer.write(bundle))
            told("writing", size, 0)
        file.write(writer.end())
    return +writer.lost


def import_from(file: Path, form: str | None, end: End, *, skip_bad: bool, told: Told, say: Say) -> str:
    """Take in a file; return what there is to say of it. Raises as `export_to`."""
    bad = _BadLines(say, skip=skip_bad)
    series: set[Labels] = set()
    samples = 0
    peer = end.peer
    with ExitStack() as open_:
        seems, content = open_.enter_context(pieces(file, told))
        sink: StoreFiller | RemoteFiller
        if peer is None:
            sink = StoreFiller(open_.enter_context(store_of(end.data_dir, say, make_it=True)), end.data_dir)
        else:
            sink = RemoteFiller(peer, refused=bad.refused)
        for bundle in FORMATS[form or seems][1](content, bad):
            _take(sink, bundle, bad)
            series.update(bundle.series)
            samples += bundle.size
        sink.finish(lambda done, total: told("keeping", done, total))
    return f"{samples} samples of {len(series)} series were read.{bad.summary}"


def _selector(text: str) -> Sequence[Matcher]:
    try:
        return parse_selector(text)
    except ParseError as error:
        raise WrongRequest(f"--match: {error}") from error


def _span(start: str | None, end: str | None, now: Callable[[], float]) -> tuple[int, int]:
    """Return from when to when samples are wanted, in ms."""
    return (
        _MIN_MS if start is None else round(moment(start, now) * 1000),
        _MAX_MS if end is None else round(moment(end, now) * 1000),
    )


def _take(sink: StoreFiller | RemoteFiller, bundle: Bundle, bad: "_BadLines") -> None:
    try:
        sink.take(bundle)
    except NotReadable as error:
        bad.refused(str(error))


class _BadLines:
    """What can't be read: the end of it, or told and counted."""

    def __init__(self, say: Say, *, skip: bool) -> None:
        self._say = say
        self._skip = skip
        self._counts: Counter[str] = Counter()

    def __call__(self, number: int, why: str) -> None:
        """Take a line."""
        self._tell("lines", f"line {number}: {why}")

    def refused(self, why: str) -> None:
        """Take what the other end would not."""
        self._tell("requests", f"refused: {why}")

    def _tell(self, kind: str, sentence: str) -> None:
        if not self._skip:
            raise NotReadable(f"{sentence}. With --skip-bad the rest is imported")
        self._counts[kind] += 1
        if self._counts.total() <= _TOLD:
            self._say(sentence)

    @property
    def summary(self) -> str:
        """Say how much was left out."""
        return "".join(f" {count} {kind} were bad." for kind, count in self._counts.items())


@contextmanager
def store_of(directory: Path, say: Say, *, make_it: bool) -> Iterator[Store]:
    """Open a directory that no gateway uses."""
    if not make_it and not (directory / FILE_NAME).is_file():
        raise NotMoved(f"there are no data in {directory}")
    try:
        store = Store(directory, damage=lambda origin, number, why: say(f"damaged: {origin} {number}: {why}"))
    except StorageError as error:
        more = ": stop it, or name it with --url" if "in use" in str(error) else ""
        raise NotMoved(f"{error}{more}") from error
    with store:
        yield store
