"""What hosts that are not Linux collect: names are those of the table, and each works where psutil does."""

from datetime import UTC, datetime

from exporter.collectors import elsewhere, table
from exporter.settings import AgentSettings, Paths


def test_every_portable_collector_has_a_switch_and_gives_families() -> None:
    settings = AgentSettings()
    host = table.host_at(Paths(), now=lambda: datetime.now(UTC))
    made = table.collectors(host, settings, elsewhere.MAKERS)
    assert {collector.name for collector in made} == set(elsewhere.MAKERS) <= set(table.MAKERS)
    for collector in made:
        families = list(collector.gather())
        assert families, collector.name
        assert all(family.points and family.help for family in families), collector.name
