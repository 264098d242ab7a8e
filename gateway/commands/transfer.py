"""The commands `export` and `import`.

Owns their options, sentences and exit codes, and which options go together. What a format is like, and how
the two ends are read and written, is for gateway.transfer.
"""

import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

import click

from gateway.client.errors import WrongRequest
from gateway.client.times import moment
from gateway.commands.options import data_dir, token_file, url
from gateway.storage.database import FILE_NAME
from gateway.storage.errors import StorageError
from gateway.storage.store import Store
from gateway.transfer.bundle import Bundle
from gateway.transfer.directory import StoredSeries, StoreFiller
from gateway.transfer.errors import NotReadable, TransferError
from gateway.transfer.files import FORMATS, pieces, target
from gateway.transfer.formats import Writer
from gateway.transfer.remote import Peer, RemoteFiller, RemoteSeries
from promql.errors import ParseError
from promql.language.parser import parse_selector
from runtime.cli import UsageProblem
from runtime.progress import Progress
from timeseries.labels import Labels

# Bad lines that are told one by one.
_TOLD: Final = 20

_MIN_MS: Final = -(1 << 62)
_MAX_MS: Final = 1 << 62

_form = click.Choice([*FORMATS])
_file = click.Path(path_type=Path, dir_okay=False, allow_dash=True)


@click.command
@click.option(
    "--match", "selectors", metavar="SELECTOR", multiple=True, help="Series to take; repeat it for more."
)
@click.option("--start", metavar="TIME", help="Samples from here; by default from the first.")
@click.option("--end", metavar="TIME", help="Samples until here; by default until the last.")
@click.option("--format", "form", type=_form, default="openmetrics", show_default=True, help="What to write.")
@click.option("--output", type=_file, metavar="FILE", help="Write to FILE, compressed if it ends in .gz.")
@data_dir
@url
@token_file
def export(
    *,
    selectors: tuple[str, ...],
    start: str | None,
    end: str | None,
    form: str,
    output: Path | None,
    data_dir: Path,
    url: str | None,
    token_file: Path | None,
) -> None:
    """Write samples, of a gateway that runs (--url) or of a directory that none uses.

    TIME is a number of seconds since 1970, RFC 3339 such as 2026-09-21T13:33:20Z, now, or -1h; of a directory
    now is its newest sample. From a gateway that runs --start is needed.
    """
    if not selectors:
        raise UsageProblem("which series? --match 'up{job=\"node\"}', or --match '{__name__!=\"\"}' for all")
    with _failures(), ExitStack() as open_, Progress(sys.stderr) as progress:
        wanted = [parse_selector(text) for text in selectors]
        if url is None:
            stored = StoredSeries(open_.enter_context(_store(data_dir, make_it=False)))
            span = _span(start, end, lambda: stored.newest_ms() / 1000)
            source: StoredSeries | RemoteSeries = stored
        elif start is None:
            raise UsageProblem("--url needs --start")
        else:
            peer = Peer(url, _token(token_file))
            source, span = RemoteSeries(peer), _span(start, end or "now", peer.now)
        writer = FORMATS[form][0](source.metadata)
        file = open_.enter_context(target(output))
        size = 0
        for bundle in source.bundles(wanted, *span):
            size += file.write(writer.write(bundle))
            progress("writing", size, 0)
        file.write(writer.end())
    _tell_lost(writer, form)


def _span(start: str | None, end: str | None, now: Callable[[], float]) -> tuple[int, int]:
    """Return from when to when samples are wanted, in ms."""
    return (
        _MIN_MS if start is None else round(moment(start, now) * 1000),
        _MAX_MS if end is None else round(moment(end, now) * 1000),
    )


def _tell_lost(writer: Writer, form: str) -> None:
    for what, count in sorted(writer.lost.items()):
        if count:
            click.echo(f"{count} {what} were left out: the format {form} has none.", err=True)


@click.command("import")
@click.argument("file", type=_file)
@click.option("--format", "form", type=_form, help="What FILE is; by default it is looked at.")
@click.option("--skip-bad", is_flag=True, help="Leave out lines that can't be read, and say so.")
@data_dir
@url
@token_file
def import_(
    *, file: Path, form: str | None, data_dir: Path, url: str | None, token_file: Path | None, skip_bad: bool
) -> None:
    """Take in the samples in FILE, or standard input for -: what `export` wrote, or OpenMetrics with times.

    They go to a gateway that runs (--url) or to a directory that none uses. Where there is a sample for a
    time already, that of FILE takes its place. FILE may be compressed, by gzip or zstd.
    """
    bad = _BadLines(skip=skip_bad)
    series: set[Labels] = set()
    samples = 0
    with _failures(), ExitStack() as open_, Progress(sys.stderr) as progress:
        seems, content = open_.enter_context(pieces(file, progress))
        sink: StoreFiller | RemoteFiller
        if url is None:
            sink = StoreFiller(open_.enter_context(_store(data_dir, make_it=True)), data_dir)
        else:
            sink = RemoteFiller(Peer(url, _token(token_file)), refused=bad.refused)
        for bundle in FORMATS[form or seems][1](content, bad):
            _take(sink, bundle, bad)
            series.update(bundle.series)
            samples += bundle.size
        sink.finish(lambda done, total: progress("keeping", done, total))
    click.echo(f"{samples} samples of {len(series)} series were read.{bad.summary}", err=True)


def _take(sink: StoreFiller | RemoteFiller, bundle: Bundle, bad: "_BadLines") -> None:
    try:
        sink.take(bundle)
    except NotReadable as error:
        bad.refused(str(error))


class _BadLines:
    """What can't be read: the end of it, or told and counted."""

    def __init__(self, *, skip: bool) -> None:
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
            click.echo(sentence, err=True)

    @property
    def summary(self) -> str:
        """Say how much was left out."""
        return "".join(f" {count} {kind} were bad." for kind, count in self._counts.items())


@contextmanager
def _failures() -> Iterator[None]:
    try:
        yield
    except ParseError as error:
        raise UsageProblem(f"--match: {error}") from error
    except WrongRequest as error:
        raise UsageProblem(str(error)) from error
    except (TransferError, StorageError) as error:
        raise click.ClickException(str(error)) from error
    except BrokenPipeError:
        sys.exit(1)
    except OSError as error:
        raise click.ClickException(f"{error.filename or 'a file'}: {error.strerror or error}") from error


@contextmanager
def _store(directory: Path, *, make_it: bool) -> Iterator[Store]:
    """Open a directory that no gateway uses."""
    if not make_it and not (directory / FILE_NAME).is_file():
        raise click.ClickException(f"there are no data in {directory}")
    try:
        store = Store(directory, damage=_damaged)
    except StorageError as error:
        more = ": stop it, or name it with --url" if "in use" in str(error) else ""
        raise click.ClickException(f"{error}{more}") from error
    with store:
        yield store


def _damaged(origin: str, number: int, why: str) -> None:
    click.echo(f"damaged: {origin} {number}: {why}", err=True)


def _token(file: Path | None) -> str:
    return "" if file is None else file.read_text().strip()
