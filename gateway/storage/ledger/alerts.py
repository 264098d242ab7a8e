"""The tables of the notification pipeline (gateway.alerting.kept): alerts, and all that goes with them."""

import json
import sqlite3
from collections.abc import Mapping, Sequence
from typing import Any, Final

from alertrules.alert import Alert
from gateway.alerting.kept import Delivery, Loaded, Writing
from gateway.storage.database import FAULTS
from gateway.storage.errors import StorageUnavailable
from gateway.storage.ledger.deliveries import forget_deliveries, load_deliveries, write_deliveries
from gateway.storage.ledger.ledger import Ledger
from gateway.storage.ledger.silences import load_silences, write_silences
from gateway.storage.ledger.told import load_told, write_told
from timeseries.labels import Labels

_FIELDS: Final = ("starts_ms", "ends_ms", "ends_by_timeout", "updated_ms", "generator_url", "evidence")


class AlertTables:
    """The tables alert, silence, told and delivery."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def load(self, now_ms: int) -> Loaded:
        """Return what was kept and is not too old; raises StorageUnavailable."""
        reader = self._ledger.reader
        try:
            return Loaded(
                alerts=load_alerts(reader), silences=load_silences(reader), told=load_told(reader, now_ms)
            )
        except FAULTS as error:
            raise StorageUnavailable(f"alerts can't be read: {error}") from error

    def save(self, writing: Writing) -> None:
        """Return when all of it is durable; raises StorageUnavailable."""

        def work(connection: sqlite3.Connection) -> None:
            write_alerts(connection, writing.changes.alerts)
            write_told(connection, writing.changes.told)
            write_silences(connection, writing.silences)
            write_deliveries(connection, writing.deliveries)

        self._ledger.change(work)

    def deliveries(self, receiver: str | None, limit: int) -> Sequence[Delivery]:
        """Return the newest entries of the delivery log, the newest first."""
        try:
            return load_deliveries(self._ledger.reader, receiver, limit)
        except FAULTS as error:
            raise StorageUnavailable(f"the delivery log can't be read: {error}") from error

    def forget_deliveries(self, *, before_ms: int, most: int) -> None:
        """Drop entries from before a time, and of each receiver all but the newest."""
        self._ledger.change(lambda connection: forget_deliveries(connection, before_ms, most))


def load_alerts(reader: sqlite3.Connection) -> list[Alert]:
    """Return all alerts."""
    return [_alert(json.loads(body)) for (body,) in reader.execute("SELECT body FROM alert")]


def write_alerts(connection: sqlite3.Connection, alerts: Mapping[str, Alert | None]) -> None:
    """Write alerts by fingerprint; None takes one away."""
    connection.executemany(
        "INSERT OR REPLACE INTO alert VALUES (?, ?, ?)",
        [(key, alert.ends_ms, _body(alert)) for key, alert in alerts.items() if alert],
    )
    connection.executemany(
        "DELETE FROM alert WHERE fingerprint = ?", [(key,) for key, alert in alerts.items() if alert is None]
    )


def _body(alert: Alert) -> str:
    said = {name: getattr(alert, name) for name in _FIELDS}
    return json.dumps({"labels": dict(alert.labels), "annotations": dict(alert.annotations), **said})


def _alert(said: Mapping[str, Any]) -> Alert:
    labels = {"labels": Labels(said["labels"]), "annotations": Labels(said["annotations"])}
    return Alert(**{**said, **labels})
