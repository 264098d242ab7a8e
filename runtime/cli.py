"""Makes a click command whose options are the settings of a program.

Owns how such an option looks. Must not know which settings exist; what a value means is for runtime.settings.
"""

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from inspect import getdoc
from itertools import groupby
from pathlib import Path
from typing import Any

import click

from runtime.errors import SettingsError
from runtime.settings import Section, Setting, Settings, load, settings_of
from runtime.values import LabelPair

_MAX_HELP_WIDTH = 120
"""Columns of help on a wide terminal: with a hundred options, click's 80 make it long."""

Reread = Callable[[], Settings]
"""Read the settings again from where they came, or raise SettingsError."""


class SettingsCommand(click.Command):
    """A command whose options are the settings of a program."""

    shape: type[Section]

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options by section: nobody reads a hundred in one list."""
        for heading, options in groupby(self._by_section(ctx), key=lambda option: option[0]):
            with formatter.section(heading):
                formatter.write_dl([record for _, record in options])

    def _by_section(self, ctx: click.Context) -> list[tuple[str, tuple[str, str]]]:
        """Each option with its heading; those of no section first, otherwise as they stand."""
        records = [
            (each.section if isinstance(each, _Option) else "", each.get_help_record(ctx))
            for each in self.get_params(ctx)
        ]
        titled = [
            (f"Options of {section}" if section else "Options", record)
            for section, record in records
            if record
        ]
        return sorted(titled, key=lambda each: each[0] != "Options")


class UsageProblem(click.ClickException):
    """The user has to change an option or a setting. Said in a sentence, without the usage lines of click."""

    exit_code = 2


class _Option(click.Option):
    """The option of a setting."""

    section: str
    """The first name of a setting that has several."""

    def get_help_record(self, ctx: click.Context) -> tuple[str, str] | None:
        """Write a truth as `--[no-]name`: twice the name is too wide for a column."""
        record = super().get_help_record(ctx)
        if record is None or not self.secondary_opts:
            return record
        return f"--[no-]{self.opts[0].removeprefix('--')}", record[1]


def settings_command(
    shape: type[Settings],
    *,
    check: Callable[[Settings], Sequence[str]] = lambda _: (),
    options: Iterable[click.Option] = (),
) -> Callable[[Callable[..., None]], SettingsCommand]:
    """Make a command of a function that takes the settings of its program and a way to read them again.

    `check` says what is wrong with settings although each of them can be read. What more `options` give, the
    function takes by their names.
    """

    def decorate(run: Callable[..., None]) -> SettingsCommand:
        settings = tuple(setting for setting in settings_of(shape) if setting.flag)

        def callback(config: Path | None, **given: Any) -> None:
            flags = {setting.key: given.pop(_parameter(setting)) for setting in settings}
            environ = dict(os.environ)

            def read() -> Settings:
                return _read(shape, check, file=config, environ=environ, flags=flags)

            try:
                loaded = read()
            except SettingsError as error:
                raise UsageProblem(str(error)) from error
            run(loaded, read, **given)

        command = SettingsCommand(
            run.__name__,
            callback=callback,
            params=[_config(), *options, *map(_option, settings)],
            help=getdoc(run),
            context_settings={
                "max_content_width": _MAX_HELP_WIDTH,
                # A flag of node_exporter such as --collector.thermal_zone is the same to us.
                "token_normalize_func": lambda token: token.replace("_", "-"),
            },
        )
        command.shape = shape
        return command

    return decorate


def _read(
    shape: type[Settings],
    check: Callable[[Settings], Sequence[str]],
    *,
    file: Path | None,
    environ: Mapping[str, str],
    flags: Mapping[str, object],
) -> Settings:
    settings = load(shape, file=file, environ=environ, flags=flags)
    if problems := check(settings):
        raise SettingsError(problems)
    return settings


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
    option = _Option(
        [_flags(setting), _parameter(setting)],
        type=click.Choice(setting.choices) if setting.choices else None,
        metavar=None if setting.choices or setting.kind is bool else _metavar(setting),
        default=None,
        multiple=setting.many,
        help=f"{setting.help}  {note}",
    )
    option.section = setting.path[0] if len(setting.path) > 1 else ""
    return option


def _flags(setting: Setting) -> str:
    return f"{setting.flag}/--no-{setting.flag[2:]}" if setting.kind is bool else setting.flag


def _parameter(setting: Setting) -> str:
    """The name click hands the value over by; it must be an identifier."""
    return "__".join(setting.path)


_METAVARS = {str: "TEXT", LabelPair: "NAME=VALUE"}


def _metavar(setting: Setting) -> str:
    return _METAVARS.get(setting.kind) or str(setting.kind.__name__).upper()
