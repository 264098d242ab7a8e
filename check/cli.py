"""The command `check`.

Owns what it prints and its exit codes. Starts no program.
"""

import sys
from pathlib import Path

import click

from runtime.cli import UsageProblem


@click.group
def check() -> None:
    """Check files before a program reads them.

    Exit codes: 0 when all is right, 1 when something is wrong, 2 when it cannot be said.
    """


@check.command
@click.argument("files", metavar="FILE...", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--program",
    type=click.Choice(("agent", "gateway")),
    help="Whose settings they are. Otherwise their keys say it.",
)
def config(files: tuple[Path, ...], program: str | None) -> None:
    """Check settings files of the agent and the gateway.

    Says OK, or all that is wrong, with lines. Only the file counts here: no flag and no variable. Other files
    that it names are not read.
    """
    from check.configs import Unrecognised, problems_of

    is_wrong = False
    for file in files:
        try:
            name, problems = problems_of(file, program)
        except Unrecognised as error:
            raise UsageProblem(str(error)) from error
        is_wrong = is_wrong or bool(problems)
        for problem in problems:
            click.echo(problem, err=True)
        if not problems:
            click.echo(f"{file}: OK ({name})")
    sys.exit(1 if is_wrong else 0)


@check.command
@click.argument("files", metavar="FILE...", nargs=-1, required=True, type=click.Path(path_type=Path))
def rules(files: tuple[Path, ...]) -> None:
    """Check rule files of Prometheus.

    Says OK and how many rules there are, or all that is wrong, with lines. Two rules with the same name and
    labels are worth a warning. Needs the gateway's install.
    """
    from check.rules import check_file

    is_wrong = False
    for file in files:
        found = check_file(file)
        is_wrong = is_wrong or bool(found.problems)
        for sentence in (*found.problems, *found.warnings):
            click.echo(sentence, err=True)
        if not found.problems:
            click.echo(f"{file}: OK ({found.count} rule{'' if found.count == 1 else 's'})")
    sys.exit(1 if is_wrong else 0)


@check.command
@click.argument("files", metavar="FILE...", nargs=-1, required=True, type=click.Path(path_type=Path))
def alertmanager(files: tuple[Path, ...]) -> None:
    """Check Alertmanager's configuration files.

    Says OK, or all that is wrong, with lines, also with its templates and with ways to receivers that
    cannot be used. Nothing is sent, and files with secrets are not read. Needs the gateway's install.
    """
    from check.routing import checked

    is_wrong = False
    for file in files:
        found, problems = checked(file)
        is_wrong = is_wrong or bool(problems)
        for problem in problems:
            click.echo(problem, err=True)
        if not problems:
            click.echo(f"{file}: OK ({found})")
    sys.exit(1 if is_wrong else 0)
