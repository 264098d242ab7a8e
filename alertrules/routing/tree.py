"""The routing tree: which routes an alert goes to. Knows no time, no group and no receiver's ways."""

from collections.abc import Iterator

from alertrules.routing.configuration import Route
from alertrules.routing.silence import match_all
from timeseries.labels import Labels


def routes_of(top: Route, labels: Labels) -> tuple[Route, ...]:
    """Return the routes that an alert goes to, from left to right; at least one, as the top takes all.

    A route that matches hands it to its children; those after the first that matches get it only when that
    one continues. Where no child matches, the route keeps it.
    """
    if not match_all(top.matchers, labels):
        return ()
    found: list[Route] = []
    for child in top.routes:
        below = routes_of(child, labels)
        found += below
        if below and not child.continues:
            break
    return tuple(found) or (top,)


def all_routes(top: Route) -> Iterator[Route]:
    """Return a route and all that are below it, each before its children."""
    yield top
    for child in top.routes:
        yield from all_routes(child)
