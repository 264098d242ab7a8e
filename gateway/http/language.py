"""`/api/v1/format_query` and `/api/v1/parse_query`: what a query's text means, without any data."""

import falcon

from gateway.http import envelope
from gateway.http.asked import invalid
from gateway.http.parameters import Parameters
from gateway.query.tree import tree_of
from promql.errors import ParseError
from promql.language.ast import Expr
from promql.language.parser import parse
from promql.language.printer import format_query


class FormatQuery:
    """Lays a query out in lines."""

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        resp.content_type = envelope.MEDIA_TYPE
        resp.data = envelope.success(format_query(_parsed(req)))

    on_post = on_get


class ParseQuery:
    """Shows a query as a tree."""

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        resp.content_type = envelope.MEDIA_TYPE
        resp.data = envelope.success(tree_of(_parsed(req)))

    on_post = on_get


def _parsed(req: falcon.Request) -> Expr:
    try:
        return parse(Parameters.of(req).one("query") or "")
    except ParseError as error:
        raise invalid("query", str(error)) from error
