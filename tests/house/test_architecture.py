"""ARCHITECTURE.md says a thing once: merges like to leave the old row beside the new."""

from collections import Counter

from tests.house.tree import ROOT


def test_no_row_of_a_table_stands_there_twice() -> None:
    lines = (ROOT / "ARCHITECTURE.md").read_text().splitlines()
    first_cells = [line.split("|")[1].strip() for line in lines if line.startswith("|")]
    rows = Counter(cell for cell in first_cells if cell.strip("-"))
    assert [cell for cell, times in rows.items() if times > 1] == []
