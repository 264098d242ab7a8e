"""The web configuration in exporter-toolkit's format: what it says, and what is wrong with it.

Owns the format. Must not know TLS or passwords at work.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from runtime.documents import Value, read_document
from runtime.errors import SettingsError

CLIENT_AUTH: Final = {
    "": "none",
    "NoClientCert": "none",
    # Whatever is shown, even nothing, is let in: that needs no asking.
    "RequestClientCert": "none",
    "VerifyClientCertIfGiven": "optional",
    "RequireAndVerifyClientCert": "required",
}
_UNCHECKED: Final = ("RequireAnyClientCert", "RequireClientCert")
VERSIONS: Final = ("TLS10", "TLS11", "TLS12", "TLS13")
CURVES: Final = {
    "CurveP256": "prime256v1",
    "CurveP384": "secp384r1",
    "CurveP521": "secp521r1",
    "X25519": "X25519",
}
CIPHERS: Final = {
    **{
        f"TLS_ECDHE_{key}_WITH_AES_{bits}_GCM_SHA{digest}": f"ECDHE-{key}-AES{bits}-GCM-SHA{digest}"
        for key in ("RSA", "ECDSA")
        for bits, digest in ((128, 256), (256, 384))
    },
    **{
        f"TLS_ECDHE_{key}_WITH_AES_{bits}_CBC_SHA": f"ECDHE-{key}-AES{bits}-SHA"
        for key in ("RSA", "ECDSA")
        for bits in (128, 256)
    },
    "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256": "ECDHE-RSA-CHACHA20-POLY1305",
    "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256": "ECDHE-ECDSA-CHACHA20-POLY1305",
    "TLS_RSA_WITH_AES_128_GCM_SHA256": "AES128-GCM-SHA256",
    "TLS_RSA_WITH_AES_256_GCM_SHA384": "AES256-GCM-SHA384",
    "TLS_RSA_WITH_AES_128_CBC_SHA": "AES128-SHA",
    "TLS_RSA_WITH_AES_256_CBC_SHA": "AES256-SHA",
    # Those of TLS 1.3 are always all on offer.
    "TLS_AES_128_GCM_SHA256": "",
    "TLS_AES_256_GCM_SHA384": "",
    "TLS_CHACHA20_POLY1305_SHA256": "",
}
# Headers that may be set, with the values they may have.
HEADERS: Final[Mapping[str, Sequence[str]]] = {
    "Content-Security-Policy": (),
    "Strict-Transport-Security": (),
    "X-Content-Type-Options": ("nosniff",),
    "X-Frame-Options": ("deny", "sameorigin"),
    "X-XSS-Protection": (),
}
_HASH: Final = re.compile(r"\$2[abxy]?\$(0[4-9]|[12]\d|3[01])\$[./A-Za-z0-9]{53}")
_PRINTABLE: Final = re.compile(r"[ -~]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class TlsConfig:
    """How the server proves who it is, and what it wants to see of clients."""

    cert_file: Path
    key_file: Path
    client_auth: str = "none"
    client_ca_file: Path | None = None
    client_sans: frozenset[str] = frozenset()
    min_version: str = "TLS12"
    max_version: str = "TLS13"
    # None is the library's choice; an empty one has none of those before TLS 1.3.
    ciphers: Sequence[str] | None = None
    curves: Sequence[str] = ()
    server_order: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class WebConfig:
    """What the file says. `users` holds bcrypt hashes by name."""

    tls: TlsConfig | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    users: Mapping[str, str] = field(default_factory=dict)

    @property
    def protected(self) -> bool:
        """Whether nobody unknown is let in."""
        return bool(self.users) or (self.tls is not None and self.tls.client_auth == "required")


def read(path: Path) -> WebConfig:
    """Read the file, or raise SettingsError with a line for each problem."""
    problems: list[str] = []
    root = _Section(path, problems, "", read_document(path))
    root.only("tls_server_config", "http_server_config", "basic_auth_users")
    tls = _tls(root.section("tls_server_config"))
    headers = _headers(root.section("http_server_config"))
    users = _users(root.section("basic_auth_users"))
    if problems:
        raise SettingsError(problems)
    return WebConfig(tls=tls, headers=headers, users=users)


class _Section:
    """Keys and values of a mapping. What is wrong with them is noted, and a default taken in its place."""

    def __init__(self, path: Path, problems: list[str], name: str, value: Value | None) -> None:
        self._path, self._problems, self._name = path, problems, name
        self.values: dict[str, Value] = {}
        self.line = value.line if value else 1
        if value is None or value.content is None:
            return
        if value.pairs is None:
            self.wrong(value.line, f"{name or 'this'} must be keys with values.")
        for key, content in value.pairs or ():
            if key.text is None:
                self.wrong(key.line, f"the key {key.content!r} is no text; put it in quotation marks.")
            elif key.text in self.values:
                self.wrong(key.line, f"{key.text} is here twice.")
            else:
                self.values[key.text] = content

    def wrong(self, line: int, sentence: str) -> None:
        self._problems.append(f"{self._path}, line {line}: {sentence}")

    def only(self, *known: str) -> None:
        for key in [key for key in self.values if key not in known]:
            line = self.values.pop(key).line
            self.wrong(line, f"{self._name or 'this file'} has no {key}; it can have {', '.join(known)}.")

    def section(self, key: str) -> "_Section":
        return _Section(self._path, self._problems, key, self.values.get(key))

    def text(self, key: str) -> str:
        value = self.values.get(key)
        return self._text(key, value) if value else ""

    def file(self, key: str) -> Path | None:
        """A path; it is relative to where the file is."""
        text = self.text(key)
        return self._path.parent / text if text else None

    def texts(self, key: str) -> list[str]:
        return [self._text(key, each) for each in self._list(key)]

    def choice(self, key: str, allowed: Sequence[str], default: str) -> str:
        value = self.values.get(key)
        return self._choice(key, value, allowed, default) if value else default

    def choices(self, key: str, allowed: Sequence[str]) -> list[str]:
        return [self._choice(key, each, allowed, "") for each in self._list(key)]

    def switch(self, key: str, *, default: bool) -> bool:
        value = self.values.get(key)
        if value and not isinstance(value.content, bool):
            self.wrong(value.line, f"{key} must be true or false.")
        return value.content is True if value else default

    def _choice(self, key: str, value: Value, allowed: Sequence[str], default: str) -> str:
        text = self._text(key, value)
        if text in allowed:
            return text
        self.wrong(value.line, f"{key} cannot be {text!r}; it can be {', '.join(filter(None, allowed))}.")
        return default

    def _text(self, key: str, value: Value) -> str:
        if value.text is None and value.content is not None:
            self.wrong(value.line, f"{key} must be text.")
        return value.text or ""

    def _list(self, key: str) -> Sequence[Value]:
        value = self.values.get(key)
        if value and value.content is not None and value.items is None:
            self.wrong(value.line, f"{key} must be a list.")
        return (value.items or ()) if value else ()


def _tls(section: _Section) -> TlsConfig | None:
    section.only(
        "cert_file", "key_file", "client_auth_type", "client_ca_file", "client_allowed_sans", "min_version",
        "max_version", "cipher_suites", "curve_preferences", "prefer_server_cipher_suites",
    )  # fmt: skip
    if not section.values:
        return None
    cert, key = section.file("cert_file"), section.file("key_file")
    for name, file in (("cert_file", cert), ("key_file", key)):
        if file is None:
            section.wrong(section.line, f"tls_server_config has no {name}.")
    auth = section.choice("client_auth_type", (*CLIENT_AUTH, *_UNCHECKED), "")
    config = TlsConfig(
        cert_file=cert or Path(),
        key_file=key or Path(),
        client_auth=CLIENT_AUTH.get(auth, "none"),
        client_ca_file=section.file("client_ca_file"),
        client_sans=frozenset(section.texts("client_allowed_sans")),
        min_version=section.choice("min_version", VERSIONS, "TLS12"),
        max_version=section.choice("max_version", VERSIONS, "TLS13"),
        ciphers=_ciphers(section),
        curves=[CURVES[name] for name in section.choices("curve_preferences", tuple(CURVES)) if name],
        server_order=section.switch("prefer_server_cipher_suites", default=True),
    )
    _check_together(section, config, auth)
    return config


def _ciphers(section: _Section) -> Sequence[str] | None:
    names = section.choices("cipher_suites", tuple(CIPHERS))
    return [CIPHERS[name] for name in names if CIPHERS.get(name)] if names else None


def _check_together(section: _Section, config: TlsConfig, auth: str) -> None:
    if auth in _UNCHECKED:
        section.wrong(
            section.values["client_auth_type"].line,
            f"client_auth_type {auth} lets in any certificate, even a forged one. That is not offered here; "
            "use RequireAndVerifyClientCert with client_ca_file.",
        )
    elif config.client_ca_file and auth in {"", "NoClientCert"}:
        section.wrong(section.values["client_ca_file"].line, "client_ca_file needs a client_auth_type.")
    elif config.client_sans and config.client_auth != "required":
        section.wrong(
            section.values["client_allowed_sans"].line,
            "client_allowed_sans needs the client_auth_type RequireAndVerifyClientCert.",
        )
    if VERSIONS.index(config.min_version) > VERSIONS.index(config.max_version):
        section.wrong(section.line, "min_version is above max_version.")
    if config.max_version in {"TLS10", "TLS11"}:
        section.wrong(
            section.values["max_version"].line,
            "max_version cannot be below TLS12: what is older is not safe.",
        )


def _headers(section: _Section) -> Mapping[str, str]:
    section.only("http2", "headers")
    section.switch("http2", default=True)
    headers = section.section("headers")
    headers.only(*HEADERS)
    found = {name: headers.text(name) for name in headers.values}
    for name, text in found.items():
        line = headers.values[name].line
        if HEADERS[name] and text not in HEADERS[name]:
            headers.wrong(line, f"{name} cannot be {text!r}; it can be {', '.join(HEADERS[name])}.")
        elif not _PRINTABLE.fullmatch(text):
            headers.wrong(line, f"{name} must be one line of ASCII.")
    return {name: text for name, text in found.items() if text}


def _users(section: _Section) -> Mapping[str, str]:
    users = {name: section.text(name) for name in section.values}
    for name, text in users.items():
        if not _HASH.fullmatch(text):
            section.wrong(
                section.values[name].line, f"the password of {name} is no bcrypt hash ($2y$10$...)."
            )
    return users
