"""Makes what becomes of alerts, and their history, with all that it needs."""

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from alertrules.notification import Channel
from alertrules.routing.configuration import Integration
from alertrules.templates.alertmanager import NotificationTemplates
from delivery.sender import Clock as SendersClock
from gateway.alerthistory.hosts import Hosts
from gateway.alerthistory.recorder import Recorder
from gateway.alerthistory.upkeep import HistoryUpkeep
from gateway.alerting.alertmanagers import make_alertmanagers
from gateway.alerting.channels.making import make_channel
from gateway.alerting.lane import Clock
from gateway.alerting.pipeline import Pipeline
from gateway.alerting.service import Alerting
from gateway.alerting.trial import Trials
from gateway.history.archive import Archive
from gateway.registry.model import Agent
from gateway.settings import GatewaySettings
from gateway.storage.ledger.alerts import AlertTables
from gateway.storage.ledger.episodes import Episodes
from gateway.storage.ledger.ledger import Ledger
from runtime.logs import Log

RESOLVE_TIMEOUT_MS = 300_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Means:
    """Clocks, chance and names for what sends."""

    clock: SendersClock
    now_ms: Callable[[], int]
    chance: Callable[[], float]
    new_id: Callable[[], str]
    user_agent: str
    failed: Callable[[], None]
    """Told when the history can't be written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """What becomes of alerts, not yet opened; their history, and what keeps it small."""

    alerting: Alerting
    book: Episodes
    upkeep: HistoryUpkeep


def make_alerting(
    settings: GatewaySettings,
    ledger: Ledger,
    archive: Archive,
    *,
    holders: Callable[[], Iterable[Agent]],
    keep_ms: Callable[[], int],
    url: str,
    means: Means,
) -> Made:
    """`holders` tells who sends; raises SettingsError or StorageUnavailable."""
    log, book = Log("alerts"), Episodes(ledger)

    def failed(reason: str) -> None:
        means.failed()
        log.warning("alerts.not_written", reason=reason)

    recorder = Recorder(
        book,
        archive=archive,
        hosts=lambda: Hosts(holders()),
        resolve_timeout_ms=RESOLVE_TIMEOUT_MS,
        now_ms=means.now_ms(),
        known=lambda labels: pipeline.known(labels),  # noqa: PLW0108  # it is made after this
        failed=failed,
    )
    external_url = (settings.external_url or url).rstrip("/")
    pipeline = Pipeline(
        AlertTables(ledger),
        clock=Clock(now_ms=means.now_ms, seconds=means.clock.rising_s, chance=means.chance),
        new_id=means.new_id,
        log=log,
        external_url=external_url,
    )
    alertmanagers = make_alertmanagers(
        settings,
        environment=os.environ,
        clock=means.clock,
        chance=means.chance,
        user_agent=means.user_agent,
        log=log,
    )

    def channel(integration: Integration, templates: NotificationTemplates) -> Channel:
        return make_channel(
            integration, templates=templates, user_agent=means.user_agent, environment=os.environ
        )

    return Made(
        alerting=Alerting(
            pipeline,
            recorder,
            alertmanagers,
            trials=Trials(
                pipeline.ways, now_ms=means.now_ms, stopwatch=means.clock.rising_s, external_url=external_url
            ),
            make_channel=channel,
            now_ms=means.now_ms,
            log=log,
        ),
        book=book,
        upkeep=HistoryUpkeep(recorder=recorder, shelf=book, keep_ms=keep_ms),
    )


def configuration_file(settings: GatewaySettings, directory: Path) -> Path | None:
    """Return the file that the settings name, None if they name none."""
    return directory / settings.alertmanager_config if settings.alertmanager_config else None
