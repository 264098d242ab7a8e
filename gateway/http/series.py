"""`/api/v1/series`, `labels`, `label/…/values`, `metadata` and `query_exemplars`: what there is to query.

Owns their parameters and the shape of their answers. What there is, is for gateway.query.catalog.
"""

import re
from collections.abc import Sequence
from typing import Final

import falcon

from gateway.http import envelope
from gateway.http.asked import bare_selectors_of, limit_of, moment_or, selectors_of, span_of
from gateway.http.caller import caller_of
from gateway.http.errors import ApiError
from gateway.http.parameters import MAX_TIME_MS, MIN_TIME_MS, Parameters
from gateway.query.answer import TRUNCATED
from gateway.query.catalog import Catalog
from gateway.query.jsontext import encoded, number, stamp
from gateway.query.tree import selectors_in
from promql.language.parser import parse
from timeseries.exemplar import Exemplar
from timeseries.labels import Labels
from timeseries.metadata import Metadata
from timeseries.text import is_utf8, quote

# "__" is an underscore; "_20ac_" is the character with this number.
_ESCAPED: Final = re.compile(r"__|_([0-9a-fA-F]{1,6})_|_")
_ESCAPED_PREFIX: Final = "U__"


class Series:
    """Lists the series that selectors take."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        parameters = Parameters.of(req)
        if not parameters.all("match[]"):
            raise ApiError("no match[] parameter provided")
        limit = limit_of(parameters)
        start, end = span_of(parameters)
        found = self._catalog.confined(caller_of(req).matchers).series(selectors_of(parameters), start, end)
        _answer(resp, [encoded(dict(labels)) for labels in found[:limit]], len(found))

    on_post = on_get


class LabelNames:
    """Lists the names of labels."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        parameters = Parameters.of(req)
        limit = limit_of(parameters)
        start, end = span_of(parameters)
        _answer_texts(
            resp,
            self._catalog.confined(caller_of(req).matchers).names(bare_selectors_of(parameters), start, end),
            limit,
        )

    on_post = on_get


class LabelValues:
    """Lists the values of one label."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog

    def on_get(self, req: falcon.Request, resp: falcon.Response, name: str) -> None:
        parameters = Parameters.of(req)
        plain = unescaped(name)
        if not is_utf8(plain):
            raise ApiError(f"invalid label name: {quote(plain)}")
        limit = limit_of(parameters)
        start, end = span_of(parameters)
        _answer_texts(
            resp,
            self._catalog.confined(caller_of(req).matchers).values(
                plain, bare_selectors_of(parameters), start, end
            ),
            limit,
        )


class MetadataOfMetrics:
    """Tells type, help and unit of metric families."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        parameters = Parameters.of(req)
        limit = _whole(parameters, "limit")
        each = _whole(parameters, "limit_per_metric")
        metric = parameters.one("metric")
        known = self._catalog.confined(caller_of(req).matchers).metadata()
        families = sorted(known) if metric is None else [metric] if metric in known else []
        shown = families if limit is None or limit < 0 else families[:limit]
        kept = None if each is None or each <= 0 else each
        resp.content_type = envelope.MEDIA_TYPE
        resp.data = envelope.success({family: [_about(known[family])][:kept] for family in shown})


class QueryExemplars:
    """Lists the exemplars of the series that a query reads."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        parameters = Parameters.of(req)
        start = moment_or(parameters, "start", MIN_TIME_MS)
        end = moment_or(parameters, "end", MAX_TIME_MS)
        if end < start:
            raise ApiError("end timestamp must not be before start timestamp")
        selectors = selectors_in(parse(parameters.one("query") or ""))
        if not selectors:
            resp.status = falcon.HTTP_204
            return
        found = self._catalog.confined(caller_of(req).matchers).exemplars(selectors, start, end)
        _answer(resp, [_exemplars(labels, some) for labels, some in found], len(found))

    on_post = on_get


def unescaped(name: str) -> str:
    """Return the label name that an escaped one stands for: `U__http_2e_requests` is `http.requests`.

    What does not keep to the rules of this escaping is taken as it stands.
    """
    if not name.startswith(_ESCAPED_PREFIX):
        return name
    wrong = False

    def plain(found: re.Match[str]) -> str:
        nonlocal wrong
        code = int(found[1], 16) if found[1] else ord("_")
        wrong |= found[0] == "_" or code > 0x10FFFF or 0xD800 <= code < 0xE000
        return "" if wrong else chr(code)

    text = _ESCAPED.sub(plain, name.removeprefix(_ESCAPED_PREFIX))
    return name if wrong or not text else text


def _whole(parameters: Parameters, name: str) -> int | None:
    text = parameters.one(name)
    if text is None:
        return None
    if not re.fullmatch(r"[+-]?[0-9]{1,18}", text, re.ASCII):
        raise ApiError(f"{name} must be a number")
    return int(text)


def _about(one: Metadata) -> dict[str, str]:
    return {"type": one.type.name.lower(), "help": one.help, "unit": one.unit}


def _exemplars(labels: Labels, some: Sequence[Exemplar]) -> bytes:
    shown = b",".join(
        b'{"labels":%b,"value":"%b","timestamp":%b}'
        % (encoded(dict(one.labels)), number(one.value).encode(), stamp(one.time_ms).encode())
        for one in some
    )
    return b'{"seriesLabels":%b,"exemplars":[%b]}' % (encoded(dict(labels)), shown)


def _answer_texts(resp: falcon.Response, found: Sequence[str], limit: int | None) -> None:
    resp.content_type = envelope.MEDIA_TYPE
    warnings = [TRUNCATED] if len(found) > len(found[:limit]) else []
    resp.data = envelope.written(encoded(found[:limit]), warnings)


def _answer(resp: falcon.Response, shown: Sequence[bytes], there: int) -> None:
    resp.content_type = envelope.MEDIA_TYPE
    warnings = [TRUNCATED] if there > len(shown) else []
    resp.data = envelope.written(b"[%b]" % b",".join(shown), warnings)
