"""Filters of Alertmanager's API: one matcher in each, as Alertmanager 0.25 reads them."""

import falcon
import pytest

from gateway.http.alertmanager.alerts import filters
from gateway.http.parameters import Parameters


def written(*texts: str) -> list[str]:
    return [str(one) for one in filters(Parameters([("filter", text) for text in texts]))]


def test_each_filter_is_one_matcher() -> None:
    assert written() == []
    assert written('a="b"', "c!~d|e") == ['a="b"', 'c!~"d|e"']


def test_a_comma_without_quotes_is_part_of_the_value() -> None:
    assert written("a=b,c=d") == ['a="b,c=d"']


@pytest.mark.parametrize("text", ["", "a", '{a="b"}', 'a="b",c="d"', "{a=b,c=d}", 'a=~"("'])
def test_what_is_not_one_matcher_is_refused(text: str) -> None:
    with pytest.raises(falcon.HTTPBadRequest) as caught:
        written('a="b"', text)
    assert "bad matcher format" in (caught.value.description or "")
