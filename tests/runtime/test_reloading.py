"""All of new settings are taken, or none; who asks hears why."""

from collections.abc import Sequence
from typing import Annotated

import pytest

from runtime.errors import SettingsError
from runtime.logs import Log
from runtime.notify import Manager
from runtime.reloading import Around, Reloading, changed
from runtime.settings import Section


class Deep(Section, frozen=True, kw_only=True):
    size: Annotated[int, "How much."] = 1


class One(Section, frozen=True, kw_only=True):
    port: Annotated[int, "Where."] = 1
    deep: Deep = Deep()
    many: Annotated[tuple[Deep, ...], "Only in a file."] = ()


class Program:
    """What a program does with its settings."""

    def __init__(self) -> None:
        self.next: One | SettingsError = One()
        self.used: list[One] = []
        self.reloading = Reloading(
            One(),
            reread=self.reread,
            is_fixed=lambda name: name in ("--port", "many"),
            use=self.use,
            around=Around(
                manager=Manager({}), log=Log("test"), program="test", now_s=lambda: 7.0, rising_us=lambda: 1
            ),
        )

    def reread(self) -> One:
        if isinstance(self.next, SettingsError):
            raise self.next
        return self.next

    def use(self, settings: One) -> None:
        if settings.deep.size < 0:
            raise SettingsError(["deep.size: below 0."])
        self.used.append(settings)


@pytest.mark.parametrize(
    ("to", "problems"),
    [
        (One(deep=Deep(size=2)), []),
        (One(), []),
        (One(port=2, deep=Deep(size=2)), ["--port"]),
        (One(port=2, many=(Deep(),)), ["--port", "many"]),
        (One(deep=Deep(size=-1)), ["deep.size"]),
        (SettingsError(["a: wrong.", "b: wrong."]), ["a", "b"]),
    ],
)
def test_all_or_nothing(to: One | SettingsError, problems: Sequence[str]) -> None:
    program = Program()
    program.next = to
    told = program.reloading.reload()
    assert [sentence.split()[0].rstrip(":") for sentence in told] == problems
    assert program.reloading.problems == tuple(told) or program.reloading.problems == told
    assert program.used == ([] if problems else [to])
    assert program.reloading.settings == (One() if problems else to)
    program.next = One()
    assert not program.reloading.reload()
    assert not program.reloading.problems


def test_what_differs_is_named_as_one_writes_it() -> None:
    assert changed(One(), One(deep=Deep(size=3), many=(Deep(size=2),))) == ["--deep.size", "many"]
