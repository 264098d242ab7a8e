"""An alert as it goes from rules to receivers, whichever program raised it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final, Self

from timeseries.labels import Labels

ALERT_NAME: Final = "alertname"

NOTHING: Final = Labels()

FIRING: Final = "firing"
RESOLVED: Final = "resolved"

_FNV_OFFSET: Final = 0xCBF29CE484222325
_FNV_PRIME: Final = 0x100000001B3
_MASK: Final = (1 << 64) - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """An alert at some time. Two with the same labels are the same alert.

    `ends_ms` is when it ended, or when it counts as ended unless it is heard again; 0: nothing is known.
    `ends_by_timeout` says that whoever sent it named no end, so that any later end is truer.
    `evidence` is what was frozen when it began to fire, ready for JSON; receivers of webhooks may ignore it.
    """

    labels: Labels
    annotations: Labels = NOTHING
    starts_ms: int
    ends_ms: int = 0
    ends_by_timeout: bool = False
    updated_ms: int = 0
    generator_url: str = ""
    evidence: Mapping[str, Any] | None = field(default=None, compare=False)

    @property
    def name(self) -> str:
        """The value of `alertname`."""
        return self.labels.get(ALERT_NAME)

    @property
    def fingerprint(self) -> str:
        """What Alertmanager calls it by: 16 hexadecimal digits that follow from the labels."""
        return fingerprint_of(self.labels)

    def is_resolved(self, now_ms: int) -> bool:
        """Tell whether it has ended."""
        return 0 < self.ends_ms <= now_ms

    def status(self, now_ms: int) -> str:
        """Return `firing` or `resolved`."""
        return RESOLVED if self.is_resolved(now_ms) else FIRING

    def changed(self, **values: Any) -> Self:
        """Return it with other values for some fields."""
        return replace(self, **values)


def fingerprint_of(labels: Labels) -> str:
    """Return Prometheus' fingerprint: FNV-1a of names and values, each with a byte 0xff behind it."""
    digest = _FNV_OFFSET
    for byte in b"".join(text.encode() + b"\xff" for pair in labels for text in pair):
        digest = ((digest ^ byte) * _FNV_PRIME) & _MASK
    return f"{digest:016x}"
