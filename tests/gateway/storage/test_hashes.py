"""The hash table against a dict, with hashes that collide and that lie at the very end of the table."""

from collections import defaultdict

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from gateway.storage.hashes import HASH_BITS, RefsByHash

LAST = (1 << HASH_BITS) - 1

# Few of them, so that several references share one; the last ones run over the end.
digests = st.sampled_from((0, 1, LAST - 1, LAST)) | st.integers(0, LAST)
batches = st.lists(st.lists(digests, max_size=40), max_size=6)


def refused(table: RefsByHash, digest: int) -> list[int]:
    """Look for a hash, and return the references that were offered."""
    asked: list[int] = []

    def refuse(ref: int) -> bool:
        asked.append(ref)
        return False

    assert table.find(digest, refuse) is None
    return asked


def check(table: RefsByHash, digest_of: list[int]) -> None:
    sharing = defaultdict(set)
    for ref, digest in enumerate(digest_of):
        assert table.find(digest, ref.__eq__) == ref
        sharing[digest].add(ref)
    for digest, refs in sharing.items():
        assert sorted(refused(table, digest)) == sorted(refs)


@given(batches=batches, one_by_one=st.lists(st.booleans(), min_size=6, max_size=6))
def test_every_reference_is_found_by_its_hash(batches: list[list[int]], one_by_one: list[bool]) -> None:
    table = RefsByHash()
    known: list[int] = []
    for batch, alone in zip(batches, one_by_one, strict=False):
        if alone:
            for digest in batch:
                table.add(digest, len(known))
                known.append(digest)
        else:
            table.extend(np.array(batch, np.int64), len(known))
            known += batch
    check(table, known)


def test_it_grows_and_wraps_around() -> None:
    rng = np.random.default_rng(7)
    crowd = np.full(300, LAST)
    spread = rng.integers(0, LAST, 5000)
    table = RefsByHash()
    for ref, digest in enumerate([*crowd.tolist(), *spread.tolist()]):
        table.add(digest, ref)
    known = [*crowd.tolist(), *spread.tolist()]
    table.extend(spread, len(known))
    known += spread.tolist()
    few = rng.integers(0, LAST, 900)
    table.extend(few, len(known))
    check(table, known + few.tolist())


def test_a_hash_that_is_not_there_is_not_found() -> None:
    table = RefsByHash()
    table.add(LAST, 0)
    assert table.find(LAST - 1, lambda _: True) is None
    assert table.find(0, lambda _: True) is None
