"""Reads Alertmanager's configuration file, and the templates that it names. Tries out its ways.

Must not know what a way is.

Without a file everybody is told nothing: alerts are kept, grouped and listed, and can be silenced.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from glob import glob
from itertools import chain
from pathlib import Path
from typing import Final

from alertrules.errors import BadFile, TemplateError
from alertrules.notification import Channel
from alertrules.routing.configuration import Configuration, Integration
from alertrules.routing.loading import load_configuration
from alertrules.templates.alertmanager import NotificationTemplates, make_templates
from runtime.documents import parse_document, read_document
from runtime.errors import SettingsError
from runtime.settings import read_found

NOBODY: Final = "route: {receiver: nobody, group_by: [alertname]}\nreceivers: [{name: nobody}]\n"
"""The configuration without a file."""

MAX_TEMPLATE_BYTES: Final = 4 << 20
"""Of all files together: all templates that Alertmanager ships are an eightieth of this."""

MakeChannel = Callable[[Integration, NotificationTemplates], Channel]
"""Makes the way of an integration; raises BadFile."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Configured:
    """A configuration, and the templates for it."""

    configuration: Configuration
    templates: NotificationTemplates
    files: int
    """How many files with templates were read."""
    unmatched: tuple[str, ...] = ()
    """Patterns of templates that fit no file."""


def read_configured(file: Path | None) -> Configured:
    """Return what a file says, or that nobody is told; raises SettingsError with all that is wrong."""
    document = parse_document(NOBODY, "") if file is None else read_document(file)
    name = str(file or "")
    try:
        configuration = load_configuration(document, name)
        found = _found(configuration, Path() if file is None else file.parent)
        texts = list(_texts(chain.from_iterable(found.values())))
        return Configured(
            configuration=configuration,
            templates=make_templates(texts),
            files=len(texts),
            unmatched=tuple(pattern for pattern, files in found.items() if not files),
        )
    except BadFile as error:
        raise SettingsError(list(error.problems)) from error
    except TemplateError as error:
        raise SettingsError([f"{name}: templates: {error}."]) from error


def check_ways(configured: Configured, make_channel: MakeChannel, file: Path | None) -> None:
    """Make each way once; raises SettingsError with what is wrong with all of them."""
    problems = []
    for receiver in configured.configuration.receivers.values():
        for integration in receiver.integrations:
            try:
                make_channel(integration, configured.templates)
            except BadFile as error:
                problems += [f"{file}: receiver {receiver.name}: {problem}" for problem in error.problems]
    if problems:
        raise SettingsError(problems)


def _found(configuration: Configuration, directory: Path) -> dict[str, list[str]]:
    """Return the files that fit each pattern; relative ones begin at the directory."""
    return {
        pattern: sorted(glob(str(directory / pattern)))  # noqa: PTH207  # it may be absolute
        for pattern in configuration.templates
    }


def _texts(files: Iterable[str]) -> Iterator[tuple[str, str]]:
    left = MAX_TEMPLATE_BYTES
    for file in files:
        text = read_found(Path(file))
        left -= len(text)
        if left < 0:
            raise SettingsError(
                [f"{file}: with it there are more than {MAX_TEMPLATE_BYTES} bytes of templates."]
            )
        try:
            yield Path(file).name, text.decode()
        except UnicodeDecodeError as error:
            raise SettingsError([f"{file}: cannot be read: it is not UTF-8."]) from error
