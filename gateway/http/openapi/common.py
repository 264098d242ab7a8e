"""Parameters that several routes take."""

from typing import Final

from gateway.http.openapi.words import Parameter

START: Final = Parameter(
    name="start", text="From here on: Unix seconds or RFC 3339.", example="2026-09-21T13:33:20Z"
)
END: Final = Parameter(name="end", text="To here: Unix seconds or RFC 3339.", example="1790000600")
SPAN: Final = (START, END)

LIMIT: Final = Parameter(name="limit", text="So many results at most; 0 for no limit.", kind="integer")

MATCH: Final = Parameter(
    name="match[]",
    text="Only of series that any of these selectors takes.",
    many=True,
    example='up{job="node"}',
)
