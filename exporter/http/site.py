"""What the pages need of the agent."""

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from exporter.families import Family


class Site(Protocol):
    """The agent, as its pages see it. All of it may be called from several threads at once."""

    def scrape(self, wanted: Callable[[str], bool]) -> Sequence[Family]:
        """Run the collectors whose names are wanted; return families by name, each name once."""

    def collectors(self) -> Sequence[str]:
        """Return the names of the collectors that run."""

    def health(self) -> tuple[bool, Mapping[str, object]]:
        """Return whether all is well, and what there is to know, to be shown as JSON."""

    def reload(self) -> Sequence[str]:
        """Take the configuration anew; return what is wrong with it, nothing when it is in use now."""
