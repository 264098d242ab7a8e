"""Short ways to make families. Knows nothing of where values come from."""

from collections.abc import Iterable, Mapping

from exporter.families import Family, Kind, Pairs, Point


def single(name: str, kind: Kind, text: str, value: float, labels: Pairs = ()) -> Family:
    """A family of one value."""
    return Family(name=name, kind=kind, help=text, points=(Point(value, labels),))


def labelled(name: str, kind: Kind, text: str, label: str, values: Mapping[str, float]) -> Family:
    """A family with one label: a value for each of its values."""
    points = tuple(Point(value, ((label, key),)) for key, value in values.items())
    return Family(name=name, kind=kind, help=text, points=points)


def with_points(families: Iterable[Family]) -> list[Family]:
    """The families that have something to show."""
    return [family for family in families if family.points]
