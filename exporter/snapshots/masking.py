"""Command lines without their secrets. Pure; must not know where a command line comes from.

Says too little rather than too much: what follows the name of a secret is masked, be it one or not. Every
step reads its text once from left to right, so that no command line can keep the agent busy.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

MASK: Final = "***"

# Of a command line that is told.
MAX_CHARACTERS: Final = 1024
_CUT: Final = "…"

_SECRET: Final = re.compile(
    r"passw|passphrase|passcode|pass(?![a-z])|passin|passout|pwd|secret|token|bearer|credential|jwt"
    r"|(?:api|access|auth|private|encryption)[-_.]?key|signature",
    re.IGNORECASE,
)
# These say where a secret is, not which.
_PLACE: Final = re.compile(r"(?:file|path|dir|stdin)\Z", re.IGNORECASE)
# Their values are all words up to the end of the header.
_HEADERS: Final = frozenset({"authorization", "proxy-authorization", "cookie", "set-cookie"})
# Announce a value even without a dash before them.
_BARE: Final = frozenset({"password", "passwd", "passphrase", "pwd", "secret", "token", "bearer", "apikey"})
# Their values are masked when they look like a key.
_KEY: Final = re.compile(r"key|auth|salt|hash|cert|sign|seed|sas", re.IGNORECASE)
_LONG: Final = re.compile(r"""\\?+["']?+(?=[^\s\d]{0,64}+\d)[A-Za-z0-9+_=-][A-Za-z0-9+/_=-]{15}""")
# Names with passwords: of curl, of smbclient.
_LOGINS: Final = frozenset({"-u", "-U", "--user", "--proxy-user", "--username", "--login"})
_LOGIN: Final = re.compile(r"""\\?+["']?+[^\s"':%=]{0,256}+[:%]""")

_NAME: Final = re.compile(r"[\w.-]++")
_ASSIGNED: Final = re.compile(r"""\\?+["']?+\s*+(?:=>|:=|[=:])\s*+""")
_APART: Final = re.compile(r"""\\?+["']?+(?:\s++|\Z)""")
_VALUE: Final = re.compile(r"""(?:\\?+"(?:[^"\\]|\\.)*+"?+|\\?+'[^']*+'?+|[^\s"'])++""", re.DOTALL)
_LINE: Final = re.compile(r"""\\?+["']?+[^"'\n]*+""")

_ADDRESS: Final = re.compile(r"(https?+)?(://)(\S*+)", re.IGNORECASE)
_PORT: Final = re.compile(r"[^/?#@:]*+:[0-9]{1,5}+(?=[/?#])")

# Keys that can be told by their looks.
_KNOWN: Final = re.compile(
    r"(?<![\w-])(?:gh[a-z]_\w{16}|github_pat_\w{16}|glpat-[\w-]{16}|xox[a-z]-[\w-]{10}|sk-[\w-]{16}"
    r"|hv[sb]\.[\w-]{16}|eyJ[\w-]{8})[\w.-]*+"
    r"|(?:AKIA|ASIA)[0-9A-Z]{16}|-----BEGIN [A-Z ]{0,40}PRIVATE KEY.*+",
    re.DOTALL,
)

_Place = Literal["behind", "apart", "either"]

# Options of one letter that carry a password, by program. It stands behind the letter, or is the next word.
_OPTIONS: Final[Mapping[str, tuple[str, _Place]]] = {
    **dict.fromkeys(
        ("mysql", "mysqldump", "mysqladmin", "mysqlcheck", "mysqlimport", "mysqlshow", "mysqlsh",
         "mysqlpump", "mysqlbinlog", "mariadb", "mariadb-dump", "mariadb-admin", "mariadb-check",
         "mariadb-backup", "mydumper",
         "7z", "7za", "7zr", "7zz", "rar", "unrar"),
        ("-p", "behind"),
    ),
    **dict.fromkeys(
        ("sshpass", "mongo", "mongosh", "mongodump", "mongorestore", "mongoexport", "mongoimport", "login",
         "rdesktop", "cqlsh"),
        ("-p", "either"),
    ),
    **dict.fromkeys(("zip", "unzip", "sqlcmd", "bcp", "isql", "ipmitool", "osql"), ("-P", "either")),
    **dict.fromkeys(
        ("ldapsearch", "ldapadd", "ldapmodify", "ldapdelete", "ldapwhoami", "ldappasswd"), ("-w", "either")
    ),
    "redis-cli": ("-a", "either"),
    "openssl": ("-k", "apart"),
}  # fmt: skip

_SCRIPT_FOLLOWS: Final = re.compile(r"-[a-z]*c")

_Expected = Literal["nothing", "secret", "login", "key"]


@dataclass(slots=True)
class _State:
    """What the arguments so far mean for the next one."""

    expected: _Expected = "nothing"
    option: tuple[str, _Place] = ("", "behind")


def command_line(args: Sequence[str], patterns: Iterable[re.Pattern[str]] = ()) -> str:
    """Return the arguments as one line, with secrets and what the patterns find masked, cut to a length."""
    line = " ".join(_masked(args))
    for pattern in patterns:
        line = pattern.sub(MASK, line)
    return line if len(line) <= MAX_CHARACTERS else line[: MAX_CHARACTERS - len(_CUT)] + _CUT


def _masked(args: Sequence[str]) -> Iterator[str]:
    state = _State()
    before = ""
    for number, arg in enumerate(args):
        # A process may write its title over its arguments: then there is only one, and spaces part it.
        whole = len(args) > 1 and not _SCRIPT_FOLLOWS.fullmatch(before)
        before = arg
        expected = state.expected
        if expected == "secret" and arg:
            # What only joins a name and its value leaves the value still to come.
            if arg in ("=", ":"):
                yield arg
                continue
            state.expected = "nothing"
            _text(arg, state, whole=whole, first=False)
            yield MASK
            continue
        state.expected = "nothing"
        if expected == "login" and (found := _LOGIN.match(arg)):
            yield found.group() + MASK
        elif expected == "key" and _LONG.match(arg):
            yield MASK
        else:
            text = _KNOWN.sub(MASK, _ADDRESS.sub(_address, arg))
            yield _text(text, state, whole=whole, first=whole and not number)


def _address(found: re.Match[str]) -> str:
    """Mask the password of an address, or the only thing before the @: some put their token there."""
    scheme, slashes, rest = found.groups(default="")
    at = rest.rfind("@")
    port = _PORT.match(rest)
    colon = rest.find(":", port.end() if port else 0)
    if 0 <= colon < at:
        rest = f"{rest[:colon]}:{MASK}{rest[at:]}"
    elif scheme and at > 0 and not any(mark in rest[:at] for mark in "/?#"):
        rest = MASK + rest[at:]
    return f"{scheme}{slashes}{rest}"


def _text(text: str, state: _State, *, whole: bool, first: bool) -> str:
    """Mask one argument: `whole` if a value goes on to its end and not only to the next space."""
    parts = []
    done = 0
    for found in _NAME.finditer(text):
        name = found.group()
        state.option = _OPTIONS.get(name, state.option)
        # -password is the password "assword" to some, and announces one to others.
        behind, announced = _behind(text, found, state), _announced(text, found, state, first=first)
        start = announced if behind is None or behind < done else behind
        # What is masked already may still announce what comes behind it.
        if start is not None and start >= done:
            header = name.lower() in _HEADERS
            to_end = whole and (not found.start() or _ASSIGNED.match(text, found.end()) is not None)
            parts += [text[done:start], MASK]
            done = (
                len(text) if to_end else _end(_LINE if header else _VALUE, text, max(start, announced or 0))
            )
    parts.append(text[done:])
    return "".join(parts)


def _end(pattern: re.Pattern[str], text: str, start: int) -> int:
    found = pattern.match(text, start)
    return found.end() if found else start


def _behind(text: str, found: re.Match[str], state: _State) -> int | None:
    """Return where a value begins that stands behind its option without a space: -pSECRET, -uNAME:SECRET."""
    name, (letter, place) = found.group(), state.option
    start = found.start() + 2
    attached = not text[start : start + 1].isspace() and start < len(text)
    if letter and place != "apart" and name.startswith(letter) and attached:
        return start
    if name.startswith(("-u", "-U")) and text[found.end() : found.end() + 1] in (":", "%"):
        return found.end() + 1
    return None


def _announced(text: str, found: re.Match[str], state: _State, *, first: bool) -> int | None:
    """Return where the value begins that a name announces; the state says if it is the next argument."""
    name = found.group()
    expected = _expected(name, state)
    assigned = _ASSIGNED.match(text, found.end())
    option = name.startswith("-") or name.lower() in _HEADERS or name.lower().rpartition("_")[2] in _BARE
    between = assigned or (_APART.match(text, found.end()) if option and not first else None)
    if expected == "nothing" or between is None:
        return None
    start = between.end()
    if start == len(text):
        # NAME= sets nothing; NAME: is a header cut in two.
        if assigned is None or ":" in assigned.group():
            state.expected = expected
        return None
    if expected == "login":
        login = _LOGIN.match(text, start)
        return login.end() if login else None
    return None if expected == "key" and not _LONG.match(text, start) else start


def _expected(name: str, state: _State) -> _Expected:
    if name in _LOGINS:
        return "login"
    letter, place = state.option
    if (name == letter and place != "behind") or name.lower() in _HEADERS:
        return "secret"
    if _SECRET.search(name) and not _PLACE.search(name):
        return "secret"
    return "key" if _KEY.search(name) else "nothing"
