"""Makes a click command whose options are the settings of a program.

Owns how such an option looks. Must not know which settings exist; what a value means is for runtime.settings.
"""

import os
from collections.abc import Callable
from inspect import getdoc
from pathlib import Path

import click

from runtime.errors import SettingsError
from runtime.settings import Section, Setting, Settings, load, settings_of


class SettingsCommand(click.Command):
    """A command whose options are the settings of a program."""

    shape: type[Section]


class UsageProblem(click.ClickException):
    """The user has to change an option or a setting. Said in a sentence, without the usage lines of click."""

    exit_code = 2


def settings_command(
    shape: type[Settings],
) -> Callable[[Callable[[Settings], None]], SettingsCommand]:
    """Make a command of a function that takes the settings of its program."""

    def decorate(run: Callable[[Settings], None]) -> SettingsCommand:
        settings = tuple(settings_of(shape))

        def callback(config: Path | None, **given: object) -> None:
            flags = {setting.key: given[_parameter(setting)] for setting in settings}
            try:
                loaded = load(shape, file=config, environ=os.environ, flags=flags)
            except SettingsError as error:
                raise UsageProblem(str(error)) from error
            run(loaded)

        options: list[click.Parameter] = [_config(), *map(_option, settings)]
        command = SettingsCommand(run.__name__, callback=callback, params=options, help=getdoc(run))
        command.shape = shape
        return command

    return decorate


def _config() -> click.Option:
    return click.Option(
        ["--config"],
        type=click.Path(path_type=Path),
        metavar="FILE",
        envvar="FLEETGAUGE_CONFIG",
        help="Read settings from this YAML file. Flags and variables win over it.  [FLEETGAUGE_CONFIG]",
    )


def _option(setting: Setting) -> click.Option:
    note = f"[{setting.variable}; default: {setting.default_text or 'none'}]"
    return click.Option(
        [_flags(setting), _parameter(setting)],
        type=click.Choice(setting.choices) if setting.choices else None,
        metavar=None if setting.choices or setting.kind is bool else _metavar(setting),
        default=None,
        multiple=setting.many,
        help=f"{setting.help}  {note}",
    )


def _flags(setting: Setting) -> str:
    return f"{setting.flag}/--no-{setting.flag[2:]}" if setting.kind is bool else setting.flag


def _parameter(setting: Setting) -> str:
    """The name click hands the value over by; it must be an identifier."""
    return "__".join(setting.path)


def _metavar(setting: Setting) -> str:
    return "TEXT" if setting.kind is str else str(setting.kind.__name__).upper()
