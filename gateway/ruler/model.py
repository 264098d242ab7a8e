"""What the ruler keeps and shows: versions of groups that people edit, and groups as they are now."""

from dataclasses import dataclass

from alertrules.rules.model import Group
from alertrules.rules.outcome import GroupResult


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """One version of a group that people edit. The newest counts; to delete it is a version, too."""

    name: str
    version: int
    text: str
    is_enabled: bool
    is_deleted: bool
    changed_ms: int
    changed_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupView:
    """A group, and how its last evaluation was; none of its rules has a time before the first one."""

    group: Group
    interval_ms: int
    result: GroupResult
