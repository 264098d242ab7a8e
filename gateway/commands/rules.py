"""The commands `test rules` and `backtest`.

Owns their options, sentences and exit codes. What they do is for alertrules, which is imported only when one
of them runs: their help works on an install without it.
"""

import json
import re
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from glob import glob
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from gateway.client.api import Api
from gateway.client.errors import QueryFailed, WrongRequest
from gateway.commands.options import token_file
from gateway.settings import GatewaySettings
from runtime.cli import UsageProblem
from runtime.errors import SettingsError
from runtime.progress import Progress

if TYPE_CHECKING:
    from alertrules.rules.model import Group
    from alertrules.testing.file import TestFile
    from alertrules.testing.running import Verdict


@click.group
def test() -> None:
    """Run tests that people write.

    Exit codes: 0 when all passed, 1 when a test failed, 2 when a file can't be used.
    """


@test.command
@click.argument("files", metavar="FILE...", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--run", "only", metavar="REGEX", default="", help="Run only tests whose names this matches.")
@click.option(
    "--junit",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Write a JUnit report, too.",
)
def rules(files: tuple[Path, ...], only: str, junit: Path | None) -> None:
    """Run unit tests of rules, in files such as those of `promtool test rules`.

    Says of each file OK, or what is not as expected, with lines. The rule files that a FILE names are looked
    for beside it.
    """
    from gateway.commands.junit import report

    try:
        chosen = re.compile(only)
    except re.error as error:
        raise UsageProblem(f"--run {only}: {error}") from error
    runs: list[tuple[str, Sequence[Verdict]]] = []
    is_unusable = False
    for file in files:
        try:
            runs.append((str(file), _run(file, chosen)))
        except SettingsError as error:
            is_unusable = True
            click.echo(str(error), err=True)
    if junit is not None:
        junit.write_bytes(report(runs))
    failed = any(verdict.differences for _, verdicts in runs for verdict in verdicts)
    sys.exit(2 if is_unusable else 1 if failed else 0)


def _run(file: Path, chosen: "re.Pattern[str]") -> "Sequence[Verdict]":
    """Run the tests of a file, and say how they went; raises SettingsError."""
    from alertrules.testing.running import run

    tests = _tests_of(file)
    groups = _groups_of(file, tests)
    wanted = [one for one in tests.tests if chosen.search(one.name)]
    verdicts = [*run(tests, groups, wanted)]
    bad = [verdict for verdict in verdicts if verdict.differences]
    count = f"{len(verdicts)} test" + ("" if len(verdicts) == 1 else "s")
    click.echo(f"{file}: FAILED ({len(bad)} of {count})" if bad else f"{file}: OK ({count})")
    for verdict in bad:
        click.echo(f"  {verdict.test.name}, line {verdict.test.line}")
        for difference in verdict.differences:
            for line in difference.lines:
                click.echo(f"    {line}")
    return verdicts


def _tests_of(file: Path) -> "TestFile":
    from alertrules.errors import BadFile
    from alertrules.testing.file import load_tests
    from runtime.documents import read_document

    try:
        return load_tests(read_document(file), str(file))
    except BadFile as error:
        raise SettingsError(list(error.problems)) from error


def _groups_of(file: Path, tests: "TestFile") -> "Sequence[Group]":
    """Read the rule files that are meant, each once."""
    found: dict[str, None] = {}
    for pattern in tests.patterns:
        matching = sorted(glob(str(file.parent / pattern.text)))  # noqa: PTH207 - it may be absolute
        if not matching:
            click.echo(f"{file}, line {pattern.line}: no file is called {pattern.text}.", err=True)
        found.update(dict.fromkeys(matching))
    return [group for each in found for group in _rules_of(Path(each))]


def _rules_of(file: Path) -> "Sequence[Group]":
    """Read a rule file; raises SettingsError."""
    from alertrules.errors import BadFile
    from alertrules.rules.loading import load_rules
    from alertrules.templates.prometheus import check
    from runtime.documents import read_document

    try:
        return load_rules(read_document(file), str(file), check)
    except BadFile as error:
        raise SettingsError(list(error.problems)) from error


@click.command
@click.argument("file", metavar="RULEFILE", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@click.option("--since", metavar="TIME", default="-30d", show_default=True, help="From here on,")
@click.option("--until", metavar="TIME", default="now", show_default=True, help="to here.")
@click.option(
    "--url",
    metavar="URL",
    default=f"http://{GatewaySettings().listen}",
    show_default=True,
    help="The gateway that is asked,",
)
@token_file
@click.option(
    "--data-dir",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="or a directory of data that no gateway uses.",
)
@click.option("--rule", "only", metavar="NAME", help="Only the alert rules of this name.")
@click.option("--format", "form", type=click.Choice(("table", "json")), default="table", show_default=True)
def backtest(
    *,
    file: Path,
    since: str,
    until: str,
    url: str,
    token_file: Path | None,
    data_dir: Path | None,
    only: str | None,
    form: str,
) -> None:
    """Say when the alerts of RULEFILE would have fired, had its rules run over the stored samples.

    TIME is a number of seconds since 1970, RFC 3339 such as 2026-09-21T13:33:20Z, now, or -30d; of a
    directory now is its newest sample.
    """
    from alertrules.backtest.telling import written

    with _failures():
        if data_dir is None:
            api = Api(url, token=token_file.read_text().strip() if token_file else "")
            told = _asked(file, since, until, api, only)
        else:
            told = _tried(file, since, until, data_dir, only)
    if only and not told["rules"]:
        raise UsageProblem(f"{file}: there is no alert rule {only}.")
    click.echo(written(told) if form == "table" else json.dumps(told, indent=1) + "\n", nl=False)


def _asked(file: Path, since: str, until: str, api: Api, only: str | None) -> dict[str, Any]:
    from gateway.client.times import moment

    _rules_of(file)
    now = api.now()
    wish = {
        "rules": file.read_text(),
        "since": moment(since, lambda: now),
        "until": moment(until, lambda: now),
        **({"rule": only} if only else {}),
    }
    answer: dict[str, Any] = api.post("rules/backtest", wish)
    return answer


def _tried(file: Path, since: str, until: str, data_dir: Path, only: str | None) -> dict[str, Any]:
    from gateway.ruler.offline import over_directory

    with Progress(sys.stderr) as progress:
        return over_directory(
            data_dir, _rules_of(file), since=since, until=until, only=only, told=progress.share, say=_say
        )


def _say(sentence: str) -> None:
    click.echo(sentence, err=True)


@contextmanager
def _failures() -> Iterator[None]:
    from gateway.storage.errors import StorageError
    from gateway.transfer.errors import TransferError
    from promql.errors import QueryError

    try:
        yield
    except (WrongRequest, SettingsError) as error:
        raise UsageProblem(str(error)) from error
    except (QueryFailed, TransferError, StorageError, QueryError) as error:
        raise click.ClickException(str(error)) from error
