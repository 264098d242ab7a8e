"""Deletions of histograms and exemplars: gone at once, for good, and nothing that came later with them."""

import threading
from pathlib import Path
from typing import Any

import pytest

from gateway.storage.tombstones import Tombstone
from gateway.storage.upkeep import Policy, Upkeep
from tests.gateway.storage.samples import ALL_TIME, naming, note, noted, open_store, rows_in
from tests.strategies import NOW_MS


@pytest.mark.parametrize("way", ["as they are", "joined", "cleaned", "reopened"])
def test_histograms_and_exemplars_are_deleted_and_later_ones_are_there(tmp_path: Path, way: str) -> None:
    with open_store(tmp_path, sync="off") as store:
        for at in range(35):
            note(store, at % 2, NOW_MS + at)
        store.delete([naming([0])], NOW_MS + 2, NOW_MS + 20)
        note(store, 0, NOW_MS + 4, 2.0)
        left = sorted([(at % 2, at, 1.0) for at in range(35) if at % 2 or not 2 <= at <= 20] + [(0, 4, 2.0)])
        assert noted(store) == left
        if way == "joined":
            for at in range(40):
                note(store, 1, NOW_MS + 100 + at)
                left.append((1, 100 + at, 1.0))
            store.tidy_records(0)
        if way == "cleaned":
            Upkeep(store, Policy()).clean()
            assert store.state.tombstones == ()
        assert noted(store) == left
    with open_store(tmp_path) as store:
        assert noted(store) == left


def test_cleaning_leaves_no_deleted_histogram_on_the_disk(tmp_path: Path) -> None:
    with open_store(tmp_path, sync="off") as store:
        for number in (0, 1):
            note(store, number, NOW_MS)
        store.delete([naming([0])], *ALL_TIME)
        Upkeep(store, Policy()).clean()
        assert noted(store) == [(1, 0, 1.0)]
    assert [rows_in(tmp_path, table) for table in ("record", "tombstone")] == [2, 0]


def test_a_histogram_after_all_rows_went_has_a_number_that_is_not_deleted(tmp_path: Path) -> None:
    with open_store(tmp_path, sync="off") as store:
        for at in range(5):
            note(store, 0, NOW_MS + at)
        store.delete([naming([0])], *ALL_TIME)
        store.tidy_records(NOW_MS + 100)
        note(store, 0, NOW_MS)
        assert noted(store) == [(0, 0, 1.0)]


def test_a_reader_does_not_hide_a_new_histogram_behind_a_tombstone_that_went(tmp_path: Path) -> None:
    with open_store(tmp_path, sync="off") as store:
        note(store, 0, NOW_MS)
        store.delete([naming([0])], *ALL_TIME)

        def act() -> None:
            Upkeep(store, Policy()).clean()
            note(store, 0, NOW_MS, 2.0)

        known, waiting = store.histograms._tombstones, [act]

        def begin() -> tuple[Tombstone, ...]:
            found = known()
            if waiting:
                waiting.pop()()
            return found

        store.histograms._tombstones = begin
        assert noted(store) == [(0, 0, 2.0)]


def test_a_reader_that_looks_again_does_not_see_what_was_there_before(tmp_path: Path) -> None:
    with open_store(tmp_path, sync="off") as store:
        note(store, 0, NOW_MS)
        store.delete([naming([0])], *ALL_TIME)
        known, asked = store.histograms._tombstones, 0

        def ask() -> tuple[Tombstone, ...]:
            nonlocal asked
            asked += 1
            if asked == 2:  # the rows are chosen
                Upkeep(store, Policy()).clean()
            return known()

        store.histograms._tombstones = ask
        assert noted(store) == []


@pytest.mark.parametrize("step", ["clear_records", "forget_tombstones"])
def test_a_deletion_in_the_midst_of_two_cleanings_holds(
    tmp_path: Path, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second one forgets a tombstone, whose number is then that of the new one."""
    with open_store(tmp_path, sync="off") as store:
        note(store, 0, NOW_MS)
        store.delete([naming([0])], *ALL_TIME)
        if step == "forget_tombstones":
            store.clear_records()

        def clean_and_delete() -> None:
            store.clear_records()
            store.forget_tombstones()
            note(store, 1, NOW_MS)
            store.delete([naming([1])], *ALL_TIME)

        second = threading.Thread(target=clean_and_delete)
        clear, in_records = store.exemplars.clear, store._graves.in_records

        def begin_second() -> None:
            if second.ident is None:
                second.start()
                second.join(0.5)  # it waits for the first

        def clear_late(*given: Any) -> None:
            clear(*given)
            begin_second()

        def tell_late(one: Tombstone) -> bool:
            found = in_records(one)
            begin_second()
            return found

        if step == "clear_records":
            monkeypatch.setattr(store.exemplars, "clear", clear_late)
        else:
            monkeypatch.setattr(store._graves, "in_records", tell_late)
        getattr(store, step)()
        second.join()
        assert noted(store) == []
    with open_store(tmp_path) as store:
        assert noted(store) == []
