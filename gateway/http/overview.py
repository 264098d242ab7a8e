"""`/api/v1/overview`: all hosts at a glance, to be asked for again and again.

Owns parameters and what HTTP says of what is not new. What is told is for gateway.overview.
"""

from collections.abc import Callable
from typing import Final

import falcon

from gateway.http import envelope
from gateway.http.asked import duration_of, invalid
from gateway.http.caller import caller_of
from gateway.http.parameters import Parameters
from gateway.http.requestid import request_id_of
from gateway.http.server import WAITED
from gateway.overview.board import Asked, Boards, Look
from gateway.query.service import Wishes

HOUR_S: Final = 3600.0
"""What courses are over, unless it is said."""
MIN_RANGE_S: Final = 60
MAX_RANGE_S: Final = 31 * 86_400

POINTS: Final = 40
"""Of a course, unless it is said: a sparkline is some 100 pixels wide."""
MAX_POINTS: Final = 240


class Overview:
    """All agents that the caller may see, with their figures."""

    def __init__(self, boards: Boards, now_ms: Callable[[], int]) -> None:
        self._boards = boards
        self._now_ms = now_ms

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        caller = caller_of(req)
        wishes = Wishes(waited_s=req.env.get(WAITED, 0.0), caller=caller.name, request_id=request_id_of(req))
        look = _look(Parameters.of(req))
        board = self._boards.look(Asked(caller=caller, look=look, now_ms=self._now_ms(), wishes=wishes))
        # Compressed or not it says the same: a weak tag.
        resp.set_header("ETag", f'W/"{board.tag}"')
        resp.cache_control = ["private", "no-cache"]
        if board.tag in (req.if_none_match or ()):
            resp.status = falcon.HTTP_304
        else:
            resp.content_type = envelope.MEDIA_TYPE
            resp.data = envelope.written(board.data)


def _look(parameters: Parameters) -> Look:
    range_s = duration_of(parameters, "range")
    range_s = HOUR_S if range_s is None else range_s
    if not MIN_RANGE_S <= range_s <= MAX_RANGE_S:
        raise invalid("range", "it must be from 1m to 31d")
    text = parameters.one("points")
    points = int(text) if text is not None and text.isascii() and text.isdigit() and len(text) < 5 else None
    if text is not None and (points is None or points > MAX_POINTS):
        raise invalid("points", f"it must be a number from 0, for no courses, to {MAX_POINTS}")
    return Look(range_ms=round(range_s * 1000), points=POINTS if points is None else points)
