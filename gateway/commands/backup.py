"""The commands `backup` and `restore`.

Owns their options, sentences and exit codes. What is copied and checked is for gateway.storage.backup, which
is imported only when one of them runs: their help works on an install without it.
"""

import sys
from pathlib import Path

import click

from gateway.commands.options import data_dir
from gateway.storage.errors import StorageError
from runtime.cli import UsageProblem
from runtime.progress import Progress, sized


@click.command
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@data_dir
@click.option("--force", is_flag=True, help="Replace FILE if it is there.")
@click.option("--keep-damaged", is_flag=True, help="Keep the copy also when something in it can't be read.")
def backup(file: Path, data_dir: Path, *, force: bool, keep_damaged: bool) -> None:
    """Copy all data of a gateway to FILE, while it runs or not.

    The copy is of one moment, checked, and has its name only when it is whole. With a name that ends in .zst
    it is compressed.
    """
    from gateway.storage.backup import back_up

    if file.exists() and not force:
        raise UsageProblem(f"{file} is there already. With --force it is replaced")
    if not file.absolute().parent.is_dir():
        raise UsageProblem(f"there is no directory {file.parent}")
    try:
        with Progress(sys.stderr) as progress:
            damage = back_up(data_dir, file, told=progress, keep_damaged=keep_damaged)
    except StorageError as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"{file} has {sized(file.stat().st_size)}.", err=True)
    _tell(damage)


@click.command
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@data_dir
@click.option("--force", is_flag=True, help="Replace the data that are in the directory.")
@click.option("--take-damaged", is_flag=True, help="Restore also a copy of which something can't be read.")
def restore(file: Path, data_dir: Path, *, force: bool, take_damaged: bool) -> None:
    """Make the backup FILE the data of a gateway that does not run.

    FILE is checked first. If it is not whole, or the directory is not empty, nothing changes.
    """
    from gateway.storage.backup import restore as put_back

    try:
        with Progress(sys.stderr) as progress:
            found = put_back(file, data_dir, told=progress, force=force, take_damaged=take_damaged)
    except StorageError as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"{data_dir} has {found.series} series with {found.samples} samples.", err=True)
    _tell([*found.damage])


def _tell(damage: list[str]) -> None:
    """Say what can't be read; then it went wrong, though there is something."""
    for one in damage:
        click.echo(f"damaged: {one}", err=True)
    if damage:
        sys.exit(1)
