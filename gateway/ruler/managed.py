"""Rule groups that people edit over the API: checked, kept with all versions, switched off and on.

Owns what may be edited and how. Where it is kept is behind a port; knows no HTTP.
"""

import re
import threading
from collections.abc import Callable, Sequence
from typing import Final, Protocol

from alertrules.errors import BadFile
from alertrules.rules.model import Group
from gateway.ruler.errors import BadRules, NoSuchRules, RulesRefused, TooManyRules
from gateway.ruler.files import Load, parse_rules
from gateway.ruler.model import Version

MANAGED: Final = "managed"
"""What takes the place of the file's name."""

MAX_MANAGED: Final = 1_000
"""Groups that are edited by hand: what files are for is more than this."""

MAX_TEXT_BYTES: Final = 256 * 1024
"""Of one group: a thousand rules."""

MAX_VERSIONS: Final = 100
"""Kept of one group: what someone may want back. Older ones go, so that a script can't fill the disk."""

BAD_NAME: Final = (
    "A name must have 1 to 200 characters, without a / and control characters; . and .. are none."
)

# Programs leave out . and .. of a path, so nobody could ask for such a group.
_NAME: Final = re.compile(r"(?!\.\.?\Z)[^/\x00-\x1f\x7f]{1,200}")


class Kept(Protocol):
    """Where versions are kept (gateway.storage.ledger.rules)."""

    def newest(self) -> list[Version]:
        """Return the newest version of each, deleted ones too, by name."""

    def versions(self, name: str) -> list[Version]:
        """Return all versions of one, the newest first."""

    def add(
        self, make: Callable[[Sequence[Version]], Version], name: str, most: int, forget: str | None
    ) -> Version:
        """Add what `make` makes of the versions so far; keep so many, and none of the group to forget.

        Raises StorageUnavailable.
        """


class Managed:
    """All such groups. For several threads."""

    def __init__(
        self,
        kept: Kept,
        *,
        load: Load,
        now_ms: Callable[[], int],
        refusal: str = "",
    ) -> None:
        """`refusal` says why there can be no such groups here, if that is so."""
        self._kept = kept
        self._load = load
        self._now_ms = now_ms
        self._refusal = refusal
        self.changed: Callable[[], None] = lambda: None
        """Called after each change, by the thread that made it."""
        self._turn = threading.Lock()

    def listed(self) -> list[Version]:
        """Return those that are there, by name."""
        return [one for one in self._kept.newest() if not one.is_deleted]

    def versions(self, name: str) -> list[Version]:
        """Return all versions of one, also of a deleted one, the newest first; raises NoSuchRules."""
        found = self._kept.versions(name)
        if not found:
            raise NoSuchRules(f"there is no managed rule group {name}")
        return found

    def put(self, name: str, text: str, *, is_enabled: bool, by: str) -> Version:
        """Add a version, the first too. Raises BadRules, TooManyRules or StorageUnavailable."""
        self._check_one(text, name)
        return self._add(name, by, lambda _: (text, is_enabled, False))

    def restore(self, name: str, version: int, *, is_enabled: bool, by: str) -> Version:
        """Add a version with the text of an earlier one; raises NoSuchRules and as `put` does."""
        found = next((one for one in self.versions(name) if one.version == version), None)
        if found is None:
            raise NoSuchRules(f"the managed rule group {name} has no version {version}")
        return self.put(name, found.text, is_enabled=is_enabled, by=by)

    def switch(self, name: str, *, is_enabled: bool, by: str) -> Version:
        """Add a version with the same text, in use or not; raises NoSuchRules or StorageUnavailable."""
        return self._add(name, by, lambda newest: (_there(newest, name).text, is_enabled, False))

    def delete(self, name: str, *, by: str) -> Version:
        """Take it out of use; its versions stay. Raises NoSuchRules or StorageUnavailable."""
        return self._add(name, by, lambda newest: (_there(newest, name).text, False, True))

    def groups(self) -> tuple[tuple[Group, ...], tuple[str, ...]]:
        """Return the groups in use, and what is wrong with those that can't be.

        A text that was good once may not be for a newer gateway: the others are in use all the same.
        """
        groups: list[Group] = []
        problems: list[str] = []
        if self._refusal:
            return (), ()
        for one in self.listed():
            if one.is_enabled:
                try:
                    groups += self._check_one(one.text, one.name)
                except BadRules as error:
                    problems += error.problems
        return tuple(groups), tuple(problems)

    def check(self, text: str, name: str = "rules") -> tuple[Group, ...]:
        """Return the groups of a text, which messages call by a name. Raises BadRules."""
        if len(text.encode()) > MAX_TEXT_BYTES:
            raise BadRules([f"The text has more than {MAX_TEXT_BYTES >> 10} KiB."])
        try:
            return parse_rules(text, name, MANAGED, self._load)
        except BadFile as error:
            raise BadRules(error.problems) from error

    def _check_one(self, text: str, name: str) -> tuple[Group, ...]:
        """Return the group of a text, which must have this one only. Raises BadRules."""
        if not _NAME.fullmatch(name):
            raise BadRules([BAD_NAME])
        groups = self.check(text, name)
        if [group.name for group in groups] != [name]:
            raise BadRules([f'{name}: the text must have one group, and its name must be "{name}".'])
        return groups

    def _add(self, name: str, by: str, what: Callable[[Version | None], tuple[str, bool, bool]]) -> Version:
        def make(versions: Sequence[Version]) -> Version:
            newest = versions[0] if versions else None
            text, is_enabled, is_deleted = what(newest)
            return Version(
                name=name,
                version=newest.version + 1 if newest else 1,
                text=text,
                is_enabled=is_enabled,
                is_deleted=is_deleted,
                changed_ms=self._now_ms(),
                changed_by=by,
            )

        if self._refusal:
            raise RulesRefused(self._refusal)
        with self._turn:
            made = self._kept.add(make, name, MAX_VERSIONS, self._in_the_way(name))
        self.changed()
        return made

    def _in_the_way(self, name: str) -> str | None:
        """Return the group whose place another takes: the one deleted longest ago; raises TooManyRules."""
        newest = self._kept.newest()
        if len(newest) < MAX_MANAGED or any(one.name == name for one in newest):
            return None
        deleted = [one for one in newest if one.is_deleted]
        if not deleted:
            raise TooManyRules(
                f"there are {MAX_MANAGED} managed rule groups; delete some, or write more of them to files"
            )
        return min(deleted, key=lambda one: one.changed_ms).name


def _there(newest: Version | None, name: str) -> Version:
    if newest is None or newest.is_deleted:
        raise NoSuchRules(f"there is no managed rule group {name}")
    return newest
