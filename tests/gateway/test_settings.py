"""Settings that can be read and make no sense are refused before anything starts."""

from typing import Any

import pytest

from gateway.settings import Agents, GatewaySettings, Limits, Query, problems
from runtime.values import Duration, Size

ZERO = Duration.parse("0s")


@pytest.mark.parametrize(
    ("changed", "name"),
    [
        ({"retention": ZERO}, "retention"),
        ({"process_retention": ZERO}, "process_retention"),
        ({"alert_retention": ZERO}, "alert_retention"),
        ({"agents": Agents(offline_after=ZERO)}, "agents.offline_after"),
        ({"query": Query(timeout=ZERO)}, "query.timeout"),
        ({"query": Query(max_concurrency=0)}, "query.max_concurrency"),
        ({"query": Query(max_samples=-1)}, "query.max_samples"),
        ({"query": Query(max_memory=Size.parse("0"))}, "query.max_memory"),
        ({"query": Query(lookback_delta=ZERO)}, "query.lookback_delta"),
        ({"limits": Limits(series=-1)}, "limits.series"),
        ({"limits": Limits(agents=-1)}, "limits.agents"),
        ({"tls_key": "key.pem"}, "tls_cert and tls_key"),
    ],
)
def test_what_makes_no_sense_is_named(changed: dict[str, Any], name: str) -> None:
    found = problems(GatewaySettings(**changed))
    assert [each.partition(":")[0] for each in found] == [name]


def test_the_defaults_and_limits_of_nothing_are_right() -> None:
    assert problems(GatewaySettings()) == []
    assert problems(GatewaySettings(limits=Limits(series=0, agents=0), query=Query(slow=ZERO))) == []
