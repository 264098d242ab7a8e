"""An alert goes to the first child that matches, to those after it that it continues to, or stays."""

import pytest

from alertrules.routing.loading import load_configuration
from alertrules.routing.tree import all_routes, routes_of
from runtime.documents import parse_document
from timeseries.labels import Labels

TEXT = """\
route:
  receiver: top
  routes:
    - {matchers: [a=1], receiver: one, continue: true, routes: [{matchers: [b=2], receiver: one-two}]}
    - {matchers: [b=2], receiver: two}
    - {matchers: [b=2], receiver: never}
    - {matchers: ['c!~".+"', d=4], receiver: none}
receivers: [{name: top}, {name: one}, {name: one-two}, {name: two}, {name: never}, {name: none}]
"""
TOP = load_configuration(parse_document(TEXT, "F"), "F").route


@pytest.mark.parametrize(
    ("labels", "receivers"),
    [
        ({}, ["top"]),
        ({"a": "2"}, ["top"]),
        ({"a": "1"}, ["one"]),
        ({"b": "2"}, ["two"]),
        ({"a": "1", "b": "2"}, ["one-two", "two"]),
        ({"a": "1", "d": "4"}, ["one", "none"]),
        ({"c": "3", "d": "4"}, ["top"]),
    ],
)
def test_alerts_go_their_ways(labels: dict[str, str], receivers: list[str]) -> None:
    assert [route.receiver for route in routes_of(TOP, Labels(labels))] == receivers


def test_all_routes_are_listed_each_before_its_children() -> None:
    assert [each.receiver for each in all_routes(TOP)] == ["top", "one", "one-two", "two", "never", "none"]
