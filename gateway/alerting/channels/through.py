"""Sends a message with Apprise, and says in one sentence without secrets why it was not taken.

The only module that imports Apprise, and only when there is something to send with it: it takes memory.
Apprise keeps no files here: no store, no configuration, no plugins of users, no attachments. Its log goes
nowhere.
"""

import logging
import re
import threading
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from alertrules.errors import NotifyFailed
from alertrules.notification import Notification
from alertrules.routing.configuration import Integration
from alertrules.templates.alertmanager import NotificationTemplates
from gateway.alerting.channels.masking import masked
from gateway.alerting.channels.reach import (
    refuse,
    skips_verification,
    unsupported_by_apprise,
)
from gateway.alerting.channels.services import NEEDS, SERVICES, TAKES_TOKEN, Message
from gateway.alerting.channels.sheet import Sheet

if TYPE_CHECKING:
    from apprise import AppriseAsset

PROGRAM: Final = "Fleetgauge"

TEST_TITLE: Final = "[TEST]"
TEST_BODY: Final = "This is a test of Fleetgauge. Nothing is wrong."

# Apprise can't be stopped in the middle: of those that hang, no more than this for each way.
MAX_AT_ONCE: Final = 4

# Shorter pieces of an address are words such as "to", and masking them would make reasons unreadable.
_MIN_SECRET_CHARACTERS: Final = 4

_STATUS: Final = re.compile(r"error=(\d{3})\b")
# Of the answers that say that the message is wrong, these are about time.
_LATER: Final = frozenset({408, 425, 429})


class AppriseChannel:
    """Sends to a service that Apprise knows. For many threads."""

    def __init__(self, integration: Integration, *, templates: NotificationTemplates) -> None:
        """Check the settings; raises BadFile."""
        self._integration = integration
        self._templates = templates
        self._room = threading.BoundedSemaphore(MAX_AT_ONCE)
        refuse(integration.name, _problems(integration))

    def send(self, notification: Notification, *, timeout_s: float) -> None:
        """Return when it was taken; raises NotifyFailed, or TemplateError."""
        own_ms = int(self._integration.settings.get("timeout") or 0)
        timeout_s = min(timeout_s, own_ms / 1000) if own_ms else timeout_s
        sheet = Sheet(self._integration, self._templates, notification)
        message = SERVICES[self._integration.kind](sheet)
        if notification.is_test:
            message = _tested(message)
        if not self._room.acquire(blocking=False):
            raise NotifyFailed("it has not yet answered earlier messages", is_final=False)
        work = _Work(self._integration.settings, message, sheet, timeout_s)
        # In a thread of its own: time-outs of sockets do not end each way to hang.
        thread = threading.Thread(target=self._run, args=(work,), name=self._integration.name, daemon=True)
        try:
            thread.start()
        except RuntimeError as error:
            self._room.release()
            raise NotifyFailed(f"nothing can be sent now: {error}", is_final=False) from None
        thread.join(timeout_s)
        if not work.is_done:
            raise NotifyFailed(f"no answer within {timeout_s:g} s", is_final=False)
        if work.failure is not None:
            raise work.failure

    def _run(self, work: "_Work") -> None:
        try:
            work.do()
        finally:
            self._room.release()


def check_address(address: str) -> bool:
    """Tell whether Apprise knows an address and can use it."""
    _load()
    from apprise import Apprise

    return Apprise.instantiate(address, asset=_asset("")) is not None


def _problems(integration: Integration) -> Iterable[str]:
    kind, settings = integration.kind, integration.settings
    for names in NEEDS.get(kind, ()):
        if not any(settings.get(name) or settings.get(f"{name}_file") for name in names.split("|")):
            yield f"it needs {names.replace('|', ' or ')}"
    http = settings.get("http_config") or {}
    yield from unsupported_by_apprise(http, takes_token=kind in TAKES_TOKEN)
    if kind == "sns" and settings.get("target_arn"):
        yield "target_arn is not supported; give a topic_arn or a phone_number"
    address = settings.get("url")
    if kind == "apprise" and address and "{{" not in address and not check_address(address):
        yield "the url is none that Apprise knows; see docs/notifications.md"


class _Work:
    """One message in one thread."""

    def __init__(self, settings: Mapping[str, Any], message: Message, sheet: Sheet, timeout_s: float) -> None:
        self._settings = settings
        self._message = message
        self._sheet = sheet
        self._timeout_s = timeout_s
        self.is_done = False
        self.failure: NotifyFailed | None = None

    def do(self) -> None:
        """Send it, and note what came of it."""
        try:
            self.failure = self._send()
        except Exception as error:
            # Apprise's services raise what they like for arguments that make no sense.
            self.failure = NotifyFailed(self._masked(f"{type(error).__name__}: {error}"), is_final=True)
        self.is_done = True

    def _send(self) -> NotifyFailed | None:
        _load()
        from apprise import Apprise, NotifyType

        message = self._message
        asset = _asset(message.color)
        service = Apprise.instantiate(self._arguments(), asset=asset, suppress_exceptions=False)
        if service is None:
            return NotifyFailed("Apprise can't use the address", is_final=True)
        service.socket_connect_timeout = service.socket_read_timeout = self._timeout_s
        if not isinstance(message.service, str):
            # Its pauses are for many targets; here there is one, and at most a token to fetch before it.
            service.request_rate_per_sec = 0
        sender = Apprise(asset=asset)
        sender.add(service)
        result = sender.notify(
            body=message.body or message.title or PROGRAM,
            title=message.title if message.body else "",
            notify_type=NotifyType.SUCCESS if self._sheet.is_resolved else NotifyType.FAILURE,
            body_format=message.format,
        )
        return None if result else self._failure([entry.message for entry in result.logs()])

    def _arguments(self) -> dict[str, Any] | str:
        service = self._message.service
        if isinstance(service, str):
            return service
        verified = {"verify": not skips_verification(self._settings)}
        return {"overflow": "truncate", **verified, **service}

    def _failure(self, said: Sequence[str]) -> NotifyFailed:
        statuses = [int(found) for text in said for found in _STATUS.findall(text)]
        is_final = any(400 <= status < 500 and status not in _LATER for status in statuses)
        return NotifyFailed(self._masked(" ".join(said)) or "it was not taken", is_final=is_final)

    def _masked(self, text: str) -> str:
        """Return a text without secrets, nor pieces of one that is an address."""
        return masked(text, self._sheet.secrets, shortest=_MIN_SECRET_CHARACTERS)


def _tested(message: Message) -> Message:
    body = f"{TEST_BODY}\n{message.body}" if message.body else TEST_BODY
    return Message(
        service=message.service,
        title=f"{TEST_TITLE} {message.title}".strip(),
        body=body,
        format=message.format,
        color=message.color,
    )


def _asset(color: str) -> "AppriseAsset":
    from apprise import AppriseAsset, NotifyType, PersistentStoreMode

    colors = dict(AppriseAsset.html_notify_map)
    if color:
        colors = dict.fromkeys(NotifyType, color)
    return AppriseAsset(
        storage_mode=PersistentStoreMode.MEMORY,
        service_timeout=0,
        allow_templates=False,
        app_id=PROGRAM,
        app_desc=PROGRAM,
        app_url="",
        async_mode=False,
        # It would take keys in headers and bodies along to whatever host it is sent to.
        http_redirects=False,
        html_notify_map=colors,
        image_url_logo="",
        image_url_mask="",
        pem_autogen=False,
        pgp_autogen=False,
        secure_logging=True,
    )


def _load() -> None:
    """Load Apprise's services, whichever thread comes first; its log may name secrets, and goes nowhere."""
    logger = logging.getLogger("apprise")
    if logger.propagate:
        logger.addHandler(logging.NullHandler())
        logger.setLevel(logging.WARNING)
        logger.propagate = False
    from apprise.manager_plugins import NotificationManager

    # Left to itself it loads them while other threads already look for theirs.
    NotificationManager().load_modules()  # type: ignore[no-untyped-call]
