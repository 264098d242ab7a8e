"""Which format and which coding a client wants, as RFC 9110, section 12 weighs wishes. Pure."""

import re
from collections.abc import Iterator
from typing import Final, Literal

Format = Literal["text", "openmetrics"]

_WEIGHT: Final = re.compile(r"(?:0(?:\.\d{0,3})?|1(?:\.0{0,3})?)")
# What each format is called, and which `version` it has.
_FORMATS: Final[dict[Format, tuple[str, str, str]]] = {
    "text": ("text", "plain", "0.0.4"),
    "openmetrics": ("application", "openmetrics-text", "1.0.0"),
}


def chosen_format(accept: str) -> Format:
    """Return what Accept likes better. The text format where it likes both as much, or neither."""
    weights = dict.fromkeys(_FORMATS, (0, 0.0))
    for media, parameters, weight in _ranges(accept):
        kind, _, subtype = media.partition("/")
        for each, (of_kind, of_subtype, version) in _FORMATS.items():
            if kind not in {"*", of_kind} or subtype not in {"*", of_subtype}:
                continue
            said = parameters.get("version")
            if said in {None, version}:
                # The closest description counts, whatever others weigh: a/b;version=1 before a/b, a/*, */*.
                close = (kind != "*") + (subtype != "*") + (said is not None)
                weights[each] = max(weights[each], (close, weight), key=lambda found: found[0])
    return "openmetrics" if weights["openmetrics"][1] > weights["text"][1] else "text"


def takes_gzip(accept_encoding: str) -> bool:
    """Whether Accept-Encoding has gzip, by its name or by *, with a weight above 0."""
    weights = {coding: weight for coding, _, weight in _ranges(accept_encoding)}
    return weights.get("gzip", weights.get("*", 0.0)) > 0


def _ranges(header: str) -> Iterator[tuple[str, dict[str, str], float]]:
    """Each name with its parameters and its weight. What is malformed is passed over."""
    for part in header.split(","):
        name, *rest = (piece.strip().lower() for piece in part.split(";"))
        pairs = dict(piece.split("=", 1) for piece in rest if "=" in piece)
        parameters = {key.strip(): value.strip().strip('"') for key, value in pairs.items()}
        weight = parameters.pop("q", "1")
        if name and _WEIGHT.fullmatch(weight):
            yield name, parameters, float(weight)
