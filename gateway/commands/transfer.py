"""The commands `export` and `import`.

Owns their options, sentences and exit codes. What they do is for gateway.transfer, which is imported only
when one of them runs: their help works on an install without it.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import click

from gateway.client.errors import WrongRequest
from gateway.commands.options import data_dir, token_file, url
from gateway.storage.errors import StorageError
from gateway.transfer.errors import TransferError
from runtime.cli import UsageProblem
from runtime.progress import Progress

FORMATS: Final = ("openmetrics", "csv", "remote-write")

_form = click.Choice(FORMATS)
_file = click.Path(path_type=Path, dir_okay=False, allow_dash=True)


@click.command
@click.option(
    "--match", "selectors", metavar="SELECTOR", multiple=True, help="Take these series; repeatable."
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
    from gateway.transfer.moving import End, Wanted, export_to

    if not selectors:
        raise UsageProblem("which series? --match 'up{job=\"node\"}', or --match '{__name__!=\"\"}' for all")
    at = End(data_dir=data_dir, url=url, token_file=token_file)
    wanted = Wanted(selectors=selectors, start=start, end=end)
    with _failures(), Progress(sys.stderr) as progress:
        lost = export_to(output, form, at, wanted, told=progress, say=_say)
    for what, count in sorted(lost.items()):
        _say(f"{count} {what} were left out: the format {form} has none.")


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
    from gateway.transfer.moving import End, import_from

    at = End(data_dir=data_dir, url=url, token_file=token_file)
    with _failures(), Progress(sys.stderr) as progress:
        said = import_from(file, form, at, skip_bad=skip_bad, told=progress, say=_say)
    _say(said)


def _say(sentence: str) -> None:
    click.echo(sentence, err=True)


@contextmanager
def _failures() -> Iterator[None]:
    try:
        yield
    except WrongRequest as error:
        raise UsageProblem(str(error)) from error
    except (TransferError, StorageError) as error:
        raise click.ClickException(str(error)) from error
    except BrokenPipeError:
        sys.exit(1)
    except OSError as error:
        raise click.ClickException(f"{error.filename or 'a file'}: {error.strerror or error}") from error
