"""What becomes of alerts: they are written down, told to receivers, and sent to Alertmanagers.

Knows neither where they come from nor HTTP.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from alertrules.alert import Alert
from alertrules.routing.alerts import received
from gateway.alerthistory.recorder import Recorder
from gateway.alerting.alertmanagers import Alertmanagers
from gateway.alerting.configuring import Configured, MakeChannel, check_ways, read_configured
from gateway.alerting.pipeline import Pipeline
from gateway.alerting.trial import Trials
from runtime.logs import Log
from timeseries.labels import Labels

EVIDENCE: Final = "evidence"
"""The annotation by which Alertmanagers, which know no evidence, are told of it in words."""

NOBODY_IS_TOLD: Final = "alerts are kept and listed; alertmanager_config or alertmanager say who is told"


class Alerting:
    """Alerts of the gateway's own rules and of others. For several threads."""

    def __init__(
        self,
        pipeline: Pipeline,
        recorder: Recorder,
        alertmanagers: Alertmanagers,
        *,
        trials: Trials,
        make_channel: MakeChannel,
        now_ms: Callable[[], int],
        log: Log,
    ) -> None:
        self.pipeline = pipeline
        self.trials = trials
        self.alertmanagers = alertmanagers
        self._recorder = recorder
        self._make_channel = make_channel
        self._now_ms = now_ms
        self._log = log

    def open(self, file: Path | None) -> None:
        """Begin, as the configuration file says; raises SettingsError or StorageUnavailable."""
        configured = self._use(file, self.pipeline.open)
        self.alertmanagers.start()
        self._say(configured, file)

    def reload(self, file: Path | None) -> None:
        """Take the configuration anew; raises SettingsError, and then nothing has changed."""
        self._say(self._use(file, self.pipeline.reload), file)

    def stop(self, timeout_s: float) -> None:
        """End what sends; what was not told is told after the next start."""
        self.alertmanagers.stop(timeout_s)
        self.pipeline.stop(timeout_s)

    def send(self, alerts: Sequence[Alert], now_ms: int) -> None:
        """Take alerts of the gateway's own rules: everybody is told."""
        told = self._recorder.take(alerts, now_ms)
        self.pipeline.put(told)
        self.alertmanagers.send(map(in_words, told))

    def take(self, alerts: Sequence[Alert]) -> None:
        """Take alerts of others, who tell their own Alertmanagers themselves."""
        now_ms = self._now_ms()
        timeout_ms = self.pipeline.configuration.resolve_timeout_ms
        self.pipeline.put(
            self._recorder.take([received(alert, now_ms, timeout_ms) for alert in alerts], now_ms)
        )

    def _use(self, file: Path | None, use: Callable[..., None]) -> Configured:
        configured = read_configured(file)
        check_ways(configured, self._make_channel, file)
        use(
            configured.configuration,
            lambda integration: self._make_channel(integration, configured.templates),
        )
        return configured

    def _say(self, configured: Configured, file: Path | None) -> None:
        """Say who is told, so that a start shows whether it is somebody."""
        for pattern in configured.unmatched:
            self._log.warning("alerts.no_templates", pattern=pattern)
        receivers = configured.configuration.receivers.values()
        ways = sum(len(receiver.integrations) for receiver in receivers)
        alertmanagers = len(self.alertmanagers.active())
        self._log.info(
            "alerts.configured",
            file=str(file or ""),
            receivers=len(receivers) if file else 0,
            ways=ways,
            alertmanagers=alertmanagers,
        )
        if not ways and not alertmanagers:
            self._log.info("alerts.nobody_is_told", reason=NOBODY_IS_TOLD)


def in_words(alert: Alert) -> Alert:
    """Return an alert whose annotations say what its evidence comes to."""
    if not alert.evidence:
        return alert
    return alert.changed(annotations=Labels({**dict(alert.annotations), EVIDENCE: alert.evidence["summary"]}))
