"""`/api/v1/rules/managed` and `/api/v1/rules/check`: rule groups that people edit over the API.

Owns bodies and how versions are written. What is checked and kept is for gateway.ruler.
"""

from typing import Any, Final

import falcon

from alertrules.rules.model import AlertRule, Group
from gateway.http import envelope
from gateway.http.caller import caller_of
from gateway.http.document import document_of, member
from gateway.http.parameters import bad
from gateway.http.rules import time_text
from gateway.ruler.managed import MAX_TEXT_BYTES, Managed
from gateway.ruler.model import Version

MAX_BODY_BYTES: Final = 2 * MAX_TEXT_BYTES
"""The text as JSON: line breaks and quotes take two characters there."""

_KEYS: Final = ("text", "version", "enabled")


class AllManaged:
    """The newest version of each group that is there."""

    def __init__(self, managed: Managed) -> None:
        self._managed = managed

    def on_get(self, _req: falcon.Request, resp: falcon.Response) -> None:
        _give(resp, [_shown(one) for one in self._managed.listed()])


class OneManaged:
    """One group with its versions; a text, an earlier version or a switch makes another version."""

    def __init__(self, managed: Managed) -> None:
        self._managed = managed

    def on_get(self, _req: falcon.Request, resp: falcon.Response, **path: str) -> None:
        versions = self._managed.versions(path["name"])
        newest = {**_shown(versions[0]), "deleted": versions[0].is_deleted}
        _give(resp, {**newest, "versions": [{**_shown(one), "deleted": one.is_deleted} for one in versions]})

    def on_put(self, req: falcon.Request, resp: falcon.Response, **path: str) -> None:
        found = document_of(req, _KEYS, MAX_BODY_BYTES)
        name, by = path["name"], caller_of(req).name
        is_enabled = member(found, "enabled", bool, True)
        if "text" in found and "version" in found:
            raise bad('Give "text" or "version", not both')
        if "text" in found:
            made = self._managed.put(name, member(found, "text", str, ""), is_enabled=is_enabled, by=by)
        elif "version" in found:
            made = self._managed.restore(name, member(found, "version", int, 0), is_enabled=is_enabled, by=by)
        elif "enabled" in found:
            made = self._managed.switch(name, is_enabled=is_enabled, by=by)
        else:
            raise bad('Give "text", the "version" to bring back, or "enabled"')
        _give(resp, _shown(made))

    on_post = on_put

    def on_delete(self, req: falcon.Request, resp: falcon.Response, **path: str) -> None:
        self._managed.delete(path["name"], by=caller_of(req).name)
        resp.status = falcon.HTTP_204


class CheckRules:
    """Says what is wrong with a text, and what is in it."""

    def __init__(self, managed: Managed) -> None:
        self._managed = managed

    def on_post(self, req: falcon.Request, resp: falcon.Response) -> None:
        found = document_of(req, ("text",), MAX_BODY_BYTES)
        groups = self._managed.check(member(found, "text", str, ""))
        _give(resp, {"groups": [_group(group) for group in groups]})


def _group(group: Group) -> dict[str, object]:
    queries = [
        {
            "type": "alerting" if isinstance(rule, AlertRule) else "recording",
            "name": rule.name,
            "query": rule.text,
            "line": rule.line,
        }
        for rule in group.rules
    ]
    return {"name": group.name, "rules": len(group.rules), "queries": queries}


def _shown(one: Version) -> dict[str, object]:
    return {
        "name": one.name,
        "version": one.version,
        "enabled": one.is_enabled,
        "changedAt": time_text(one.changed_ms),
        "changedBy": one.changed_by,
        "text": one.text,
    }


def _give(resp: falcon.Response, data: Any) -> None:
    resp.content_type = envelope.MEDIA_TYPE
    resp.data = envelope.success(data)
