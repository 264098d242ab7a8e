"""What both formats have in common: a line for each value. Knows neither's heads."""

from collections.abc import Iterable, Sequence

from exporter.families import Family, Pairs

_WHOLE = 1e15
"""Whole numbers below this are written without a fraction; a float still tells all of them apart."""


class Page:
    """Lines of one page. Families share labels, so the text of labels is kept while it is written."""

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._known: dict[Pairs, str] = {(): " "}

    def head(self, line: str) -> None:
        """Add a line that is no sample."""
        self._lines.append(line)

    def samples(self, family: Family) -> None:
        """Add a line for each point."""
        name, known, add = family.name, self._known, self._lines.append
        for value, labels, suffix in family.points:
            text = known.get(labels) or self._learn(labels)
            if -_WHOLE < value < _WHOLE:
                whole = int(value)
                add(f"{name}{suffix}{text}{whole if whole == value else repr(value)}\n")
            else:
                add(f"{name}{suffix}{text}{number(value)}\n")

    def content(self) -> bytes:
        """The page. What is no Unicode, such as a name that is no UTF-8, becomes question marks."""
        return "".join(self._lines).encode("utf-8", "replace")

    def _learn(self, labels: Pairs) -> str:
        inside = ",".join([f'{name}="{value}"' for name, value in labels])
        if inside.count('"') > 2 * len(labels) or "\\" in inside or "\n" in inside:
            inside = ",".join([f'{name}="{quoted(value)}"' for name, value in labels])
        text = self._known[labels] = f"{{{inside}}} "
        return text


def number(value: float) -> str:
    """A float as Go reads and writes it."""
    if value != value:  # noqa: PLR0124  # only NaN is
        return "NaN"
    if value in (float("inf"), float("-inf")):
        return "+Inf" if value > 0 else "-Inf"
    return repr(float(value))


def help_text(text: str) -> str:
    """Help, in one line."""
    return text.replace("\\", "\\\\").replace("\n", "\\n")


def quoted(text: str) -> str:
    """Text for between quotation marks."""
    return help_text(text).replace('"', '\\"')


def shown(families: Iterable[Family]) -> Sequence[Family]:
    """The families that have something to show."""
    return [family for family in families if family.points]
