"""`/api/v1/rules/backtest`: what rules would have done.

Owns the parameters, limits and look of the answer. What would have fired is for alertrules.backtest.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import falcon

from alertrules.backtest.telling import told_of
from alertrules.errors import BadFile
from alertrules.rules.loading import load_rules
from alertrules.rules.model import Group
from alertrules.templates.prometheus import check
from gateway.http import envelope
from gateway.http.asked import near
from gateway.http.caller import caller_of
from gateway.http.document import document_of, member
from gateway.http.errors import ApiError
from gateway.http.parameters import bad, time_ms
from gateway.http.requestid import request_id_of
from gateway.http.server import WAITED
from gateway.query.service import Wishes
from gateway.ruler.backtest import Backtests
from runtime.documents import parse_document
from runtime.errors import SettingsError

MAX_BODY_BYTES: Final = 1024 * 1024
"""A thousand rules with long texts."""

NAME: Final = "rules"
"""What messages call a text of rules that came over the API."""

DAYS_MS: Final = 30 * 86_400_000
"""How far back it goes unless it is said."""

_KEYS: Final = ("rules", "group", "rule", "since", "until")

Groups = Callable[[str], Sequence[Group]]
"""The groups in service that have a name."""


class Backtest:
    """Tries rules that come along, or a group in service."""

    def __init__(self, backtests: Backtests, groups: Groups, now_ms: Callable[[], int]) -> None:
        self._backtests = backtests
        self._groups = groups
        self._now_ms = now_ms

    def on_post(self, req: falcon.Request, resp: falcon.Response) -> None:
        found = document_of(req, _KEYS, MAX_BODY_BYTES)
        groups = self._asked(found, is_confined=bool(caller_of(req).matchers))
        until_ms = near(_moment(found, "until", self._now_ms()))
        since_ms = near(_moment(found, "since", until_ms - DAYS_MS))
        if until_ms < since_ms:
            raise bad('"until" must not be before "since"')
        wishes = Wishes(
            waited_s=req.env.get(WAITED, 0.0), caller=caller_of(req).name, request_id=request_id_of(req)
        )
        outcomes = self._backtests.run(
            groups,
            since_ms=since_ms,
            until_ms=until_ms,
            only=member(found, "rule", str, "") or None,
            matchers=caller_of(req).matchers,
            wishes=wishes,
        )
        resp.content_type = envelope.MEDIA_TYPE
        resp.data = envelope.success(told_of(outcomes, since_ms, until_ms))

    def _asked(self, found: Mapping[str, Any], *, is_confined: bool) -> Sequence[Group]:
        text, name = member(found, "rules", str, ""), member(found, "group", str, "")
        if bool(text) == bool(name):
            raise bad(
                'Give either "rules", the text of a rule file, or "group", the name of a group in service'
            )
        if name:
            # Who may see only some series is shown no rules of others.
            groups = () if is_confined else self._groups(name)
            if not groups:
                raise falcon.HTTPNotFound(description=f"There is no group of rules {name}")
            return groups
        try:
            return load_rules(parse_document(text, NAME), NAME, check)
        except (BadFile, SettingsError) as error:
            raise ApiError(str(error)) from error


def _moment(found: Mapping[str, Any], name: str, default: int) -> int:
    """Return a time that was given as a number or a text."""
    value = found.get(name, default / 1000)
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    moment = (
        time_ms(value if isinstance(value, str) else repr(value))
        if is_number or isinstance(value, str)
        else None
    )
    if moment is None:
        raise bad(f'"{name}" is no time. Write Unix seconds, or RFC 3339 such as 2026-09-21T13:33:20Z')
    return moment
