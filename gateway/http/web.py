"""The web pages: one document for all of them, and the scripts and styles that it loads.

Owns headers and caching. What the pages are is in gateway/web; they are built from it, and read here at the
start. Without them the API is all there is.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import falcon

BUILT: Final = Path(__file__).parent.parent / "web" / "built"

PAGES: Final = ("/", "/agents/{name}", "/compare", "/alerts", "/explore", "/status", "/login")

POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
"""Nothing from elsewhere, nothing inline."""

_FOREVER: Final = "public, max-age=31536000, immutable"
"""Names of files hold a hash of what is in them."""

_MEDIA: Final = {".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8"}

_ABSENT: Final = (
    "The web pages are not built: that takes Node.js. With it at hand, `make setup` builds them. "
    "The API answers without them: see /docs"
)


@dataclass(frozen=True, slots=True)
class Files:
    """What was built: the document, and files by their names. Empty when nothing was."""

    document: bytes = b""
    named: Mapping[str, bytes] = field(default_factory=dict)


def read_files(directory: Path = BUILT) -> Files:
    """Read what was built."""
    document = directory / "index.html"
    if not document.exists():
        return Files()
    named = {file.name: file.read_bytes() for file in directory.iterdir() if file.suffix in _MEDIA}
    return Files(document.read_bytes(), named)


class Page:
    """The document, for each path that is a page."""

    def __init__(self, files: Files) -> None:
        self._files = files

    def on_get(self, _req: falcon.Request, resp: falcon.Response, **_path: str) -> None:
        if not self._files.document:
            raise falcon.HTTPNotFound(description=_ABSENT)
        resp.content_type = falcon.MEDIA_HTML
        resp.set_header("Content-Security-Policy", POLICY)
        resp.set_header("Referrer-Policy", "same-origin")
        resp.set_header("X-Content-Type-Options", "nosniff")
        resp.set_header("Cache-Control", "no-cache")
        resp.data = self._files.document

    on_head = on_get


class Asset:
    """A script or a style."""

    def __init__(self, files: Files) -> None:
        self._files = files

    def on_get(self, _req: falcon.Request, resp: falcon.Response, **path: str) -> None:
        body = self._files.named.get(path["file"])
        if body is None:
            raise falcon.HTTPNotFound(
                description="There is no such file. The gateway may be a newer one: load the page again"
            )
        resp.content_type = _MEDIA[Path(path["file"]).suffix]
        resp.set_header("X-Content-Type-Options", "nosniff")
        resp.set_header("Cache-Control", _FOREVER)
        resp.data = body

    on_head = on_get


def web_routes(files: Files) -> dict[str, object]:
    """The paths of the pages, and of what they load."""
    page = Page(files)
    return {**dict.fromkeys(PAGES, page), "/assets/{file}": Asset(files)}
