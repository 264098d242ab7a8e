"""A backtest over a directory of data that no gateway uses. Knows no command line."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from alertrules.backtest.telling import told_of
from alertrules.rules.evaluation import DEFAULT_INTERVAL_MS
from alertrules.rules.model import Group
from gateway.client.times import moment
from gateway.query.catalog import Catalog
from gateway.query.confined import Matchers
from gateway.query.memory import Memory
from gateway.query.service import Queries, Rules
from gateway.query.source import StoredSeries
from gateway.ruler.backtest import Backtests, Told
from gateway.settings import GatewaySettings
from gateway.transfer.directory import StoredSeries as Directory
from gateway.transfer.moving import store_of


def over_directory(
    directory: Path,
    groups: Sequence[Group],
    *,
    since: str,
    until: str,
    only: str | None,
    told: Told,
    say: Callable[[str], None],
) -> dict[str, Any]:
    """Try rules over a directory; raises WrongRequest, TransferError, StorageError and QueryError."""
    settings = GatewaySettings()
    with store_of(directory, say, make_it=False) as store:
        newest_s = Directory(store).newest_ms() / 1000
        span = [round(moment(text, lambda: newest_s) * 1000) for text in (since, until)]
        queries = Queries(
            source=StoredSeries(store),
            # There is nobody to wait for it; the size of each query stays bounded.
            rules=lambda: Rules(
                timeout_s=float("inf"),
                max_samples=settings.query.max_samples,
                lookback_ms=settings.query.lookback_delta.ms,
            ),
            stopwatch=lambda: 0.0,
            memory=Memory(settings.query.max_memory.bytes),
        )
        catalog = Catalog(store)

        def series(matchers: Matchers) -> Any:
            return catalog.confined(matchers).series

        backtests = Backtests(queries=queries, series=series, interval_ms=lambda: DEFAULT_INTERVAL_MS)
        since_ms, until_ms = span
        outcomes = backtests.run(groups, since_ms=since_ms, until_ms=until_ms, only=only, told=told)
        return told_of(outcomes, since_ms, until_ms)
