"""The lowest edge of what goes out by requests: what would have been sent to hosts that can't be had here."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

import pytest
import requests


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """A request as it would have gone out."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes
    verified: object

    @property
    def json(self) -> Any:
        """The body, as JSON."""
        return json.loads(self.body)

    @property
    def form(self) -> dict[str, str]:
        """The body, as a form."""
        return {name: values[0] for name, values in parse_qs(self.body.decode()).items()}


@dataclass(slots=True)
class Edge:
    """Answers all requests alike, and keeps them."""

    status: int = 200
    answer: bytes = b"{}"
    sent: list[Sent] = field(default_factory=list)

    def take(self, request: requests.PreparedRequest, how: Mapping[str, Any]) -> requests.Response:
        """Take the place of requests' adapter."""
        body = request.body or b""
        self.sent.append(
            Sent(
                method=request.method or "",
                url=request.url or "",
                headers=request.headers,
                body=body.encode() if isinstance(body, str) else body,
                verified=how.get("verify"),
            )
        )
        response = requests.Response()
        response.status_code = self.status
        response._content = self.answer
        response.request = request
        response.url = request.url or ""
        return response


def edge_of(monkeypatch: pytest.MonkeyPatch) -> Edge:
    """Put an edge in the place of the network."""
    edge = Edge()

    def send(
        _: requests.adapters.HTTPAdapter, request: requests.PreparedRequest, **how: Any
    ) -> requests.Response:
        return edge.take(request, how)

    monkeypatch.setattr(requests.adapters.HTTPAdapter, "send", send)
    return edge
