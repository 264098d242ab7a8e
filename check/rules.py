"""What is wrong with a rule file.

Owns reading it. What is right is said by alertrules, and by its templates.
"""

from dataclasses import dataclass
from pathlib import Path

from alertrules.errors import BadFile
from alertrules.rules.loading import load_rules, repeated_rules
from alertrules.templates.prometheus import check as check_template
from runtime.documents import read_document
from runtime.errors import SettingsError


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What was found in a file."""

    problems: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    count: int = 0


def check_file(file: Path) -> Checked:
    """Return what is wrong with a rule file, and how many rules it has."""
    try:
        groups = load_rules(read_document(file), str(file), check_template)
    except SettingsError as error:
        return Checked(problems=tuple(str(error).splitlines()))
    except BadFile as error:
        return Checked(problems=error.problems)
    return Checked(
        warnings=tuple(repeated_rules(groups, str(file))), count=sum(len(group.rules) for group in groups)
    )
